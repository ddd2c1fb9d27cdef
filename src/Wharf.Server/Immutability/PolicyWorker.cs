using Wharf.Server.Work;

namespace Wharf.Server.Immutability;

/// <summary>Goes on with policies that were not through with the tags of before when their request was answered, or their process died.</summary>
internal sealed class PolicyWorker(PolicyApplier applier, ILogger<PolicyWorker> logger) : QueueWorker("immutability", TimeSpan.FromSeconds(5), logger)
{
    private static readonly TimeSpan s_turn = TimeSpan.FromMinutes(1);

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct) => await applier.ApplyAsync(null, s_turn, ct) ? null : TimeSpan.Zero;
}
