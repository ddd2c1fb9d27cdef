namespace Wharf.Scanner.Versions;

/// <summary>
/// Alpine's order: <c>number{.number}{letter}{_suffix{number}}{~hash}{-rN}</c> (apk-package(5), "Package info metadata"). The hash does not count.
/// What does not fit is compared as far as it does; from there on it sorts before what fits, by its text, but all that begin with a dash alike.
/// </summary>
internal sealed class ApkVersions : IComparer<string>
{
    public static readonly ApkVersions Instance = new();

    // Where no suffix stands is between rc and cvs
    private const int NoSuffix = 4;
    private static readonly string[] s_suffixes = ["alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p"];

    public int Compare(string? x, string? y)
    {
        var a = x.AsSpan();
        var b = y.AsSpan();
        var order = CompareNumbers(ref a, ref b);
        if (order == 0)
            order = Letter(ref a) - Letter(ref b);
        if (order == 0)
            order = CompareSuffixes(ref a, ref b);
        if (order != 0)
            return order;

        SkipHash(ref a);
        SkipHash(ref b);
        var (fitA, fitB) = (Fits(a), Fits(b));
        return fitA != fitB ? fitA.CompareTo(fitB) : fitA switch
        {
            Fit.Whole when a.Length == 0 || b.Length == 0 => a.Length.CompareTo(b.Length),
            Fit.Whole => Digits.Compare(a[2..], b[2..]),
            Fit.Text => CompareText(a, b),
            _ => 0,
        };
    }

    private static int CompareNumbers(ref ReadOnlySpan<char> a, scoped ref ReadOnlySpan<char> b)
    {
        for (var first = true; ; first = false)
        {
            var numberA = Number(ref a, first);
            var numberB = Number(ref b, first);
            if (numberA.IsEmpty || numberB.IsEmpty)
                return numberA.Length.CompareTo(numberB.Length);

            // After the first dot a number with a zero in front is a fraction: 1.05 is before 1.1
            var order = !first && (numberA[0] == '0' || numberB[0] == '0') ? numberA.SequenceCompareTo(numberB) : Digits.Compare(numberA, numberB);
            if (order != 0)
                return order;
        }
    }

    private static ReadOnlySpan<char> Number(scoped ref ReadOnlySpan<char> s, bool first)
    {
        if (first)
            return Digits.Take(ref s);
        if (s.Length < 2 || s[0] != '.' || !char.IsAsciiDigit(s[1]))
            return [];
        s = s[1..];
        return Digits.Take(ref s);
    }

    private static int Letter(scoped ref ReadOnlySpan<char> s)
    {
        if (s.IsEmpty || !char.IsAsciiLetterLower(s[0]))
            return 0;
        var letter = s[0];
        s = s[1..];
        return letter;
    }

    private static int CompareSuffixes(ref ReadOnlySpan<char> a, scoped ref ReadOnlySpan<char> b)
    {
        while (true)
        {
            var (suffixA, suffixB) = (Suffix(ref a, out var numberA), Suffix(ref b, out var numberB));
            var order = suffixA != suffixB ? suffixA - suffixB : Digits.Compare(numberA, numberB);
            if (order != 0 || suffixA == NoSuffix)
                return order;
        }
    }

    private static int Suffix(scoped ref ReadOnlySpan<char> s, out ReadOnlySpan<char> number)
    {
        number = [];
        if (s.IsEmpty || s[0] != '_')
            return NoSuffix;
        for (var i = 0; i < s_suffixes.Length; i++)
        {
            if (i == NoSuffix || !s[1..].StartsWith(s_suffixes[i]))
                continue;
            s = s[(1 + s_suffixes[i].Length)..];
            number = Digits.Take(ref s);
            return i;
        }
        return NoSuffix;
    }

    private static void SkipHash(scoped ref ReadOnlySpan<char> s)
    {
        if (s.IsEmpty || s[0] != '~')
            return;
        var length = 1;
        while (length < s.Length && char.IsAsciiHexDigitLower(s[length]))
            length++;
        s = s[length..];
    }

    private static Fit Fits(ReadOnlySpan<char> rest) => rest.IsEmpty || (rest.StartsWith("-r") && Digits.Run(rest[2..]) == rest.Length - 2) ? Fit.Whole
        : rest[0] == '-' ? Fit.Dash
        : Fit.Text;

    // p10 is after p9: releases named so by upstream (6.6p1) are in old branches
    private static int CompareText(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty && !b.IsEmpty)
        {
            if (char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]))
            {
                var order = Digits.Compare(Digits.Take(ref a), Digits.Take(ref b));
                if (order != 0)
                    return order;
                continue;
            }
            if (a[0] != b[0])
                return a[0] - b[0];
            a = a[1..];
            b = b[1..];
        }
        return a.Length.CompareTo(b.Length);
    }

    // In rising order
    private enum Fit { Text, Dash, Whole }
}
