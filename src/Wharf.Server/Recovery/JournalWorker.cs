using Wharf.Server.Work;

namespace Wharf.Server.Recovery;

/// <summary>Writes the metadata journal, every minute what changed.</summary>
internal sealed class JournalWorker(Journal journal, RecoveryOptions options, Leases leases, TimeProvider clock, ILogger<JournalWorker> logger)
    : LeasedWorker(Lease, options.JournalEvery, leases, clock, logger)
{
    private const string Lease = "journal";
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);

    private readonly Leases _leases = leases;
    private readonly TimeProvider _clock = clock;
    private long _renewed;

    protected override Task<bool> RunAsync(CancellationToken ct)
    {
        _renewed = _clock.GetTimestamp();
        return journal.WriteAsync(KeepAsync, ct);
    }

    // A snapshot takes longer than the lease.
    private async Task KeepAsync(CancellationToken ct)
    {
        if (_clock.GetElapsedTime(_renewed) < s_lease / 3)
            return;
        if (await _leases.TryTakeAsync(Lease, s_lease, ct) is null)
            throw new InvalidOperationException("The lease of the journal is another's by now.");
        _renewed = _clock.GetTimestamp();
    }
}
