using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Runtime.InteropServices;
using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.PullStatistics;

/// <summary>Counts pulls in memory, within a bound, until <see cref="PullWriter"/> takes the counts away. A pull costs a lock for a moment and no allocation.</summary>
internal sealed class PullCounter(PullStatisticsOptions options, TimeProvider clock) : IDisposable
{
    private static readonly Meter s_meter = new("Wharf.PullStatistics");
    private static readonly Counter<long> s_lost = s_meter.CreateCounter<long>("wharf.pull_statistics.lost", description: "Pulls that were not counted because the database did not take the counts.");

    private readonly FrozenSet<string> _excluded = options.Exclude.ToFrozenSet(StringComparer.Ordinal);
    private readonly Lock _turn = new();
    private readonly SemaphoreSlim _filling = new(0, 1);
    private Dictionary<PullKey, PullTally> _counts = [];

    /// <summary>A manifest is about to be served.</summary>
    /// <param name="tag">The tag it was asked for by, or null for its digest.</param>
    public Task ManifestAsync(Principal by, RepositoryAccess access, Digest digest, string? tag, string mediaType, CancellationToken ct)
    {
        if (!_excluded.Contains(by.Name))
            Count(new PullKey(access.NamespaceId, access.RepositoryId, tag ?? "", digest, by.AccountId));
        return Task.CompletedTask;
    }

    private void Count(PullKey key)
    {
        var now = clock.GetTimestamp();
        bool wakes;
        lock (_turn)
        {
            if (_counts.Count >= options.Kept && !_counts.ContainsKey(key))
            {
                s_lost.Add(1);
                return;
            }
            ref var tally = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, key, out var known);
            (tally.Pulls, tally.At) = (tally.Pulls + 1, now);
            wakes = !known && _counts.Count == options.Kept / 2;
        }
        if (wakes && _filling.CurrentCount == 0)
            _filling.Release();
    }

    /// <summary>Waits until it is time to write: a while, or when there is much.</summary>
    public Task WaitAsync(CancellationToken ct) => _filling.WaitAsync(options.Every, ct);

    /// <summary>Takes what was counted.</summary>
    public Dictionary<PullKey, PullTally> Take()
    {
        lock (_turn)
        {
            var counts = _counts;
            // The next interval will count about as much.
            _counts = new Dictionary<PullKey, PullTally>(counts.Count);
            return counts;
        }
    }

    public void Dispose() => _filling.Dispose();
}

/// <param name="Tag">Empty for a pull by the digest.</param>
internal readonly record struct PullKey(long NamespaceId, long RepositoryId, string Tag, Digest Digest, long AccountId);

/// <param name="At">The last of them, in ticks of the process's clock.</param>
internal record struct PullTally(long Pulls, long At);
