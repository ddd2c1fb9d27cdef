using Wharf.Server.Work;

namespace Wharf.Server.Content;

/// <summary>Goes through the whole store, one shard a batch, in search of bytes that no row names.</summary>
internal sealed class OrphanSweeper(Orphans orphans, Leases leases, TimeProvider clock, ILogger<OrphanSweeper> logger)
    : LeasedWorker("orphan-sweeper", TimeSpan.FromHours(1), leases, clock, logger)
{
    private int _shard;

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        if (_shard == 0)
            await orphans.SweepUploadsAsync(ct);
        await orphans.SweepBlobsAsync(_shard, ct);
        _shard = (_shard + 1) % Orphans.Shards;
        return _shard != 0;
    }
}
