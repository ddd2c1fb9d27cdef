using BenchmarkDotNet.Attributes;
using Wharf.Oci;
using Wharf.Server.Distribution;

namespace Wharf.Bench;

/// <summary>What does it cost to find a repository name in a path?</summary>
[MemoryDiagnoser]
public class RoutingBench
{
    private readonly string _path = $"/v2/organization/team/application/blobs/{Digest.Of("content"u8)}";

    [Benchmark]
    public string Split() => OciRouting.TrySplit(_path, out var name, out var rest) && rest.Length > 0 ? name : throw new InvalidOperationException("no route");

    [Benchmark]
    public RepositoryName SplitAndParse() =>
        OciRouting.TrySplit(_path, out var name, out _) && RepositoryName.TryParse(name, "library", out var repository) ? repository : throw new InvalidOperationException("no name");
}
