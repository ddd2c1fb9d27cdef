using System.Runtime.InteropServices;

namespace Wharf.Server.Hosting;

/// <summary>
/// The end of a server's life. 1. On SIGTERM or SIGINT it is not ready at once, so that load balancers send others elsewhere.
/// 2. It goes on serving until the requests that ran at that moment have ended, at most <c>Server.ShutdownGrace</c>. 3. Kestrel
/// closes its listeners and lets what came since then finish in what is left of the grace. A second signal ends the process at once.
/// </summary>
internal sealed partial class Drain(ServerOptions options, TimeProvider time, ILogger<Drain> logger) : IHostLifetime, IDisposable
{
    private readonly TaskCompletionSource _signalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PosixSignalRegistration> _signals = [];
    private Flight _flight = new();

    /// <summary>Whether the server is about to stop.</summary>
    public bool Started { get; private set; }

    /// <summary>Cancelled when the server begins to stop; for requests that would go on for ever.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public Flight Enter() => Volatile.Read(ref _flight).Enter();

    /// <summary>Waits for a signal, and then for the requests that ran when it came; answers what is left of the grace.</summary>
    /// <param name="stopping">The host's own stop, after a fault in a worker: then nothing is waited for.</param>
    public async Task<TimeSpan> WaitAsync(CancellationToken stopping)
    {
        await _signalled.Task.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var began = time.GetTimestamp();
        var running = Interlocked.Exchange(ref _flight, new Flight());
        if (running.Count > 0) Log.Waiting(logger, running.Count, options.ShutdownGrace);
        await running.EmptyAsync().WaitAsync(options.ShutdownGrace, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return options.ShutdownGrace - time.GetElapsedTime(began);
    }

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }) _signals.Add(PosixSignalRegistration.Create(signal, OnSignal));
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _signals.ForEach(s => s.Dispose());
        _stopping.Dispose();
    }

    private void OnSignal(PosixSignalContext signal)
    {
        if (Started) Environment.Exit(signal.Signal == PosixSignal.SIGINT ? 130 : 143);
        signal.Cancel = true;
        Started = true;
        _signalled.TrySetResult();
        _ = _stopping.CancelAsync();
    }

    /// <summary>The requests that run at a time.</summary>
    internal sealed class Flight
    {
        private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count = 1; // one for the server itself, so that it is empty only when the server says so too

        public int Count => Volatile.Read(ref _count) - 1;

        public Flight Enter()
        {
            Interlocked.Increment(ref _count);
            return this;
        }

        public void Leave()
        {
            if (Interlocked.Decrement(ref _count) == 0) _empty.TrySetResult();
        }

        public Task EmptyAsync()
        {
            Leave();
            return _empty.Task;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Stopping: {Count} running requests may take {Grace} to finish")]
        public static partial void Waiting(ILogger logger, int count, TimeSpan grace);
    }
}
