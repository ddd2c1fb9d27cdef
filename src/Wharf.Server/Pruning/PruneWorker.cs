using System.Diagnostics.Metrics;
using Wharf.Server.Work;

namespace Wharf.Server.Pruning;

/// <summary>Applies the policies of one namespace after the other, each as often as the settings say.</summary>
internal sealed partial class PruneWorker(Pruner pruner, PrunePolicyStore store, PruningOptions options, Leases leases, TimeProvider clock, ILogger<PruneWorker> logger)
    : LeasedWorker("pruning", options.LookEvery, leases, clock, logger)
{
    private static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    private static readonly Counter<long> s_pruned = new Meter("Wharf.Pruning").CreateCounter<long>("wharf_pruned_tags", description: "Tags and manifests that policies have ended");

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        if (await store.NextAsync(options.Every, pruner.HasDefault ? options.Every > s_day ? options.Every : s_day : null, ct) is not { } turn)
            return false;
        // What fails waits as long as what is done, and the others have their turns.
        await store.BeginAsync(turn.NamespaceId, ct);
        // A namespace may take longer than the lease.
        var done = await pruner.RunAsync(turn.NamespaceId, turn.Namespace, null, KeepAsync, ct);
        await store.EndAsync(turn.NamespaceId, done, ct);
        s_pruned.Add(done.Tags + done.Manifests);
        if (done.Tags + done.Manifests > 0)
            Log.Pruned(logger, turn.Namespace, done.Tags, done.Manifests, done.Seen, done.Spared);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(380, LogLevel.Information, "Pruned {Namespace}: {Tags} tags and {Manifests} manifests of {Seen} tags; {Spared} were protected")]
        public static partial void Pruned(ILogger logger, string @namespace, long tags, long manifests, long seen, long spared);
    }
}
