using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Wharf.Oci;
using Wharf.Server.Data;

namespace Wharf.Bench;

/// <summary>What does a hit cost, in the cache whose keys are those of blobs and manifests?</summary>
[MemoryDiagnoser]
public class CacheBench
{
    private const int Entries = 4096;
    private readonly Cache<(long, Digest), object> _cache = new(50_000, static _ => 1);
    private readonly Digest[] _digests = [.. Enumerable.Range(0, Entries).Select(static _ => Digest.Of(RandomNumberGenerator.GetBytes(8)))];
    private int _next;

    [GlobalSetup]
    public void Fill()
    {
        foreach (var digest in _digests)
            _cache.Add((1, digest), digest, _cache.Epoch);
    }

    [Benchmark]
    public object Hit() => _cache.TryGet((1, _digests[_next = (_next + 1) % Entries]), out var found) ? found : throw new InvalidOperationException("a miss");
}
