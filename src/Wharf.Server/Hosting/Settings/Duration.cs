using System.Globalization;
using System.Text.RegularExpressions;

namespace Wharf.Server.Hosting.Settings;

/// <summary>Lengths of time in settings: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>7d</c>, or .NET's <c>00:05:00</c>.</summary>
internal static partial class Duration
{
    public static TimeSpan? Parse(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var plain) ? plain : null;
        }

        if (!Parts().IsMatch(text)) return null;
        var milliseconds = 0m;
        foreach (var part in Part().EnumerateMatches(text))
        {
            var span = text.AsSpan(part.Index, part.Length);
            var digits = span.IndexOfAnyExceptInRange('0', '9');
            var unit = span[digits..] switch { "d" => 86_400_000m, "h" => 3_600_000m, "m" => 60_000m, "s" => 1_000m, _ => 1m };
            milliseconds += long.Parse(span[..digits], CultureInfo.InvariantCulture) * unit;
        }

        return TimeSpan.FromMilliseconds((double)milliseconds);
    }

    [GeneratedRegex("^([0-9]{1,9}(d|h|ms|m|s))+$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Parts();

    [GeneratedRegex("[0-9]+(d|h|ms|m|s)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Part();
}
