namespace Wharf.Server.Content;

/// <summary>Holds what several do at once to so many bytes a second together.</summary>
/// <param name="bytesPerSecond">0: as fast as it goes.</param>
internal sealed class Pace(long bytesPerSecond, TimeProvider clock)
{
    /// <summary>As fast as it goes.</summary>
    public static readonly Pace None = new(0, TimeProvider.System);

    private readonly Lock _gate = new();

    // When the next bytes may come; time in which none came is not made up for.
    private long _next = clock.GetTimestamp();

    /// <summary>Waits until these bytes, which were just read, are within the rate.</summary>
    public Task WaitAsync(long bytes, CancellationToken ct)
    {
        if (bytesPerSecond == 0)
            return Task.CompletedTask;
        TimeSpan wait;
        lock (_gate)
        {
            var now = clock.GetTimestamp();
            _next = Math.Max(_next, now) + (long)(bytes * (double)clock.TimestampFrequency / bytesPerSecond);
            wait = clock.GetElapsedTime(now, _next);
        }
        return wait > TimeSpan.FromMilliseconds(1) ? Task.Delay(wait, clock, ct) : Task.CompletedTask;
    }
}
