using Wharf.Server.Work;

namespace Wharf.Server.Recovery;

/// <summary>Writes the metadata journal, every minute what changed.</summary>
internal sealed class JournalWorker(Journal journal, RecoveryOptions options, Leases leases, TimeProvider clock, ILogger<JournalWorker> logger)
    : LeasedWorker("journal", options.JournalEvery, leases, clock, logger)
{
    // A snapshot takes longer than the lease.
    protected override Task<bool> RunAsync(CancellationToken ct) => journal.WriteAsync(KeepAsync, ct);
}
