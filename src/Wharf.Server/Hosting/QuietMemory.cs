namespace Wharf.Server.Hosting;

/// <summary>
/// Gives memory back when a load is over. The runtime collects when something is allocated, so a server that has become quiet
/// would keep the heap and the pooled buffers of its busiest minute.
/// </summary>
internal sealed class QuietMemory(TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    /// <summary>Bytes allocated in an interval below which the server is quiet: its own timers allocate less, a push or pull more.</summary>
    private const long Quiet = 2 << 20;
    /// <summary>Bytes allocated since the last collection that make one worth its pause.</summary>
    private const long Worthwhile = 16 << 20;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, clock);
        long before = 0, collected = 0;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var allocated = GC.GetTotalAllocatedBytes();
            if (allocated - before < Quiet && allocated - collected > Worthwhile)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                collected = allocated;
            }
            before = allocated;
        }
    }
}
