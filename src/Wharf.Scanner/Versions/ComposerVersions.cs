using System.Buffers;

namespace Wharf.Scanner.Versions;

/// <summary>
/// The order of PHP's version_compare (https://www.php.net/version_compare), which Composer uses, without a <c>v</c> in front: numbers and words are parts;
/// dev or any other word, alpha, beta, RC, the end, a number, patch is the rising order. A literal <c>#</c> equals any number and the end, as in PHP:
/// only strings with one are not ordered totally, and no version has one.
/// </summary>
internal sealed class ComposerVersions : IComparer<string>
{
    public static readonly ComposerVersions Instance = new();

    private static readonly SearchValues<char> s_endOfWord = SearchValues.Create("0123456789.-_+");

    private const int End = 4;
    private const int Number = 5;

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan().TrimStart("vV");
        var b = y.AsSpan().TrimStart("vV");
        while (true)
        {
            var (rankA, rankB) = (Next(ref a, out var partA, out var anyA), Next(ref b, out var partB, out var anyB));
            if (rankA == End && rankB == End && !anyA && !anyB)
                return 0;
            var order = (anyA && rankB is End or Number) || (anyB && rankA is End or Number) ? 0
                : rankA == rankB ? Digits.Compare(partA, partB)
                : rankA - rankB;
            if (order != 0)
                return order;
        }
    }

    private static int Next(scoped ref ReadOnlySpan<char> s, out ReadOnlySpan<char> number, out bool any)
    {
        s = s.TrimStart(".-_+");
        number = [];
        any = false;
        if (s.IsEmpty)
            return End;
        if (char.IsAsciiDigit(s[0]))
        {
            number = Digits.Take(ref s);
            return Number;
        }

        var length = s.IndexOfAny(s_endOfWord);
        var word = length < 0 ? s : s[..length];
        s = s[word.Length..];
        any = word[0] == '#';
        return word[0] switch
        {
            'a' => 1,
            'b' => 2,
            'r' or 'R' when word.StartsWith("rc") || word.StartsWith("RC") => 3,
            'p' => 6,
            _ => any ? End : 0,
        };
    }
}
