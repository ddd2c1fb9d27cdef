using System.Globalization;

namespace Wharf.Scanner.Versions;

/// <summary>A version of npm of which the last numbers may be missing or <c>x</c>, which is null here.</summary>
/// <param name="Pre">The pre-release, which only stands after three numbers; or empty.</param>
internal readonly record struct NpmPartial(ulong? Major, ulong? Minor, ulong? Patch, string Pre)
{
    // JavaScript's Number.MAX_SAFE_INTEGER: npm takes no larger number
    private const ulong Largest = (1UL << 53) - 1;

    // npm's own limit
    private const int LongestVersion = 256;

    public static bool TryParse(ReadOnlySpan<char> text, out NpmPartial partial)
    {
        partial = default;
        if (text.Length > LongestVersion)
            return false;
        text = text.Trim().TrimStart("=vV \t");
        var build = text.IndexOf('+');
        if (build >= 0)
            text = text[..build];

        Span<ulong?> numbers = [null, null, null];
        for (var i = 0; i < numbers.Length && !text.IsEmpty; i++)
        {
            if (!TryTake(ref text, out numbers[i]))
                return false;
            numbers[i] = i > 0 && numbers[i - 1] is null ? null : numbers[i];
            if (i == 2 || text is not ['.', ..])
                break;
            text = text[1..];
        }
        if (!text.IsEmpty && (numbers[2] is null || text.ContainsAnyExcept(SemanticVersions.OfPreRelease)))
            return false;
        partial = new NpmPartial(numbers[0], numbers[1], numbers[2], text.TrimStart('-').ToString());
        return true;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<char> text, out ulong? number)
    {
        number = null;
        if (text is ['x' or 'X' or '*', ..])
        {
            text = text[1..];
            return true;
        }
        if (!ulong.TryParse(Digits.Take(ref text), NumberStyles.None, CultureInfo.InvariantCulture, out var value) || value > Largest)
            return false;
        number = value;
        return true;
    }
}
