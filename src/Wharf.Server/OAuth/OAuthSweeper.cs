using Wharf.Server.Work;

namespace Wharf.Server.OAuth;

/// <summary>Deletes OAuth tokens a day after they ended, and codes an hour after.</summary>
internal sealed class OAuthSweeper(OAuthTokenStore tokens, ConsentStore consents, Leases leases, TimeProvider clock, ILogger<OAuthSweeper> logger)
    : LeasedWorker("oauth-sweeper", TimeSpan.FromMinutes(10), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await tokens.SweepAsync(ct) + await consents.SweepAsync(ct) > 0;
}
