using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using Wharf.Oci;

namespace Wharf.Bench;

/// <summary>What does it cost to check a pushed manifest?</summary>
[MemoryDiagnoser]
public class ManifestBench
{
    private byte[] _manifest = [];

    [Params(1, 10, 100)] public int Layers { get; set; }

    [GlobalSetup]
    public void Make()
    {
        var layers = Enumerable.Range(0, Layers).Select(static _ =>
            $$"""{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{Digest.Of(RandomNumberGenerator.GetBytes(8))}}","size":4096}""");
        _manifest = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.Of("{}"u8)}}","size":2},"layers":[{{string.Join(',', layers)}}]}""");
    }

    [Benchmark]
    public Manifest Parse() => Manifest.TryParse(_manifest, MediaTypes.OciManifest, out var manifest, out var problem) ? manifest : throw new InvalidOperationException(problem);
}
