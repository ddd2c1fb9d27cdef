using System.Buffers;

namespace Wharf.Scanner.Versions;

/// <summary>
/// Semantic versions (https://semver.org/#spec-item-11) as npm, Cargo, NuGet and Go write them: <c>v</c>, <c>=</c> and spaces in front do not count, there may be any count
/// of numbers, and those that are missing are 0. What follows the numbers without a dash is a pre-release whose letters and digits are
/// identifiers of their own (<c>1.21rc2</c> is <c>1.21.0-rc.2</c>); so a string without a number is a pre-release of 0.
/// </summary>
/// <param name="comparison">Of identifiers that are not numbers.</param>
internal sealed class SemanticVersions(StringComparison comparison) : IComparer<string>
{
    public static readonly SemanticVersions Instance = new(StringComparison.Ordinal);

    /// <summary>As NuGet compares (https://learn.microsoft.com/nuget/concepts/package-versioning).</summary>
    public static readonly SemanticVersions WithoutCase = new(StringComparison.OrdinalIgnoreCase);

    /// <summary>The characters that a pre-release and its dash have.</summary>
    public static readonly SearchValues<char> OfPreRelease = SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-");

    private static readonly SearchValues<char> s_ofNumbers = SearchValues.Create("0123456789.");

    public int Compare(string? x, string? y) => Compare(x.AsSpan(), y.AsSpan());

    public int Compare(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var numbersA = Split(a, out var preA, out var looseA);
        var numbersB = Split(b, out var preB, out var looseB);
        while (!numbersA.IsEmpty || !numbersB.IsEmpty)
        {
            var order = Digits.Compare(Number(ref numbersA), Number(ref numbersB));
            if (order != 0)
                return order;
        }
        if (preA.IsEmpty || preB.IsEmpty)
            return (preA.IsEmpty ? 1 : 0) - (preB.IsEmpty ? 1 : 0);

        while (!preA.IsEmpty && !preB.IsEmpty)
        {
            var order = CompareIdentifiers(Identifier(ref preA, looseA), Identifier(ref preB, looseB));
            if (order != 0)
                return order;
        }
        return (preA.IsEmpty ? 0 : 1) - (preB.IsEmpty ? 0 : 1);
    }

    // The numbers with their dots, and the pre-release, which is loose when no dash is before it
    private static ReadOnlySpan<char> Split(ReadOnlySpan<char> version, out ReadOnlySpan<char> pre, out bool loose)
    {
        version = version.TrimStart(" \t=vV").TrimEnd();
        var build = version.IndexOf('+');
        if (build >= 0)
            version = version[..build];
        var length = version.IndexOfAnyExcept(s_ofNumbers);
        if (length < 0)
            length = version.Length;
        pre = version[length..];
        loose = pre.IsEmpty || pre[0] != '-';
        if (!loose)
            pre = pre[1..];
        return version[..length];
    }

    private static ReadOnlySpan<char> Number(scoped ref ReadOnlySpan<char> numbers)
    {
        var number = Digits.Take(ref numbers);
        if (!numbers.IsEmpty)
            numbers = numbers[1..];
        return number;
    }

    private static ReadOnlySpan<char> Identifier(scoped ref ReadOnlySpan<char> pre, bool loose)
    {
        var length = !loose ? pre.IndexOf('.')
            : char.IsAsciiDigit(pre[0]) ? Digits.Run(pre)
            : pre.IndexOfAny(s_ofNumbers);
        var identifier = length < 0 ? pre : pre[..length];
        pre = pre[identifier.Length..];
        if (pre is ['.', ..])
            pre = pre[1..];
        return identifier;
    }

    private int CompareIdentifiers(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        var (numberA, numberB) = (IsNumber(a), IsNumber(b));
        return (numberA, numberB) switch
        {
            (true, true) => Digits.Compare(a, b),
            (false, false) => a.CompareTo(b, comparison),
            _ => numberA ? -1 : 1,
        };
    }

    private static bool IsNumber(ReadOnlySpan<char> s) => !s.IsEmpty && Digits.Run(s) == s.Length;
}
