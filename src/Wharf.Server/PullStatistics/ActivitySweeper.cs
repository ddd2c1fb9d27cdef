using Wharf.Server.Work;

namespace Wharf.Server.PullStatistics;

/// <summary>Deletes the counts of days long past.</summary>
internal sealed class ActivitySweeper(ActivityStore activity, Leases leases, TimeProvider clock, ILogger<ActivitySweeper> logger)
    : LeasedWorker("activity-sweeper", TimeSpan.FromHours(1), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await activity.SweepAsync(ct) > 0;
}
