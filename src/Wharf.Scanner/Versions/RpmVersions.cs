namespace Wharf.Scanner.Versions;

/// <summary>
/// The order of rpm: <c>[epoch:]version[-release]</c>, no epoch being 0 and no release sorting before any
/// (https://rpm-software-management.github.io/rpm/man/rpm-version.7). Letters and digits count, tilde and caret sort before and after the end, and
/// everything else only separates; so every string has a place.
/// </summary>
internal sealed class RpmVersions : IComparer<string>
{
    public static readonly RpmVersions Instance = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var order = Digits.Compare(Epoch(ref a), Epoch(ref b));
        if (order != 0)
            return order;

        var (dashA, dashB) = (a.LastIndexOf('-'), b.LastIndexOf('-'));
        order = CompareSegments(dashA < 0 ? a : a[..dashA], dashB < 0 ? b : b[..dashB]);
        if (order != 0)
            return order;
        if (dashA < 0 || dashB < 0)
            return (dashA < 0 ? 0 : 1) - (dashB < 0 ? 0 : 1);
        return CompareSegments(a[(dashA + 1)..], b[(dashB + 1)..]);
    }

    private static ReadOnlySpan<char> Epoch(scoped ref ReadOnlySpan<char> version)
    {
        var length = Digits.Run(version);
        if (length == version.Length || version[length] != ':')
            return [];
        var epoch = version[..length];
        version = version[(length + 1)..];
        return epoch;
    }

    private static int CompareSegments(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (true)
        {
            var (kindA, kindB) = (Next(ref a, out var segmentA), Next(ref b, out var segmentB));
            if (kindA != kindB)
                return kindA - kindB;
            var order = kindA switch
            {
                Kind.End => 0,
                Kind.Number => Digits.Compare(segmentA, segmentB),
                _ => segmentA.SequenceCompareTo(segmentB),
            };
            if (order != 0 || kindA == Kind.End)
                return order;
        }
    }

    private static Kind Next(scoped ref ReadOnlySpan<char> s, out ReadOnlySpan<char> segment)
    {
        while (!s.IsEmpty && !char.IsAsciiLetterOrDigit(s[0]) && s[0] is not ('~' or '^'))
            s = s[1..];
        segment = [];
        if (s.IsEmpty)
            return Kind.End;
        if (char.IsAsciiDigit(s[0]))
        {
            segment = Digits.Take(ref s);
            return Kind.Number;
        }

        var length = 0;
        while (length < s.Length && char.IsAsciiLetter(s[length]))
            length++;
        segment = s[..length];
        var mark = s[0];
        s = s[Math.Max(length, 1)..];
        return length > 0 ? Kind.Word : mark == '~' ? Kind.Tilde : Kind.Caret;
    }

    // In rising order
    private enum Kind { Tilde, End, Caret, Word, Number }
}
