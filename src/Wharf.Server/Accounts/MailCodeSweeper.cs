using Wharf.Server.Work;

namespace Wharf.Server.Accounts;

/// <summary>Deletes mailed codes that have ended by themselves.</summary>
internal sealed class MailCodeSweeper(MailCodes codes, Leases leases, TimeProvider clock, ILogger<MailCodeSweeper> logger)
    : LeasedWorker("mail-code-sweeper", TimeSpan.FromMinutes(10), leases, clock, logger)
{
    protected override async Task<bool> RunAsync(CancellationToken ct) => await codes.SweepAsync(ct) > 0;
}
