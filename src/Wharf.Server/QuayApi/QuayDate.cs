using System.Globalization;

namespace Wharf.Server.QuayApi;

/// <summary>Points in time as Quay writes most of them: RFC 2822 with the zone <c>-0000</c>, to the second.</summary>
internal static class QuayDate
{
    /// <param name="unixMs">Unix milliseconds, or null.</param>
    public static string? Format(long? unixMs) => unixMs is { } ms
        ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("ddd, dd MMM yyyy HH:mm:ss '-0000'", CultureInfo.InvariantCulture)
        : null;

    /// <summary>A day as YYYY-MM-DD.</summary>
    /// <param name="day">Since 1970, UTC.</param>
    public static string FormatDay(long day) => DateTimeOffset.UnixEpoch.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>As Quay writes a few others: ISO 8601 in UTC, to the second.</summary>
    public static string? FormatIso(long? unixMs) => unixMs is { } ms
        ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : null;
}
