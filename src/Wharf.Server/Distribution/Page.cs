using System.Globalization;

namespace Wharf.Server.Distribution;

/// <summary>The parameter <c>n</c> of lists and the Link header (RFC 8288) to the next part.</summary>
internal static class Page
{
    public const int Max = 10_000;

    public static readonly OciError Invalid = OciError.PaginationInvalid("The parameter 'n' is a whole number from 0; more than 10,000 is taken as 10,000.");

    public static bool TryParse(string? n, out int count)
    {
        count = Max;
        if (n is null)
            return true;
        if (n.Length is 0 or > 20 || n.AsSpan().ContainsAnyExceptInRange('0', '9'))
            return false;
        count = ulong.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? (int)Math.Min(value, Max) : Max;
        return true;
    }

    /// <param name="path">The resource, relative to this registry, so that no Host header ends up in it.</param>
    /// <param name="more">Further parameters, escaped.</param>
    public static string Next(string path, int count, string last, string more = "") =>
        string.Create(CultureInfo.InvariantCulture, $"<{path}?n={count}&last={Uri.EscapeDataString(last)}{more}>; rel=\"next\"");
}
