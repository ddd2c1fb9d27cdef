namespace Wharf.Scanner.Versions;

/// <summary>
/// NuGet's ranges (https://learn.microsoft.com/nuget/concepts/package-versioning#version-ranges): <c>[1.0,2.0)</c>, <c>[1.0]</c>, <c>1.0</c> for 1.0 and
/// later, <c>1.*</c> for what <c>1.0</c> means.
/// </summary>
public static class NuGetRange
{
    /// <summary>False for what is no range.</summary>
    public static bool Satisfies(string range, string version)
    {
        var text = range.AsSpan().Trim();
        if (text is not ['[' or '(', .., ']' or ')'])
            return text.IndexOfAny("[](),") < 0 && !text.IsEmpty && Compare(version, Floor(text)) >= 0;

        var (withLowest, withHighest) = (text[0] == '[', text[^1] == ']');
        text = text[1..^1];
        var comma = text.IndexOf(',');
        if (comma < 0)
            return withLowest && withHighest && Compare(version, text) == 0;
        var lowest = text[..comma].Trim();
        var highest = text[(comma + 1)..].Trim();
        return (lowest.IsEmpty || Compare(version, Floor(lowest)) >= (withLowest ? 0 : 1))
            && (highest.IsEmpty || Compare(version, highest) <= (withHighest ? 0 : -1));
    }

    // 1.0.* means from 1.0 on
    private static ReadOnlySpan<char> Floor(ReadOnlySpan<char> version) => version.TrimEnd(".*");

    private static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b) => SemanticVersions.WithoutCase.Compare(a, b);
}
