using Wharf.Server.Work;

namespace Wharf.Server.Accounts;

/// <summary>Writes the mails of <see cref="Recoveries"/>.</summary>
internal sealed class RecoveryWorker : QueueWorker
{
    private readonly Recoveries _recoveries;

    public RecoveryWorker(Recoveries recoveries, ILogger<RecoveryWorker> logger) : base("recovery", TimeSpan.FromSeconds(30), logger)
    {
        _recoveries = recoveries;
        recoveries.Asked += Nudge;
    }

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        while (await _recoveries.WorkOffAsync(ct))
        {
        }
        return null;
    }
}
