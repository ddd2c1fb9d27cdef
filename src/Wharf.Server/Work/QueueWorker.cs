namespace Wharf.Server.Work;

/// <summary>
/// A worker on rows that wait in the database: it looks when this process has added one, and else every <paramref name="every"/>, for
/// what other replicas or an earlier life of this one have left. Whoever takes a row does so in one statement, so any number may run.
/// </summary>
internal abstract partial class QueueWorker(string name, TimeSpan every, ILogger logger) : BackgroundService
{
    private readonly SemaphoreSlim _added = new(0, 1);

    /// <summary>Has the worker look at once.</summary>
    public void Nudge()
    {
        try
        {
            _added.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is about to look anyway.
        }
    }

    /// <summary>Works off what is due; it may be killed at any point.</summary>
    /// <returns>How long to wait at most before looking again; null for the usual time.</returns>
    protected abstract Task<TimeSpan?> RunAsync(CancellationToken ct);

    public override void Dispose()
    {
        GC.SuppressFinalize(this);
        base.Dispose();
        _added.Dispose();
    }

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = TimeSpan.Zero;
        try
        {
            while (true)
            {
                await _added.WaitAsync(wait, stoppingToken);
                wait = every;
                try
                {
                    wait = await RunAsync(stoppingToken) is { } sooner && sooner < every ? sooner : every;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    Log.RunFailed(logger, name, e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(310, LogLevel.Error, "The worker {Name} failed; it goes on with what is due")]
        public static partial void RunFailed(ILogger logger, string name, Exception e);
    }
}
