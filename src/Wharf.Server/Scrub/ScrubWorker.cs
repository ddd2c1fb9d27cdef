using Wharf.Server.Work;

namespace Wharf.Server.Scrub;

/// <summary>Scrubs all the time, slowly.</summary>
internal sealed class ScrubWorker(Scrubber scrubber, ScrubOptions options, Leases leases, TimeProvider clock, ILogger<ScrubWorker> logger)
    : LeasedWorker("scrub", TimeSpan.FromMinutes(1), leases, clock, logger)
{
    // One blob may take longer than the lease.
    protected override Task<bool> RunAsync(CancellationToken ct) => scrubber.StepAsync(options, KeepAsync, ct);
}
