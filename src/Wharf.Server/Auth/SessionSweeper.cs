using Wharf.Server.Work;

namespace Wharf.Server.Auth;

/// <summary>Deletes sessions that have ended by themselves.</summary>
internal sealed class SessionSweeper(SessionStore sessions, Leases leases, TimeProvider clock, ILogger<SessionSweeper> logger)
    : LeasedWorker("session-sweeper", TimeSpan.FromMinutes(10), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await sessions.SweepAsync(ct) > 0;
}
