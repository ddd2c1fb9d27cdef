using Wharf.Server.Work;

namespace Wharf.Server.AppTokens;

/// <summary>Deletes app tokens a day after they ended, as Quay does.</summary>
internal sealed class AppTokenSweeper(AppTokenStore tokens, Leases leases, TimeProvider clock, ILogger<AppTokenSweeper> logger)
    : LeasedWorker("app-token-sweeper", TimeSpan.FromMinutes(10), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await tokens.SweepAsync(ct) > 0;
}
