using System.Collections.Concurrent;

namespace Wharf.Server.Limits;

/// <summary>The buckets of the callers of late, at most <paramref name="max"/> of them.</summary>
internal sealed class BucketTable<TKey>(int max) where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, TokenBucket> _buckets = new();
    private int _count;
    private int _sweeping;

    public int Count => Volatile.Read(ref _count);

    public TokenBucket Get(TKey key, long now)
    {
        if (_buckets.TryGetValue(key, out var bucket))
            return bucket;
        bucket = new TokenBucket();
        if (!_buckets.TryAdd(key, bucket))
            return _buckets.TryGetValue(key, out var other) ? other : bucket;
        if (Interlocked.Increment(ref _count) > max && Interlocked.Exchange(ref _sweeping, 1) == 0)
        {
            Sweep(now, bucket);
            Volatile.Write(ref _sweeping, 0);
        }
        return bucket;
    }

    private void Sweep(long now, TokenBucket newcomer)
    {
        foreach (var (key, bucket) in _buckets)
            if (bucket != newcomer && bucket.IsFull(now) && _buckets.TryRemove(key, out _))
                Interlocked.Decrement(ref _count);
        // Hardly any is full: so many callers are at work that memory is worth more than what they have used, and sweeping for each new one would cost more still.
        if (Count > max / 10 * 9)
            foreach (var (key, _) in _buckets)
                if (_buckets.TryRemove(key, out _))
                    Interlocked.Decrement(ref _count);
    }
}
