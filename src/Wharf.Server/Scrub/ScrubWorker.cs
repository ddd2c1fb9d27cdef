using Wharf.Server.Work;

namespace Wharf.Server.Scrub;

/// <summary>Scrubs all the time, slowly.</summary>
internal sealed class ScrubWorker(Scrubber scrubber, ScrubOptions options, Leases leases, TimeProvider clock, ILogger<ScrubWorker> logger)
    : LeasedWorker(Lease, TimeSpan.FromMinutes(1), leases, clock, logger)
{
    private const string Lease = "scrub";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);

    private readonly Leases _leases = leases;
    private readonly TimeProvider _clock = clock;
    private long _renewed;

    protected override Task<bool> RunAsync(CancellationToken ct)
    {
        _renewed = _clock.GetTimestamp();
        return scrubber.StepAsync(options, KeepAsync, ct);
    }

    // One blob may take longer than the lease.
    private async Task KeepAsync(CancellationToken ct)
    {
        if (_clock.GetElapsedTime(_renewed) < s_lease / 3)
            return;
        if (await _leases.TryTakeAsync(Lease, s_lease, ct) is null)
            throw new InvalidOperationException("The lease of the scrub is another's by now.");
        _renewed = _clock.GetTimestamp();
    }
}
