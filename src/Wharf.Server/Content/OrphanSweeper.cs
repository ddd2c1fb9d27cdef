using Wharf.Server.Work;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>Goes through the whole store, one shard a batch, in search of bytes that no row names.</summary>
internal sealed partial class OrphanSweeper(Orphans orphans, Locations locations, Leases leases, TimeProvider clock, ILogger<OrphanSweeper> logger)
    : LeasedWorker("orphan-sweeper", TimeSpan.FromHours(1), leases, clock, logger)
{
    private readonly ILogger _logger = logger;
    private int _shard;

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        foreach (var location in locations.All)
            try
            {
                if (_shard == 0)
                    await orphans.SweepUploadsAsync(location, ct);
                await orphans.SweepBlobsAsync(location, _shard, ct);
            }
            catch (StorageException e)
            {
                // The others go on, and this one is tried again with the next shard; what is left out now, comes with the next walk.
                Log.Failed(_logger, location.Name, e);
            }
        _shard = (_shard + 1) % Orphans.Shards;
        return _shard != 0;
    }

    private static partial class Log
    {
        [LoggerMessage(321, LogLevel.Warning, "The location {Name} could not be searched for objects that belong to nothing")]
        public static partial void Failed(ILogger logger, string name, Exception e);
    }
}
