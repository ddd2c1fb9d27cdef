using System.Text.RegularExpressions;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Bounds on what a publisher's record may say.</summary>
internal static partial class Words
{
    private const int MaxWord = 256;
    private const int MaxSummary = 300;

    /// <summary>Whether it can be a name or a version: 1 to 256 characters, printable and without blanks.</summary>
    public static bool IsWord(string? text)
    {
        if (text is not { Length: > 0 and <= MaxWord })
            return false;
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c))
                return false;
        }
        return true;
    }

    /// <summary>3.0 of <c>azurelinux/azurelinux-3.0-oval.xml</c>; null when the path has no such number.</summary>
    public static string? ReleaseIn(string path) => Release().Match(path) is { Success: true } release ? release.Value : null;

    [GeneratedRegex(@"[0-9]{1,4}\.[0-9]{1,2}(?![0-9])", RegexOptions.None, 1000)]
    private static partial Regex Release();

    /// <summary>The beginning, in one line; null when there is nothing.</summary>
    public static string? Summary(string? text)
    {
        if (text is null)
            return null;
        // Only so much is looked at as can be kept, or nearly: a description may be a megabyte.
        var words = text[..Math.Min(text.Length, 4 * MaxSummary)].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var line = string.Join(' ', words);
        return line.Length switch
        {
            0 => null,
            <= MaxSummary => line,
            _ => line[..(char.IsHighSurrogate(line[MaxSummary - 2]) ? MaxSummary - 2 : MaxSummary - 1)] + "…",
        };
    }
}
