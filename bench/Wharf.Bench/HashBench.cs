using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Wharf.Oci;
using Wharf.Storage;

namespace Wharf.Bench;

/// <summary>Does the hash that can be saved and resumed cost more than the platform's?</summary>
[MemoryDiagnoser]
public class HashBench
{
    private byte[] _content = [];

    [Params(4 << 10, 1 << 20)] public int Bytes { get; set; }

    [Params(DigestAlgorithm.Sha256, DigestAlgorithm.Sha512)] public DigestAlgorithm Algorithm { get; set; }

    [GlobalSetup]
    public void Make() => _content = RandomNumberGenerator.GetBytes(Bytes);

    [Benchmark(Baseline = true)]
    public byte[] Platform()
    {
        using var hash = IncrementalHash.CreateHash(Algorithm == DigestAlgorithm.Sha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA512);
        hash.AppendData(_content);
        return hash.GetHashAndReset();
    }

    [Benchmark]
    public Digest Resumable()
    {
        using var hash = new ResumableHash(Algorithm);
        hash.Append(_content);
        return hash.Finish();
    }
}
