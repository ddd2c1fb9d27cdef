using Wharf.Server.Content;

namespace Wharf.Server.Quota;

/// <summary>What namespaces use, and when there will be no room at the pace of the last weeks.</summary>
internal sealed class Usages(Usage usage, QuotaStore quotas, QuotaOptions options)
{
    private const int Days = 90;
    private const int ForecastDays = 28;
    private const long DayMs = 86_400_000;

    /// <summary>How old the share of the time machine may be.</summary>
    private static readonly TimeSpan s_age = TimeSpan.FromMinutes(1);

    public async Task<ShownUsage> ShowAsync(long namespaceId, CancellationToken ct)
    {
        var used = await usage.GetAsync(new UsageScope(namespaceId, 0), ct);
        var (current, at) = await usage.CurrentAsync(namespaceId, s_age, ct);
        var shown = new List<ShownQuotaUsage>();
        var found = await quotas.ListAsync(namespaceId, ct);
        foreach (var quota in found)
            shown.Add(await ShowAsync(quota, ct));
        if (options.DefaultBytes.Bytes > 0 && found.All(static q => q.Prefix.Length > 0))
            shown.Insert(0, (await ShowAsync(new StorageQuota(0, namespaceId, "", options.DefaultBytes.Bytes, null, options.DefaultBytes.Bytes), ct)) with { IsDefault = true });
        var days = await usage.ListDaysAsync(new UsageScope(namespaceId, 0), Days, ct);
        return new ShownUsage(used, Math.Min(current, used), Math.Max(0, used - current), Date(at), shown, days.ConvertAll(static d => new ShownDay(Date(d.DayMs)[..10], d.Bytes)));
    }

    private async Task<ShownQuotaUsage> ShowAsync(StorageQuota quota, CancellationToken ct)
    {
        var used = await usage.GetAsync(quota.Scope, ct);
        var days = await usage.ListDaysAsync(quota.Scope, ForecastDays, ct);
        var growth = Growth(days);
        var most = quota.RejectBytes ?? quota.LimitBytes;
        long? daysLeft = growth is > 0 ? (long)Math.Clamp((most - used) / growth.Value, 0, 36_500) : null;
        return new ShownQuotaUsage(quota.Id == 0 ? null : quota.Id, quota.Prefix, quota.LimitBytes, used, quota.LimitBytes == 0 ? 0 : Math.Round(used * 100.0 / quota.LimitBytes, 2), quota.WarnBytes, quota.RejectBytes,
            growth is { } bytes ? (long)bytes : null, daysLeft is { } left and < 3650 && days.Count > 0 ? Date((days[^1].DayMs / DayMs * DayMs) + (left * DayMs))[..10] : null);
    }

    /// <summary>Bytes a day: the slope of the straight line that fits the days best; null for less than a week.</summary>
    internal static double? Growth(IReadOnlyList<(long DayMs, long Bytes)> days)
    {
        if (days.Count < 2 || days[^1].DayMs - days[0].DayMs < 7 * DayMs)
            return null;
        // A day without a change has no row: it was as the day before.
        var all = new List<double>();
        for (var (day, i) = (days[0].DayMs, 0); day <= days[^1].DayMs; day += DayMs)
        {
            if (i + 1 < days.Count && days[i + 1].DayMs <= day)
                i++;
            all.Add(days[i].Bytes);
        }
        var (meanX, meanY) = ((all.Count - 1) / 2.0, all.Average());
        return all.Select((y, x) => (x - meanX) * (y - meanY)).Sum() / all.Select((_, x) => (x - meanX) * (x - meanX)).Sum();
    }

    private static string Date(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
