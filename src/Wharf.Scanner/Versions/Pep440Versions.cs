namespace Wharf.Scanner.Versions;

/// <summary>
/// Python's order (https://peps.python.org/pep-0440/), in all spellings of its appendix B. A string that is no such version sorts before all that are,
/// among its like by numbers and text without case.
/// </summary>
internal sealed class Pep440Versions : IComparer<string>
{
    public static readonly Pep440Versions Instance = new();

    public int Compare(string? x, string? y)
    {
        var (validA, validB) = (Pep440Version.TryParse(x, out var a), Pep440Version.TryParse(y, out var b));
        return (validA, validB) switch
        {
            (true, true) => a.CompareTo(b),
            (false, false) => CompareLegacy(x, y),
            _ => validA ? 1 : -1,
        };
    }

    private static int CompareLegacy(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        while (!a.IsEmpty && !b.IsEmpty)
        {
            var (digitA, digitB) = (char.IsAsciiDigit(a[0]), char.IsAsciiDigit(b[0]));
            if (digitA != digitB)
                return digitA ? 1 : -1;
            int order;
            if (digitA)
            {
                order = Digits.Compare(Digits.Take(ref a), Digits.Take(ref b));
            }
            else
            {
                order = char.ToLowerInvariant(a[0]) - char.ToLowerInvariant(b[0]);
                a = a[1..];
                b = b[1..];
            }
            if (order != 0)
                return order;
        }
        return (a.IsEmpty ? 0 : 1) - (b.IsEmpty ? 0 : 1);
    }
}
