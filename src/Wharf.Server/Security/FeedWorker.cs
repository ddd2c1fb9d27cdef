using Wharf.Server.Work;

namespace Wharf.Server.Security;

/// <summary>Evaluates new revisions of feeds, whichever replica imported them; one replica at a time, and no lease is taken while there is nothing to do.</summary>
internal sealed class FeedWorker(FeedEvaluation evaluation, Leases leases, TimeProvider clock, ILogger<FeedWorker> logger) : QueueWorker("feeds", TimeSpan.FromSeconds(2), logger)
{
    private const string Lease = "feeds";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        if (!await evaluation.IsDueAsync(ct) || await leases.TryTakeAsync(Lease, s_lease, ct) is null)
            return null;
        await evaluation.RunAsync(new HeldLease(leases, Lease, s_lease, clock).KeepAsync, ct);
        await leases.ReleaseAsync(Lease, ct);
        return null;
    }
}
