using System.Collections.Concurrent;

namespace Wharf.Storage.Local;

/// <summary>Threads that do nothing but wait for the disk: started when all others wait, kept for a while when there is nothing to do.</summary>
internal static class SyncThreads
{
    private const int Most = 64;
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(10);
    private static readonly BlockingCollection<Action> s_work = [];
    private static int s_threads;
    private static int s_idling;

    public static Task<T> RunAsync<T>(Func<T> work, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return Task.FromCanceled<T>(ct);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        s_work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        }, CancellationToken.None);
        if (s_work.Count > Volatile.Read(ref s_idling)) StartOne();
        return done.Task;
    }

    private static void StartOne()
    {
        if (Interlocked.Increment(ref s_threads) > Most) Interlocked.Decrement(ref s_threads);
        else new Thread(Work) { IsBackground = true, Name = "sync" }.Start();
    }

    private static void Work()
    {
        while (true)
        {
            Interlocked.Increment(ref s_idling);
            var found = s_work.TryTake(out var action, s_idle);
            Interlocked.Decrement(ref s_idling);
            if (found)
            {
                action!();
                continue;
            }
            Interlocked.Decrement(ref s_threads);
            // Whoever added work while this thread still counted as idle started none.
            if (s_work.Count > 0) StartOne();
            return;
        }
    }
}
