using System.Globalization;
using System.Text.RegularExpressions;
using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>A time that somebody asks about, to the millisecond, as the database counts it.</summary>
internal readonly partial record struct Moment(long Ms) : IComparable<Moment>
{
    private const string Compact = "yyyyMMdd'T'HHmmss'Z'";
    private const string InTag = ".at.";

    /// <summary>RFC 3339, with its zone; what is finer than a millisecond is cut off.</summary>
    public static bool TryParse(string? text, out Moment moment)
    {
        moment = default;
        if (text is null || Rfc3339().Match(text) is not { Success: true } parts)
            return false;
        var fraction = parts.Groups["fraction"].Value;
        var exact = $"{parts.Groups["local"].Value.ToUpperInvariant()}.{fraction.PadRight(3, '0')[..3]}{parts.Groups["zone"].Value.ToUpperInvariant()}";
        if (!DateTimeOffset.TryParseExact(exact, "yyyy-MM-dd'T'HH:mm:ss.fffK", CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
            return false;
        moment = new(at.ToUnixTimeMilliseconds());
        return true;
    }

    /// <summary>Takes <c>tag.at.20261122T120000Z</c> apart, the form for clients that send no headers.</summary>
    public static bool TrySplit(string reference, out string tag, out Moment moment)
    {
        (tag, moment) = ("", default);
        var split = reference.LastIndexOf(InTag, StringComparison.Ordinal);
        if (split <= 0 || !DateTimeOffset.TryParseExact(reference.AsSpan(split + InTag.Length), Compact, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
            return false;
        (tag, moment) = (reference[..split], new(at.ToUnixTimeMilliseconds()));
        return TagName.IsValid(tag);
    }

    /// <summary>The tag at this time, in the form for clients that send no headers, which is to the second.</summary>
    public string Of(string tag) => tag + InTag + ToString(Compact);

    public int CompareTo(Moment other) => Ms.CompareTo(other.Ms);

    /// <summary>RFC 3339 in UTC.</summary>
    public override string ToString() => ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'");

    private string ToString(string format) => DateTimeOffset.FromUnixTimeMilliseconds(Ms).ToString(format, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<local>[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2})(\.(?<fraction>[0-9]{1,9}))?(?<zone>[Zz]|[+-][0-9]{2}:[0-9]{2})\z",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rfc3339();
}
