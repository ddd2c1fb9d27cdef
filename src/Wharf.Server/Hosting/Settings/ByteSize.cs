using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Wharf.Server.Hosting.Settings;

/// <summary>A number of bytes as people write it, in settings and where the API takes it so: <c>4MiB</c>, <c>20 GB</c>, <c>4096</c>. KiB and Ki are 1024, KB and K 1000.</summary>
internal readonly record struct ByteSize(long Bytes) : IParsable<ByteSize>, IComparable<ByteSize>
{
    private const string Powers = "KMGTPE";

    // The longer ones first: each ends as a shorter one does.
    private static readonly (string Unit, long Factor)[] s_units =
    [
        .. Powers.Select(static (p, i) => ($"{p}iB", 1L << (10 * (i + 1)))), .. Powers.Select(static (p, i) => ($"{p}i", 1L << (10 * (i + 1)))),
        .. Powers.Select(static (p, i) => ($"{p}B", (long)Math.Pow(1000, i + 1))), .. Powers.Select(static (p, i) => ($"{p}", (long)Math.Pow(1000, i + 1))), ("B", 1),
    ];

    public static ByteSize Parse(string s, IFormatProvider? provider) =>
        TryParse(s, provider, out var size) ? size : throw new FormatException($"'{s}' is not a size");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out ByteSize result)
    {
        result = default;
        var number = (s ?? "").Trim();
        var factor = 1L;
        foreach (var (unit, size) in s_units)
        {
            if (!number.EndsWith(unit, StringComparison.OrdinalIgnoreCase)) continue;
            (number, factor) = (number[..^unit.Length].TrimEnd(), size);
            break;
        }

        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > long.MaxValue / factor) return false;
        result = new ByteSize(count * factor);
        return true;
    }

    /// <summary>For a person: <c>1.5 GiB</c>.</summary>
    public override string ToString()
    {
        if (Bytes < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{Bytes} bytes");
        var (value, power) = (Bytes / 1024.0, 0);
        for (; value >= 1024 && power < Powers.Length - 1; power++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.0} {Powers[power]}iB");
    }

    public int CompareTo(ByteSize other) => Bytes.CompareTo(other.Bytes);
}
