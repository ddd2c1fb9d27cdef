namespace Wharf.Scanner.Versions;

/// <summary>A version of PEP 440 in its parts: <c>[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]</c>.</summary>
internal readonly ref struct Pep440Version
{
    private const int Developing = 0;
    private const int Final = 4;
    private const string Separators = "-_.";

    // Longer words first where one begins with the other
    private static readonly (string Word, int Rank)[] s_pre = [("alpha", 1), ("a", 1), ("beta", 2), ("b", 2), ("preview", 3), ("pre", 3), ("rc", 3), ("c", 3)];
    private static readonly (string Word, int Rank)[] s_post = [("post", 1), ("rev", 1), ("r", 1)];
    private static readonly (string Word, int Rank)[] s_dev = [("dev", 1)];

    private readonly ReadOnlySpan<char> _epoch;
    private readonly ReadOnlySpan<char> _release;
    private readonly int _pre;
    private readonly ReadOnlySpan<char> _preNumber;
    private readonly bool _post;
    private readonly ReadOnlySpan<char> _postNumber;
    private readonly bool _dev;
    private readonly ReadOnlySpan<char> _devNumber;
    private readonly ReadOnlySpan<char> _local;

    private Pep440Version(ReadOnlySpan<char> s, out bool valid)
    {
        s = s.Trim();
        if (s is ['v' or 'V', ..])
            s = s[1..];
        var digits = Digits.Run(s);
        if (digits > 0 && s[digits..] is ['!', ..])
        {
            _epoch = s[..digits];
            s = s[(digits + 1)..];
        }
        _release = TakeRelease(ref s);

        _pre = TakePart(ref s, s_pre, out _preNumber);
        if (s is ['-', >= '0' and <= '9', ..])
        {
            s = s[1..];
            _postNumber = Digits.Take(ref s);
            _post = true;
        }
        else
        {
            _post = TakePart(ref s, s_post, out _postNumber) > 0;
        }
        _dev = TakePart(ref s, s_dev, out _devNumber) > 0;
        if (_pre == 0)
            _pre = _dev && !_post ? Developing : Final;

        if (s is ['+', ..])
        {
            _local = s[1..];
            s = s[s.Length..];
            valid = IsLocal(_local);
        }
        else
        {
            valid = true;
        }
        valid &= !_release.IsEmpty && s.IsEmpty;
    }

    public static bool TryParse(ReadOnlySpan<char> s, out Pep440Version version)
    {
        version = new Pep440Version(s, out var valid);
        return valid;
    }

    public int CompareTo(Pep440Version other)
    {
        var order = Digits.Compare(_epoch, other._epoch);
        if (order == 0)
            order = CompareRelease(_release, other._release);
        if (order == 0)
            order = _pre - other._pre;
        if (order == 0)
            order = Digits.Compare(_preNumber, other._preNumber);
        if (order == 0)
            order = _post.CompareTo(other._post);
        if (order == 0)
            order = Digits.Compare(_postNumber, other._postNumber);
        if (order == 0)
            order = -_dev.CompareTo(other._dev);
        if (order == 0)
            order = Digits.Compare(_devNumber, other._devNumber);
        return order != 0 ? order : CompareLocal(_local, other._local);
    }

    private static ReadOnlySpan<char> TakeRelease(scoped ref ReadOnlySpan<char> s)
    {
        var length = Digits.Run(s);
        while (length > 0 && s[length..] is ['.', >= '0' and <= '9', ..])
            length += 1 + Digits.Run(s[(length + 1)..]);
        var release = s[..length];
        s = s[length..];
        return release;
    }

    // [-_.]?word[-_.]?N?
    private static int TakePart(scoped ref ReadOnlySpan<char> s, (string Word, int Rank)[] words, out ReadOnlySpan<char> number)
    {
        number = [];
        var at = StartsWithSeparator(s) ? s[1..] : s;
        foreach (var (word, rank) in words)
        {
            if (!at.StartsWith(word, StringComparison.OrdinalIgnoreCase))
                continue;
            s = at[word.Length..];
            if (StartsWithSeparator(s))
                s = s[1..];
            number = Digits.Take(ref s);
            return rank;
        }
        return 0;
    }

    private static bool StartsWithSeparator(ReadOnlySpan<char> s) => s is ['-' or '_' or '.', ..];

    private static bool IsLocal(ReadOnlySpan<char> local)
    {
        foreach (var range in local.SplitAny(Separators))
        {
            if (range.Start.Value == range.End.Value)
                return false;
        }
        foreach (var c in local)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !Separators.Contains(c))
                return false;
        }
        return true;
    }

    // What is missing is 0
    private static int CompareRelease(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty || !b.IsEmpty)
        {
            var order = Digits.Compare(Digits.Take(ref a), Digits.Take(ref b));
            if (order != 0)
                return order;
            a = a.IsEmpty ? a : a[1..];
            b = b.IsEmpty ? b : b[1..];
        }
        return 0;
    }

    // Numbers after words, and more parts after fewer
    private static int CompareLocal(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty && !b.IsEmpty)
        {
            var partA = TakeLocal(ref a);
            var partB = TakeLocal(ref b);
            var (numberA, numberB) = (Digits.Run(partA) == partA.Length, Digits.Run(partB) == partB.Length);
            var order = (numberA, numberB) switch
            {
                (true, true) => Digits.Compare(partA, partB),
                (false, false) => partA.CompareTo(partB, StringComparison.OrdinalIgnoreCase),
                _ => numberA ? 1 : -1,
            };
            if (order != 0)
                return order;
        }
        return (a.IsEmpty ? 0 : 1) - (b.IsEmpty ? 0 : 1);
    }

    private static ReadOnlySpan<char> TakeLocal(scoped ref ReadOnlySpan<char> s)
    {
        var end = s.IndexOfAny(Separators);
        var part = end < 0 ? s : s[..end];
        s = end < 0 ? [] : s[(end + 1)..];
        return part;
    }
}
