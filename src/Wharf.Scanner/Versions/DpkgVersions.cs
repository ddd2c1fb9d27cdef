namespace Wharf.Scanner.Versions;

/// <summary>
/// Debian's order: <c>[epoch:]upstream[-revision]</c> (deb-version(7), policy 5.6.12). A string whose part before the colon is no number has no epoch, and
/// its colon counts as any other character.
/// </summary>
internal sealed class DpkgVersions : IComparer<string>
{
    public static readonly DpkgVersions Instance = new();

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var order = Digits.Compare(Epoch(ref a), Epoch(ref b));
        if (order != 0)
            return order;

        var revisionA = Revision(ref a);
        var revisionB = Revision(ref b);
        order = ComparePart(a, b);
        return order != 0 ? order : ComparePart(revisionA, revisionB);
    }

    private static ReadOnlySpan<char> Epoch(scoped ref ReadOnlySpan<char> version)
    {
        var length = Digits.Run(version);
        if (length == 0 || length == version.Length || version[length] != ':')
            return [];
        var epoch = version[..length];
        version = version[(length + 1)..];
        return epoch;
    }

    private static ReadOnlySpan<char> Revision(scoped ref ReadOnlySpan<char> version)
    {
        var dash = version.LastIndexOf('-');
        if (dash < 0)
            return [];
        var revision = version[(dash + 1)..];
        version = version[..dash];
        return revision;
    }

    // Text and numbers by turns: text by characters in Debian's own order, numbers by value
    private static int ComparePart(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty || !b.IsEmpty)
        {
            while (HasText(a) || HasText(b))
            {
                var order = Weight(a) - Weight(b);
                if (order != 0)
                    return order;
                a = a[1..];
                b = b[1..];
            }
            var number = Digits.Compare(Digits.Take(ref a), Digits.Take(ref b));
            if (number != 0)
                return number;
        }
        return 0;
    }

    private static bool HasText(ReadOnlySpan<char> s) => !s.IsEmpty && !char.IsAsciiDigit(s[0]);

    // A tilde sorts before the end, the end (and a number) before letters, letters before all else
    private static int Weight(ReadOnlySpan<char> s) => s.IsEmpty || char.IsAsciiDigit(s[0]) ? 0
        : s[0] == '~' ? -1
        : char.IsAsciiLetter(s[0]) ? s[0]
        : s[0] + char.MaxValue;
}
