using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Pruning;
using Wharf.Server.Repositories;

namespace Wharf.Bench;

/// <summary>
/// A repository with 1,000,000 tags: how long does a preview of a policy take, asked by HTTP of a started server; how much slower are
/// pulls by tag while a policy takes them at the default rate; and how fast does a policy take them alone? On the PostgreSQL of
/// WHARF_BENCH_DATABASE (an empty database), or else on SQLite in a temporary directory. The answers are printed.
/// </summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 0, iterationCount: 1, invocationCount: 1)]
public class PruneBench
{
    private static readonly int Tags = int.Parse(Environment.GetEnvironmentVariable("WHARF_BENCH_TAGS") ?? "1000000", null);
    private const int Manifests = 10_000;
    private const string Repository = "admin/app";
    private const string Preview = $"api/v1/repository/{Repository}/autoprunepolicy/preview";
    private static readonly TimeSpan s_asking = TimeSpan.FromSeconds(int.Parse(Environment.GetEnvironmentVariable("WHARF_BENCH_SECONDS") ?? "20", null));
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-prune-bench-").FullName;
    private readonly string? _connection = Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE");

    [GlobalSetup]
    public void Fill() => FillAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Remove() => Directory.Delete(_directory, recursive: true);

    [Benchmark]
    public void Previews() => PreviewsAsync().GetAwaiter().GetResult();

    [Benchmark]
    public void PullsBesideIt() => PullsAsync().GetAwaiter().GetResult();

    [Benchmark]
    public void Alone() => AloneAsync().GetAwaiter().GetResult();

    private async Task PreviewsAsync()
    {
        using (var server = await StartAsync(prunes: false))
        {
            foreach (var policy in (string[])
            [
                """{"method":"number_of_tags","value":10}""", """{"method":"number_of_tags","value":10,"tagPattern":"^dev-[0-9]+$"}""", """{"method":"creation_date","value":"30d","keep":{"semver":true}}""",
                """{"method":"number_of_tags","value":3,"groupBy":"^([a-z]+)-"}""", """{"method":"last_pulled","value":"30d"}""",
            ])
            {
                var took = new List<double>();
                for (var i = 0; i < 5; i++)
                {
                    var began = Stopwatch.GetTimestamp();
                    using var body = new StringContent(policy, Encoding.UTF8, "application/json");
                    using var answer = await server.Client.PostAsync(new Uri(Preview, UriKind.Relative), body);
                    answer.EnsureSuccessStatusCode();
                    took.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
                    if (i == 0)
                        using (var shown = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()))
                            Console.WriteLine($"// {policy}: {shown.RootElement.GetProperty("counts")}");
                }
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// preview {policy}: first {took[0]:F2} s, then {took.Skip(1).Min():F2} to {took.Skip(1).Max():F2} s"));
            }
        }
    }

    private async Task PullsAsync()
    {
        var (idle, busy) = (new List<double>(), new List<double>());
        for (var round = 0; round < 2; round++)
            foreach (var prunes in (bool[])[false, true])
                (prunes ? busy : idle).AddRange(await PullAsync(prunes));
        idle.Sort();
        busy.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"// pulls: idle p50 {idle[idle.Count / 2]:F3} p99 {idle[idle.Count * 99 / 100]:F3} ms of {idle.Count}; beside the pruning p50 {busy[busy.Count / 2]:F3} p99 {busy[busy.Count * 99 / 100]:F3} ms of {busy.Count}; ratio of p99 {busy[busy.Count * 99 / 100] / idle[idle.Count * 99 / 100]:F2}"));
    }

    private async Task<List<double>> PullAsync(bool prunes)
    {
        using var server = await StartAsync(prunes);
        var before = await LiveAsync(server);
        var took = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < s_asking)
        {
            var asked = Stopwatch.GetTimestamp();
            using (var manifest = await server.Client.GetAsync(new Uri($"v2/{Repository}/manifests/latest", UriKind.Relative)))
                manifest.EnsureSuccessStatusCode();
            // The first two seconds warm everything up.
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(2))
                took.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
        }
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var gone = before - await LiveAsync(server);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// {took.Count} pulls in {seconds:F1} s, {gone} tags pruned beside them: {gone / seconds:F0} a second"));
        return took;
    }

    // The policy in force takes nothing in a preview's count but what is left.
    private static async Task<long> LiveAsync(Server server)
    {
        using var body = new StringContent("""{"method":"number_of_tags","value":2000000000}""", Encoding.UTF8, "application/json");
        using var answer = await server.Client.PostAsync(new Uri(Preview, UriKind.Relative), body);
        using var shown = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return shown.RootElement.GetProperty("counts").GetProperty("tags").GetInt64();
    }

    private async Task AloneAsync()
    {
        await using var database = await OpenAsync();
        var lifetimes = new LifetimeOptions();
        var content = new ContentStore(database, null!, new ChangeRules([]), new RegistryOptions(), lifetimes, new QuotaOptions(), null!, TimeProvider.System);
        using var pruner = new Pruner(content, new PrunePolicyStore(database), new PruningOptions(), TimeProvider.System);
        var ns = await database.OneAsync("SELECT id FROM namespace WHERE name = 'admin'", static r => r.GetInt64(0), CancellationToken.None);
        var began = Stopwatch.GetTimestamp();
        var done = await pruner.RunAsync(ns, "admin", null, null, CancellationToken.None);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// alone: {done.Tags} tags in {seconds:F1} s: {done.Tags / seconds:F0} a second"));
    }

    private async Task<Server> StartAsync(bool prunes)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(root.FullName, "Wharf.slnx")))
            root = root.Parent!;
        var start = new ProcessStartInfo(Path.Join(root.FullName, "wharf"), ["serve", "--data", _directory, "--listen", "http://127.0.0.1:0"]) { RedirectStandardOutput = true };
        start.Environment["WHARF_ADMIN_PASSWORD"] = "password1";
        start.Environment["WHARF__Limits__Enabled"] = "false";
        start.Environment["WHARF__GarbageCollection__Enabled"] = "false";
        start.Environment["WHARF__Pruning__Enabled"] = prunes ? "true" : "false";
        start.Environment["WHARF__Pruning__Every"] = "00:00:01";
        start.Environment["WHARF__Pruning__LookEvery"] = "00:00:01";
        if (_connection is not null)
            start.Environment["WHARF__Database"] = _connection;
        var process = Process.Start(start)!;
        const string Ready = "Wharf is ready at ";
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
        {
        }
        var client = new HttpClient { BaseAddress = new Uri((line ?? throw new InvalidOperationException("The server did not start."))[Ready.Length..].Trim()) };
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String("admin:password1"u8));
        return new Server(process, client);
    }

    private async Task<Database> OpenAsync() => _connection is not null
        ? await PostgresDatabase.OpenAsync(_connection, TimeProvider.System, CancellationToken.None)
        : new SqliteDatabase(Path.Join(_directory, "wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);

    private async Task FillAsync()
    {
        // It makes the account, and the repository with the image that is pulled.
        using (var server = await StartAsync(prunes: false))
            await PushAsync(server.Client);
        await using var database = await OpenAsync();
        var (ns, repo, now) = await database.OneAsync("SELECT r.namespace_id, r.id, now_ms() FROM repository r", static r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), CancellationToken.None);
        await AppendAsync(database, "manifest_link", ["namespace_id", "repository_id", "digest", "media_type", "linked_ms", "origin", "pinned_ms"],
            Enumerable.Range(0, Manifests).Select(i => new object?[] { ns, repo, Digest(i), "application/vnd.oci.image.manifest.v1+json", now, "pushed", 0L }));
        await AppendAsync(database, "manifest", ["digest", "content"], Enumerable.Range(0, Manifests).Select(static i => new object?[] { Digest(i), "{}"u8.ToArray() }));
        const int Chunk = 50_000;
        for (var at = 0; at < Tags; at += Chunk)
            await AppendAsync(database, "tag", ["namespace_id", "repository_id", "name", "digest", "started_ms", "started_by"],
                Enumerable.Range(at, Chunk).Select(i => new object?[] { ns, repo, i % 10 == 0 ? $"v1.{i}.0" : $"dev-{i}", Digest(i % Manifests), now - ((long)(Tags - i) * 8640L), ns }));
        await AppendAsync(database, "pull_count", ["namespace_id", "repository_id", "tag", "digest", "pulls", "last_ms"],
            Enumerable.Range(0, Tags / 10).Select(i => new object?[] { ns, repo, $"dev-{i * 10 + 1}", Array.Empty<byte>(), 1L, now - i * 86_400L }));
        await database.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO prune_policy (uuid, namespace_id, repository_id, policy, created_ms) VALUES ('b', @ns, 0, @policy, 1)",
            ("ns", ns), ("policy", """{"method":"number_of_tags","value":10,"tagPattern":"^latest$","tagPatternMatches":false}""")), CancellationToken.None);
        if (_connection is not null)
            foreach (var statement in (string[])["ANALYZE"])
                await database.WriteAsync(tx => tx.ExecuteAsync(statement), CancellationToken.None);
    }

    private static async Task PushAsync(HttpClient client)
    {
        byte[][] blobs = ["{}"u8.ToArray(), new byte[4096]];
        foreach (var blob in blobs)
            using (var content = new ByteArrayContent(blob))
            using (var pushed = await client.PostAsync(new Uri($"v2/{Repository}/blobs/uploads/?digest={Name(blob)}", UriKind.Relative), content))
                pushed.EnsureSuccessStatusCode();
        const string Type = "application/vnd.oci.image.manifest.v1+json";
        using var body = new StringContent($$"""
            {"schemaVersion":2,"mediaType":"{{Type}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Name(blobs[0])}}","size":2},
             "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{Name(blobs[1])}}","size":4096}]}
            """, Encoding.UTF8, new MediaTypeHeaderValue(Type));
        using var put = await client.PutAsync(new Uri($"v2/{Repository}/manifests/latest", UriKind.Relative), body);
        put.EnsureSuccessStatusCode();
    }

    private static string Name(byte[] blob) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(blob));

    private static Task<int> AppendAsync(Database database, string table, IReadOnlyList<string> columns, IEnumerable<object?[]> rows) => database.WriteAsync(async tx =>
    {
        await tx.AppendAsync(table, columns, [.. rows]);
        return 0;
    }, CancellationToken.None);

    private static byte[] Digest(int i) => SHA256.HashData(BitConverter.GetBytes(i));

    private sealed class Server(Process process, HttpClient client) : IDisposable
    {
        public HttpClient Client => client;

        public void Dispose()
        {
            client.Dispose();
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
