using BenchmarkDotNet.Attributes;
using Wharf.Oci;

namespace Wharf.Bench;

/// <summary>What do digests cost on the way in, on the way out, and as a key?</summary>
[MemoryDiagnoser]
public class DigestBench
{
    private readonly string _text = Digest.Of("content"u8).ToString();
    private readonly Digest _digest = Digest.Of("content"u8);
    private readonly Digest _same = Digest.Of("content"u8);

    [Benchmark]
    public Digest Parse() => Digest.Parse(_text);

    [Benchmark]
    public string Format() => _digest.ToString();

    [Benchmark]
    public bool HashAndEquals() => _digest.GetHashCode() == _same.GetHashCode() && _digest.Equals(_same);
}
