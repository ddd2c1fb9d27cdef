using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Repositories;

namespace Wharf.Bench;

/// <summary>
/// 1,000,000 blobs, 5,000,000 links, and a review due for each blob; a quarter of the blobs has no link. How much slower are pulls while
/// a server works that off at its default rate, and how fast does the collector get through it alone? On the PostgreSQL of
/// WHARF_BENCH_DATABASE (an empty database), or else on SQLite in a temporary directory. Both answers are printed.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 0, iterationCount: 1, invocationCount: 1)]
public class CollectorBench
{
    private const int Blobs = 1_000_000;
    private const int Links = 5_000_000;
    private const int Linked = Blobs * 3 / 4;
    private const int Repositories = 1000;
    private const int Batch = 1000;
    private static readonly TimeSpan s_asking = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("WHARF_BENCH_SECONDS") ?? "30", null));
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-collector-bench-").FullName;
    private readonly string? _connection = Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE");

    [GlobalSetup]
    public void Fill() => FillAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    /// <summary>Pulls of a manifest by its tag and of its layer, one after the other: first without the collector, then beside it, and so on.</summary>
    [Benchmark]
    public void PullsBesideItAndThenReviewsAlone()
    {
        PullsAsync().GetAwaiter().GetResult();
        ReviewsAsync().GetAwaiter().GetResult();
    }

    private async Task PullsAsync()
    {
        var (idle, busy) = (new List<double>(), new List<double>());
        for (var round = 0; round < 2; round++)
            foreach (var collects in (bool[])[false, true])
                (collects ? busy : idle).AddRange(await AskAsync(collects));
        idle.Sort();
        busy.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"// pulls: idle p50 {idle[idle.Count / 2]:F3} p99 {idle[idle.Count * 99 / 100]:F3} ms of {idle.Count}; beside the collector p50 {busy[busy.Count / 2]:F3} p99 {busy[busy.Count * 99 / 100]:F3} ms of {busy.Count}; ratio of p99 {busy[busy.Count * 99 / 100] / idle[idle.Count * 99 / 100]:F2}"));
    }

    private async Task<List<double>> AskAsync(bool collects)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(root.FullName, "Wharf.slnx")))
            root = root.Parent!;
        var start = new ProcessStartInfo(Path.Join(root.FullName, "wharf"), ["serve", "--data", _directory, "--listen", "http://127.0.0.1:0"]) { RedirectStandardOutput = true };
        start.Environment["WHARF_ADMIN_PASSWORD"] = "password1";
        start.Environment["WHARF__Limits__Enabled"] = "false";
        start.Environment["WHARF__GarbageCollection__Enabled"] = collects ? "true" : "false";
        start.Environment["WHARF__GarbageCollection__Every"] = "00:00:01";
        if (_connection is not null)
            start.Environment["WHARF__Database"] = _connection;
        using var server = Process.Start(start)!;
        const string Ready = "Wharf is ready at ";
        string? line;
        while ((line = await server.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
        {
        }
        using var client = new HttpClient { BaseAddress = new Uri((line ?? throw new InvalidOperationException("The server did not start."))[Ready.Length..].Trim()) };
        _ = server.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("admin:password1"u8));
        var layer = await PushAsync(client);
        var took = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < s_asking)
        {
            var asked = Stopwatch.GetTimestamp();
            using (var manifest = await client.GetAsync(new Uri("v2/admin/app/manifests/latest", UriKind.Relative)))
                manifest.EnsureSuccessStatusCode();
            using (var blob = await client.GetAsync(new Uri($"v2/admin/app/blobs/{layer}", UriKind.Relative)))
                blob.EnsureSuccessStatusCode();
            // The first two seconds warm everything up.
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(2))
                took.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
        server.Kill();
        await server.WaitForExitAsync();
        return took;
    }

    private static async Task<string> PushAsync(HttpClient client)
    {
        byte[][] blobs = ["{}"u8.ToArray(), new byte[4096]];
        foreach (var blob in blobs)
            using (var content = new ByteArrayContent(blob))
            using (var pushed = await client.PostAsync(new Uri($"v2/admin/app/blobs/uploads/?digest={Name(blob)}", UriKind.Relative), content))
                pushed.EnsureSuccessStatusCode();
        const string Type = "application/vnd.oci.image.manifest.v1+json";
        using var body = new StringContent($$"""
            {"schemaVersion":2,"mediaType":"{{Type}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Name(blobs[0])}}","size":2},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{Name(blobs[1])}}","size":4096}]}
            """, Encoding.UTF8, new MediaTypeHeaderValue(Type));
        using var put = await client.PutAsync(new Uri("v2/admin/app/manifests/latest", UriKind.Relative), body);
        put.EnsureSuccessStatusCode();
        return Name(blobs[1]);
    }

    private static string Name(byte[] blob) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(blob));

    private async Task ReviewsAsync()
    {
        await using var database = await OpenAsync();
        var lifetimes = new LifetimeOptions { Condemned = TimeSpan.Zero };
        var collector = new Collector(database, new ContentStore(database, null!, new ChangeRules([]), new RegistryOptions(), lifetimes, new QuotaOptions(), null!, TimeProvider.System), [], lifetimes);
        foreach (var kind in (string[])["blob", "link"])
        {
            var (reviewed, removed, longest, began) = (0L, 0L, TimeSpan.Zero, Stopwatch.GetTimestamp());
            while (true)
            {
                var batch = Stopwatch.GetTimestamp();
                var done = await collector.ReviewAsync(kind, Batch, CancellationToken.None);
                if (done.Reviewed == 0)
                    break;
                reviewed += done.Reviewed;
                removed += done.Removed;
                if (Stopwatch.GetElapsedTime(batch) is var time && time > longest)
                    longest = time;
            }
            var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// {kind}: {reviewed} reviews, {removed} removed, in {seconds:F1} s: {reviewed / seconds:F0} a second; the longest batch of {Batch} took {longest.TotalMilliseconds:F0} ms"));
        }
    }

    private async Task<Database> OpenAsync() => _connection is not null
        ? await PostgresDatabase.OpenAsync(_connection, TimeProvider.System, CancellationToken.None)
        : new SqliteDatabase(Path.Join(_directory, "wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

    private async Task FillAsync()
    {
        await using var database = await OpenAsync();
        if (await database.OneAsync("SELECT 1 FROM namespace LIMIT 1", static r => r.GetInt32(0), CancellationToken.None) == 1)
            return;
        await database.WriteAsync(async tx =>
        {
            await tx.ExecuteAsync("INSERT INTO namespace (name, kind, created_ms) VALUES ('bench', 'organization', 1)");
            for (var i = 1; i <= Repositories; i++)
                await tx.ExecuteAsync("INSERT INTO repository (namespace_id, name, public, description, created_ms) SELECT id, @name, 0, '', 1 FROM namespace WHERE name = 'bench'", ("name", $"r{i}"));
            return 0;
        }, CancellationToken.None);
        const int Chunk = 100_000;
        for (var at = 0; at < Blobs; at += Chunk)
        {
            var digests = Enumerable.Range(at, Chunk).Select(Digest).ToList();
            await AppendAsync(database, "blob", ["digest", "size", "state"], digests.Select(static d => new object?[] { d, 1000L, "live" }));
            await AppendAsync(database, "blob_placement", ["digest", "location", "storage_key", "state"], digests.Select(static d => new object?[] { d, StorageOptions.Local, $"{d[0]:x2}/{Convert.ToHexStringLower(d.AsSpan(1, 15))}", "present" }));
            await AppendAsync(database, "gc_review", ["kind", "namespace_id", "repository_id", "digest", "due_ms"], digests.Select(static d => new object?[] { "blob", 0L, 0L, d, 1L }));
        }
        for (var at = 0; at < Links; at += Chunk)
            await AppendAsync(database, "repository_blob", ["namespace_id", "repository_id", "digest", "linked_ms", "origin"],
                Enumerable.Range(at, Chunk).Select(static i => new object?[] { 1L, 1L + (((i / Linked) + (i % Linked * 7L)) % Repositories), Digest(i % Linked), 1L, "pushed" }));
        // Links whose manifests are gone, too; each of them leads to another review of its blob.
        await AppendAsync(database, "gc_review", ["kind", "namespace_id", "repository_id", "digest", "due_ms"],
            Enumerable.Range(0, Chunk).Select(static i => new object?[] { "link", 1L, 1L + (i * 7L % Repositories), Digest(i), 1L }));
        if (_connection is not null)
            await database.WriteAsync(static tx => tx.ExecuteAsync("ANALYZE"), CancellationToken.None);
    }

    private static Task<int> AppendAsync(Database database, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) => database.WriteAsync(async tx =>
    {
        await tx.AppendAsync(table, columns, [.. rows]);
        return 0;
    }, CancellationToken.None);

    private static byte[] Digest(int i) => SHA256.HashData(BitConverter.GetBytes(i));
}
