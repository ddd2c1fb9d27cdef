using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>
/// Seals each minute. Every process tries, because each is to note the newest seal outside of the database; the number decides who makes it.
/// </summary>
internal sealed partial class AuditSealer(AuditSeals seals, TimeProvider clock, ILogger<AuditSealer> logger) : BackgroundService
{
    private static readonly TimeSpan s_every = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                try
                {
                    await seals.SealAsync(s_every - TimeSpan.FromSeconds(10), stoppingToken);
                }
                catch (DatabaseException e)
                {
                    Log.Failed(logger, e);
                }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(336, LogLevel.Warning, "The audit trail could not be sealed; tried again in a minute")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
