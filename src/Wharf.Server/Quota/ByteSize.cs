using System.Globalization;

namespace Wharf.Server.Quota;

/// <summary>Numbers of bytes as people write them: <c>10 GiB</c>, <c>500MB</c>, <c>12345</c> (Quay's superuser quota API).</summary>
internal static class ByteSize
{
    private const string Powers = "KMGTPE";

    /// <summary>Whether the text is a number of bytes: digits and a unit, of 1024 (KiB, Ki) or 1000 (KB, K).</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is null || text.Length > 40)
            return false;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is >= 0 and var end ? end : text.Length;
        if (!long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        var unit = text.AsSpan(digits).TrimStart();
        if (unit.Length > 0 && unit[^1] == 'B')
            unit = unit[..^1];
        long factor = 1;
        if (unit.Length > 0)
        {
            var power = Powers.IndexOf(unit[0], StringComparison.Ordinal);
            if (power < 0 || unit.Length > 2 || (unit.Length == 2 && unit[1] != 'i'))
                return false;
            for (var i = 0; i <= power; i++)
                factor *= unit.Length == 2 ? 1024 : 1000;
        }
        if (number > long.MaxValue / factor)
            return false;
        bytes = number * factor;
        return true;
    }

    /// <summary>For a person: <c>1.5 GiB</c>.</summary>
    public static string Format(long bytes)
    {
        if (bytes < 1024)
            return string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");
        var (value, power) = (bytes / 1024.0, 0);
        for (; value >= 1024 && power < Powers.Length - 1; power++)
            value /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Powers[power]}iB");
    }
}
