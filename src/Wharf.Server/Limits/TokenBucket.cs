namespace Wharf.Server.Limits;

/// <summary>
/// A token bucket as one number: the time at which it will be full again. Each request moves that on by the time of one token; one that
/// would move it further ahead than a whole bucket has to wait (the generic cell rate algorithm of ATM). No lock.
/// </summary>
internal sealed class TokenBucket
{
    private long _full;

    /// <summary>Takes one token.</summary>
    /// <param name="now">Times are in one unit, whichever.</param>
    /// <param name="interval">The time in which a token comes back.</param>
    /// <param name="capacity">The time in which an empty bucket becomes full.</param>
    /// <returns>The time until there will be a token, or 0 when one was taken.</returns>
    public long Take(long now, long interval, long capacity)
    {
        var full = Volatile.Read(ref _full);
        while (true)
        {
            var next = Math.Max(full, now) + interval;
            if (next - now > capacity)
                return next - now - capacity;
            var found = Interlocked.CompareExchange(ref _full, next, full);
            if (found == full)
                return 0;
            full = found;
        }
    }

    /// <summary>Whether forgetting it would change nothing.</summary>
    public bool IsFull(long now) => Volatile.Read(ref _full) <= now;
}
