namespace Wharf.Scanner.Versions;

/// <summary>Numbers of any length as they stand in versions, in ASCII digits.</summary>
internal static class Digits
{
    /// <summary>How many digits <paramref name="s"/> begins with.</summary>
    public static int Run(ReadOnlySpan<char> s)
    {
        var length = s.IndexOfAnyExceptInRange('0', '9');
        return length < 0 ? s.Length : length;
    }

    /// <summary>By value, both being digits only; none at all is 0.</summary>
    public static int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a.TrimStart('0');
        b = b.TrimStart('0');
        return a.Length != b.Length ? a.Length.CompareTo(b.Length) : a.SequenceCompareTo(b);
    }

    /// <summary>Takes the digits that <paramref name="s"/> begins with from it.</summary>
    public static ReadOnlySpan<char> Take(scoped ref ReadOnlySpan<char> s)
    {
        var digits = s[..Run(s)];
        s = s[digits.Length..];
        return digits;
    }
}
