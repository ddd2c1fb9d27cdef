using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Wharf.Server.Data;

/// <summary>
/// A bounded memory of what was read from the database. Two generations: what is used moves to the young one; when that
/// holds half of the bound it becomes the old one, and the former old one is forgotten.
/// What was dropped while it was being loaded is not kept: load, then <see cref="Add"/> with the epoch from before the load.
/// What others may have changed unheard of is not answered (<see cref="Freshness"/>).
/// </summary>
internal sealed class Cache<TKey, TValue>(long bound, Func<TValue, long> weigh, Freshness? freshness = null) where TKey : notnull
{
    private readonly Lock _turn = new();
    private ConcurrentDictionary<TKey, TValue> _young = new();
    private ConcurrentDictionary<TKey, TValue> _old = new();
    private long _weight;
    private long _epoch;

    /// <summary>Changes with every drop.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        value = default;
        if (freshness is { IsGood: false })
            return false;
        if (Volatile.Read(ref _young).TryGetValue(key, out value))
            return true;
        var epoch = Epoch;
        if (!Volatile.Read(ref _old).TryGetValue(key, out value))
            return false;
        Add(key, value, epoch);
        return true;
    }

    /// <summary>Keeps a value unless there is one, or anything was dropped since <paramref name="epoch"/> was read.</summary>
    public void Add(TKey key, TValue value, long epoch) => Keep(key, value, epoch, replace: false);

    /// <summary>Keeps a value in place of the one that there is, unless anything was dropped since <paramref name="epoch"/> was read.</summary>
    public void Replace(TKey key, TValue value, long epoch) => Keep(key, value, epoch, replace: true);

    public void Drop(TKey key)
    {
        lock (_turn)
        {
            Interlocked.Increment(ref _epoch);
            if (_young.TryRemove(key, out var value))
                _weight -= weigh(value);
            _old.TryRemove(key, out _);
        }
    }

    public void DropAll()
    {
        lock (_turn)
        {
            Interlocked.Increment(ref _epoch);
            Volatile.Write(ref _old, new ConcurrentDictionary<TKey, TValue>());
            Volatile.Write(ref _young, new ConcurrentDictionary<TKey, TValue>());
            _weight = 0;
        }
    }

    private void Keep(TKey key, TValue value, long epoch, bool replace)
    {
        lock (_turn)
        {
            if (epoch != Epoch)
                return;
            if (replace && _young.TryRemove(key, out var former))
                _weight -= weigh(former);
            if (!_young.TryAdd(key, value))
                return;
            _weight += weigh(value);
            if (_weight <= bound / 2)
                return;
            Volatile.Write(ref _old, _young);
            Volatile.Write(ref _young, new ConcurrentDictionary<TKey, TValue>());
            _weight = 0;
        }
    }
}
