using System.Collections.Concurrent;
using System.Net;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Auth;

/// <summary>
/// Slows down guessing: each (account, address) has a bucket of wrong tries that refills with time, and each address a larger one.
/// Nobody is locked out for good, and what was verified before (tokens, remembered passwords) never comes here. Robots have only the
/// first: their tokens cannot be guessed, and one with an old token must not hold up the others behind the same address.
/// </summary>
internal sealed class LoginThrottle(AuthOptions options, TimeProvider clock)
{
    private const int AddressFactor = 5;
    private const int MaxBuckets = 20_000;
    private readonly ConcurrentDictionary<(string, IPAddress), Bucket> _buckets = new();

    /// <summary>Seconds to wait before the next try, or 0.</summary>
    public int Wait(string account, IPAddress? address, bool isRobot = false)
    {
        var network = ClientNetwork.Of(address);
        var own = Wait((account, network), options.LoginBurst);
        return isRobot ? own : Math.Max(own, Wait(("", network), options.LoginBurst * AddressFactor));
    }

    public void Failed(string account, IPAddress? address, bool isRobot = false)
    {
        var network = ClientNetwork.Of(address);
        Count((account, network));
        if (!isRobot)
            Count(("", network));
        if (_buckets.Count > MaxBuckets)
            Forget();
    }

    public void Succeeded(string account, IPAddress? address) => _buckets.TryRemove((account, ClientNetwork.Of(address)), out _);

    private int Wait((string, IPAddress) key, int burst)
    {
        if (!_buckets.TryGetValue(key, out var bucket))
            return 0;
        var over = bucket.Level(clock.GetUtcNow(), options.LoginRefillSeconds) - burst;
        return over <= -1 ? 0 : (int)Math.Ceiling((over + 1) * options.LoginRefillSeconds);
    }

    private void Count((string, IPAddress) key)
    {
        var now = clock.GetUtcNow();
        _buckets.AddOrUpdate(key, _ => new Bucket(1, now), (_, b) => new Bucket(b.Level(now, options.LoginRefillSeconds) + 1, now));
    }

    private void Forget()
    {
        var now = clock.GetUtcNow();
        foreach (var (key, bucket) in _buckets)
            if (bucket.Level(now, options.LoginRefillSeconds) <= 0)
                _buckets.TryRemove(key, out _);
        // Still too many: an attack from very many addresses. Memory is worth more than its counters.
        if (_buckets.Count > MaxBuckets)
            _buckets.Clear();
    }

    private readonly record struct Bucket(double Failures, DateTimeOffset At)
    {
        public double Level(DateTimeOffset now, int refillSeconds) => Math.Max(0, Failures - (now - At).TotalSeconds / refillSeconds);
    }
}
