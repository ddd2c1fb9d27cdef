using Wharf.Server.Work;

namespace Wharf.Server.Content;

/// <summary>Gives up uploads that nobody went on with, and deletes bytes that no row names.</summary>
internal sealed class UploadSweeper(Uploads uploads, Leases leases, TimeProvider clock, ILogger<UploadSweeper> logger)
    : LeasedWorker("upload-sweeper", TimeSpan.FromSeconds(30), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        var expired = await uploads.SweepAsync(ct);
        var deleted = await uploads.CollectGarbageAsync(ct);
        return expired + deleted > 0;
    }
}
