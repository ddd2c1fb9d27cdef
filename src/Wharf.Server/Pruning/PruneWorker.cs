using System.Diagnostics.Metrics;
using Wharf.Server.Work;

namespace Wharf.Server.Pruning;

/// <summary>Applies the policies of one namespace after the other, each as often as the settings say.</summary>
internal sealed partial class PruneWorker(Pruner pruner, PrunePolicyStore store, PruningOptions options, Leases leases, TimeProvider clock, ILogger<PruneWorker> logger)
    : LeasedWorker(Lease, options.LookEvery, leases, clock, logger)
{
    private const string Lease = "pruning";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private static readonly Counter<long> s_pruned = new Meter("Wharf.Pruning").CreateCounter<long>("wharf_pruned_tags", description: "Tags and manifests that policies have ended");

    private readonly Leases _leases = leases;
    private readonly TimeProvider _clock = clock;
    private long _renewed;

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        _renewed = _clock.GetTimestamp();
        if (await store.NextAsync(options.Every, pruner.HasDefault ? options.Every > s_day ? options.Every : s_day : null, ct) is not { } turn)
            return false;
        // What fails waits as long as what is done, and the others have their turns.
        await store.BeginAsync(turn.NamespaceId, ct);
        var done = await pruner.RunAsync(turn.NamespaceId, turn.Namespace, null, KeepAsync, ct);
        await store.EndAsync(turn.NamespaceId, done, ct);
        s_pruned.Add(done.Tags + done.Manifests);
        if (done.Tags + done.Manifests > 0)
            Log.Pruned(logger, turn.Namespace, done.Tags, done.Manifests, done.Seen, done.Spared);
        return true;
    }

    // A namespace may take longer than the lease.
    private async Task KeepAsync(CancellationToken ct)
    {
        if (_clock.GetElapsedTime(_renewed) < s_lease / 3)
            return;
        if (await _leases.TryTakeAsync(Lease, s_lease, ct) is null)
            throw new InvalidOperationException("The lease of the pruning is another's by now.");
        _renewed = _clock.GetTimestamp();
    }

    private static partial class Log
    {
        [LoggerMessage(380, LogLevel.Information, "Pruned {Namespace}: {Tags} tags and {Manifests} manifests of {Seen} tags; {Spared} were protected")]
        public static partial void Pruned(ILogger logger, string @namespace, long tags, long manifests, long seen, long spared);
    }
}
