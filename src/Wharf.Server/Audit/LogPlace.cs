using System.Globalization;

namespace Wharf.Server.Audit;

/// <summary>Where an entry stands: by time, and among those of one millisecond by its writer's own order. It never changes, so pages are stable.</summary>
internal readonly record struct LogPlace(long AtMs, long Writer, long N, int I)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{AtMs}.{AuditBatch.Name(Writer)}.{N}.{I}");

    public static bool TryParse(string text, out LogPlace place)
    {
        place = default;
        var parts = text.Split('.');
        if (parts.Length != 4 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            || parts[1].Length != 16 || !long.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var writer)
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var n) || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var i))
            return false;
        place = new(at, writer, n, i);
        return true;
    }
}
