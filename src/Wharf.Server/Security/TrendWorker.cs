using Wharf.Server.Work;

namespace Wharf.Server.Security;

/// <summary>Notes how many findings each repository has, so that people see whether it gets better. The last note of a day stays.</summary>
internal sealed class TrendWorker(SecurityTrend trend, Leases leases, TimeProvider clock, ILogger<TrendWorker> logger) : LeasedWorker("security-trend", TimeSpan.FromHours(1), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        await trend.NoteAsync(KeepAsync, ct);
        return false;
    }
}
