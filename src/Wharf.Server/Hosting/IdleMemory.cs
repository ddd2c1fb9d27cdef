using System.Runtime;

namespace Wharf.Server.Hosting;

/// <summary>
/// Gives memory back once a load is over: .NET keeps a heap that has grown until something presses on it, and nothing does on an idle
/// server. Five seconds without an allocation worth the name after some that were, and what is kept for reuse goes and one compacting
/// collection returns the pages.
/// </summary>
internal sealed class IdleMemory(TimeProvider clock, IEnumerable<IdleRelease> releases) : BackgroundService
{
    private const long Idle = 2 << 20;
    private const long Load = 4 << 20;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, clock);
        var (seen, since) = (GC.GetTotalAllocatedBytes(), 0L);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                var allocated = GC.GetTotalAllocatedBytes();
                var step = allocated - seen;
                (seen, since) = (allocated, since + step);
                if (step > Idle || since < Load)
                    continue;
                since = 0;
                foreach (var release in releases)
                    release.Run();
                GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                _ = Libc.TrimHeap(0);
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }
}
