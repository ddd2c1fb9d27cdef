using System.Buffers;

namespace Wharf.Scanner.Versions;

/// <summary>
/// The ranges of npm (https://github.com/npm/node-semver#ranges), read loosely (<c>1.2.3beta</c>), with commas allowed between comparators as GitHub's
/// advisories write them: <c>&gt;=1.2.0 &lt;1.3.0 || ^2.1</c>.
/// </summary>
public static class NpmRange
{
    private static readonly SearchValues<char> s_betweenComparators = SearchValues.Create(" \t\r\n,");

    /// <summary>False for what is no range, or no version of three numbers.</summary>
    /// <param name="includePrerelease">Pre-releases are as good as any; otherwise only a comparator that names one of the same three numbers lets them in.</param>
    public static bool Satisfies(string range, string version, bool includePrerelease = false)
    {
        if (!NpmPartial.TryParse(version, out var parsed) || parsed.Patch is null)
            return false;
        foreach (var alternative in range.AsSpan().Split("||"))
        {
            var bounds = new NpmBounds(includePrerelease);
            if (AddComparators(range.AsSpan()[alternative], bounds) && bounds.Hold(parsed))
                return true;
        }
        return false;
    }

    private static bool AddComparators(ReadOnlySpan<char> text, NpmBounds bounds)
    {
        text = text.Trim();
        var hyphen = text.IndexOf(" - ");
        if (hyphen >= 0)
        {
            if (!NpmPartial.TryParse(text[..hyphen], out var from) || !NpmPartial.TryParse(text[(hyphen + 3)..], out var to))
                return false;
            bounds.AddHyphen(from, to);
            return true;
        }

        while (true)
        {
            text = text.TrimStart(" \t\r\n,");
            if (text.IsEmpty)
                return true;
            var length = text.IndexOfAnyExcept("<>=~^");
            var comparator = length < 0 ? text : text[..length];
            text = text[comparator.Length..].TrimStart(" \t\r\n=vV");
            length = text.IndexOfAny(s_betweenComparators);
            var operand = length < 0 ? text : text[..length];
            text = text[operand.Length..];
            if (!NpmPartial.TryParse(operand, out var partial) || !bounds.Add(comparator, partial))
                return false;
        }
    }
}
