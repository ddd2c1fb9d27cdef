using Wharf.Server.Work;

namespace Wharf.Server.Content;

/// <summary>Gives up uploads that nobody went on with. Their bytes go with the other garbage.</summary>
internal sealed class UploadSweeper(Uploads uploads, Leases leases, TimeProvider clock, ILogger<UploadSweeper> logger)
    : LeasedWorker("upload-sweeper", TimeSpan.FromSeconds(30), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await uploads.SweepAsync(ct) > 0;
}
