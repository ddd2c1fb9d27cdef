namespace Wharf.Server.Work;

/// <summary>
/// A background job on a lease: every <paramref name="every"/>, one replica runs <see cref="RunAsync"/>, which moves the database
/// one batch forward, is idempotent and may be killed at any point; the next tick is the retry.
/// </summary>
internal abstract partial class LeasedWorker(string name, TimeSpan every, Leases leases, TimeProvider clock, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan s_first = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);
    private HeldLease? _held;

    /// <summary>One batch; returns whether there may be more to do at once.</summary>
    protected abstract Task<bool> RunAsync(CancellationToken ct);

    /// <summary>Renews the lease within a batch that may take longer than it; to be called often.</summary>
    /// <exception cref="InvalidOperationException">The lease is another's by now.</exception>
    protected Task KeepAsync(CancellationToken ct) => _held!.KeepAsync(ct);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, clock);
        try
        {
            // Soon after the start once, so that a server which is restarted often does its rare work too.
            await Task.Delay(every < s_first ? every : s_first, clock, stoppingToken);
            do
            {
                try
                {
                    while (await leases.TryTakeAsync(name, s_lease, stoppingToken) is not null)
                    {
                        _held = new HeldLease(leases, name, s_lease, clock);
                        if (!await RunAsync(stoppingToken))
                            break;
                    }
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    Log.RunFailed(logger, name, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(300, LogLevel.Error, "The worker {Name} failed; it tries again at its next tick")]
        public static partial void RunFailed(ILogger logger, string name, Exception e);
    }
}
