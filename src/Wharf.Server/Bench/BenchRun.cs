using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Wharf.Oci;

namespace Wharf.Server.Bench;

/// <summary>
/// Loads a registry, bounded in time and count, and checks what it serves. 1. A small image and blobs of the sizes that are read are
/// pushed. 2. Each workload runs with all clients until its bound. What was pushed stays: use a registry or a namespace of its own.
/// </summary>
internal sealed class BenchRun(BenchOptions options) : IDisposable
{
    private const int Small = 4 << 10;
    private const int Large = 256 << 20;
    private const int LayerBytes = 4 << 20;
    private readonly RegistryClient _client = new(options.Registry, options.User, options.Password);
    private readonly string _repository = $"{options.Namespace}/bench{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";

    public static IReadOnlyList<string> Names { get; } =
        ["manifest-tag", "manifest-digest", "blob-head", "blob-4k", "range-64k", "download-1", "download", "upload-64m-1", "upload-64m", "upload-4k", "mount", "push-known", "push-new"];

    private string Target => _repository + "-target";

    public async IAsyncEnumerable<WorkloadResult> RunAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await _client.SignInAsync([_repository, Target], ct);
        foreach (var workload in await PrepareAsync(ct))
        {
            // Tokens are short-lived, and the large workloads are not.
            await _client.SignInAsync([_repository, Target], ct);
            yield return await MeasureAsync(workload, ct);
        }
    }

    public void Dispose() => _client.Dispose();

    private bool Wants(string name) => options.Workloads.Count == 0 || options.Workloads.Contains(name);

    private async Task<List<Workload>> PrepareAsync(CancellationToken ct)
    {
        var (small, config) = (RandomNumberGenerator.GetBytes(Small), Encoding.UTF8.GetBytes("""{"architecture":"amd64","os":"linux"}"""));
        var (smallDigest, configDigest) = (Digest.Of(small), Digest.Of(config));
        var manifest = Manifest(configDigest, config.Length, [(smallDigest, Small)]);
        var manifestDigest = Digest.Of(manifest);
        await _client.PushBlobAsync(_repository, smallDigest, small, ct);
        await _client.PushBlobAsync(_repository, configDigest, config, ct);
        await _client.PutManifestAsync(_repository, "bench", manifest, ct);
        // The target exists, so that mounts do not measure its making.
        await _client.PushBlobAsync(Target, configDigest, config, ct);
        var (manifests, blobs) = ($"v2/{_repository}/manifests/", $"v2/{_repository}/blobs/");

        var large = Wants("download") || Wants("download-1") || Wants("range-64k") ? RandomNumberGenerator.GetBytes(Large) : [];
        var largeDigest = Digest.Of(large);
        if (large.Length > 0)
        {
            await _client.PushBlobAsync(_repository, largeDigest, large, ct);
            await _client.GetAsync(blobs + largeDigest, largeDigest, ct);
        }

        var chunk = Wants("upload-64m") || Wants("upload-64m-1") ? RandomNumberGenerator.GetBytes(64 << 20) : [];
        var all = new List<Workload>
        {
            new("manifest-tag", 0, 1_000_000, (_, c) => _client.GetAsync(manifests + "bench", manifestDigest, c)),
            new("manifest-digest", 0, 1_000_000, (_, c) => _client.GetAsync(manifests + manifestDigest, manifestDigest, c)),
            new("blob-head", 0, 1_000_000, async (_, c) => (await _client.SendAsync(HttpMethod.Head, blobs + smallDigest, HttpStatusCode.OK, null, c)).Dispose()),
            new("blob-4k", Small, 1_000_000, (_, c) => _client.GetAsync(blobs + smallDigest, smallDigest, c)),
            new("range-64k", 64 << 10, 1_000_000, async (i, c) =>
            {
                var start = i * 7919L * 4096 % (Large - (64 << 10));
                using var answer = await _client.SendAsync(HttpMethod.Get, blobs + largeDigest, HttpStatusCode.PartialContent, null, c, new RangeHeaderValue(start, start + (64 << 10) - 1));
                await RegistryClient.ReadAsync(answer, Digest.Of(large.AsSpan((int)start, 64 << 10)), c);
            }),
            new("download-1", Large, 40, (_, c) => ReadOnlyAsync(blobs + largeDigest, c), OneClient: true),
            new("download", Large, 80, (_, c) => ReadOnlyAsync(blobs + largeDigest, c)),
            new("upload-64m-1", 64 << 20, 24, (_, c) => PushOneAsync(chunk, c), OneClient: true),
            new("upload-64m", 64 << 20, 48, (_, c) => PushOneAsync(chunk, c)),
            new("upload-4k", Small, 20_000, async (_, c) =>
            {
                var content = RandomNumberGenerator.GetBytes(Small);
                await _client.PushBlobAsync(_repository, Digest.Of(content), content, c);
            }),
            new("mount", 0, 50_000, async (_, c) =>
                (await _client.SendAsync(HttpMethod.Post, $"v2/{Target}/blobs/uploads/?mount={smallDigest}&from={Uri.EscapeDataString(_repository)}", HttpStatusCode.Created, null, c)).Dispose()),
            new("push-known", 0, 20_000, async (i, c) =>
            {
                foreach (var digest in new[] { smallDigest, configDigest })
                    (await _client.SendAsync(HttpMethod.Head, blobs + digest, HttpStatusCode.OK, null, c)).Dispose();
                await _client.PutManifestAsync(_repository, $"known-{i % 64}", manifest, c);
            }),
            new("push-new", 3 * LayerBytes, 200, async (i, c) =>
            {
                var layers = Enumerable.Range(0, 3).Select(static _ => RandomNumberGenerator.GetBytes(LayerBytes)).Select(static l => (Content: l, Digest: Digest.Of(l))).ToList();
                await Task.WhenAll(layers.Select(l => _client.PushBlobAsync(_repository, l.Digest, l.Content, c)));
                await _client.PutManifestAsync(_repository, $"new-{i}", Manifest(configDigest, config.Length, [.. layers.Select(static l => (l.Digest, LayerBytes))]), c);
            }),
        };
        return [.. all.Where(w => Wants(w.Name))];
    }

    // Not hashed: on a machine that server and generator share, the generator's own hash would be what is measured. The digest was checked once before; lengths are checked each time.
    private async Task ReadOnlyAsync(string path, CancellationToken ct)
    {
        using var answer = await _client.SendAsync(HttpMethod.Get, path, HttpStatusCode.OK, null, ct);
        await using var body = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(256 << 10);
        long length = 0;
        int n;
        while ((n = await body.ReadAsync(buffer, ct)) > 0)
            length += n;
        System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
        if (length != Large)
            throw new BenchException($"{path} has {length} bytes in place of {Large}.");
    }

    // A blob that no one has: the same bytes with another end. Hashing the rest once for all would measure the server alone, but clients hash too.
    private async Task PushOneAsync(byte[] template, CancellationToken ct)
    {
        var content = (byte[])template.Clone();
        RandomNumberGenerator.Fill(content.AsSpan(content.Length - 16));
        await _client.PushBlobAsync(_repository, Digest.Of(content), content, ct);
    }

    private async Task<WorkloadResult> MeasureAsync(Workload workload, CancellationToken ct)
    {
        await workload.RunAsync(0, ct);
        var (next, latencies) = (0, new List<double>[workload.OneClient ? 1 : options.Clients]);
        var (cpu, started) = (CpuTime(), Stopwatch.GetTimestamp());
        await Task.WhenAll(latencies.Select((_, client) => Task.Run(async () =>
        {
            var mine = latencies[client] = [];
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < options.Seconds && Interlocked.Increment(ref next) is var i && i <= workload.MostOperations)
            {
                var at = Stopwatch.GetTimestamp();
                await workload.RunAsync(i, ct);
                mine.Add(Stopwatch.GetElapsedTime(at).TotalMilliseconds);
            }
        }, ct)));
        var (seconds, spent) = (Stopwatch.GetElapsedTime(started).TotalSeconds, CpuTime() - cpu);
        var sorted = latencies.SelectMany(static l => l).Order().ToArray();
        return new(workload.Name, sorted.Length, sorted.Length / seconds, sorted.Length * (double)workload.Bytes / 1048576 / seconds,
            sorted[sorted.Length / 2], sorted[(int)(sorted.Length * 0.99)], spent?.TotalMilliseconds / sorted.Length, Peak());
    }

    private TimeSpan? CpuTime()
    {
        if (options.Pid is not { } pid)
            return null;
        using var process = Process.GetProcessById(pid);
        return process.TotalProcessorTime;
    }

    private long? Peak()
    {
        if (options.Pid is not { } pid)
            return null;
        var line = File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/status")).First(static l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(':', StringSplitOptions.TrimEntries)[1].Split(' ')[0], CultureInfo.InvariantCulture) << 10;
    }

    private static byte[] Manifest(Digest config, int configSize, IReadOnlyList<(Digest Digest, int Size)> layers) => Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{config}}","size":{{configSize}}},"layers":["""
        + string.Join(',', layers.Select(static l => $$"""{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{l.Digest}}","size":{{l.Size}}}""")) + "]}");
}
