namespace Wharf.Scanner.Versions;

/// <summary>
/// The order of Gem::Version (https://docs.ruby-lang.org/en/master/Gem/Version.html): segments of digits or letters; a dash is the segment <c>pre</c>,
/// letters sort before numbers, missing segments are 0, and zeros at the end of the numbers that the version begins with do not count. Other characters only separate.
/// </summary>
internal sealed class GemVersions : IComparer<string>
{
    public static readonly GemVersions Instance = new();

    public int Compare(string? x, string? y)
    {
        var numbersA = Numbers(x, out var restA);
        var numbersB = Numbers(y, out var restB);
        while (true)
        {
            var segmentA = Next(ref numbersA, ref restA);
            var segmentB = Next(ref numbersB, ref restB);
            if (segmentA.IsEmpty && segmentB.IsEmpty)
                return 0;
            var (wordA, wordB) = (IsWord(segmentA), IsWord(segmentB));
            var order = (wordA, wordB) switch
            {
                (true, true) => segmentA.SequenceCompareTo(segmentB),
                (false, false) => Digits.Compare(segmentA, segmentB),
                _ => wordA ? -1 : 1,
            };
            if (order != 0)
                return order;
        }
    }

    // The numbers before the first word, without zeros at their end
    private static ReadOnlySpan<char> Numbers(ReadOnlySpan<char> version, out ReadOnlySpan<char> rest)
    {
        var length = 0;
        while (length < version.Length && !char.IsAsciiLetter(version[length]) && version[length] != '-')
            length++;
        rest = version[length..];
        var last = version[..length].LastIndexOfAnyInRange('1', '9') + 1;
        return last == 0 ? [] : version[..(last + Digits.Run(version[last..]))];
    }

    private static ReadOnlySpan<char> Next(scoped ref ReadOnlySpan<char> numbers, scoped ref ReadOnlySpan<char> rest)
    {
        var segment = Segment(ref numbers);
        return segment.IsEmpty ? Segment(ref rest) : segment;
    }

    private static ReadOnlySpan<char> Segment(scoped ref ReadOnlySpan<char> s)
    {
        while (!s.IsEmpty && !char.IsAsciiLetterOrDigit(s[0]))
        {
            var dash = s[0] == '-';
            s = s[1..];
            if (dash)
                return "pre";
        }
        if (s.IsEmpty || char.IsAsciiDigit(s[0]))
            return Digits.Take(ref s);
        var length = 0;
        while (length < s.Length && char.IsAsciiLetter(s[length]))
            length++;
        var word = s[..length];
        s = s[length..];
        return word;
    }

    private static bool IsWord(ReadOnlySpan<char> segment) => !segment.IsEmpty && !char.IsAsciiDigit(segment[0]);
}
