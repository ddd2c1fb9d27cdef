using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;

namespace Wharf.Bench;

/// <summary>
/// How long do pages of a repository with 100,000 live tags and 1,000,000 ended ones take, asked by HTTP of a started server, one request
/// after the other? On the PostgreSQL of WHARF_BENCH_DATABASE (an empty database; it is filled once, in a minute), or else on SQLite in a
/// temporary directory. The percentiles of all requests come at the end.
/// </summary>
[MaxColumn, MedianColumn]
public class TagBench
{
    private const int Live = 100_000;
    private const int Ended = 1_000_000;
    private const int Manifests = 1000;
    private const string Tags = "/api/v1/repository/big/app/tag/";
    // Filled once for all benchmarks of the run.
    private static readonly Lazy<string> s_directory = new(static () =>
    {
        var directory = Directory.CreateTempSubdirectory("wharf-tag-bench-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        return directory;
    });
    private readonly Dictionary<string, List<double>> _took = [];
    private readonly Random _random = new(1);
    private Process _server = null!;
    private HttpClient _client = null!;
    private string _next = "";
    private string _nextOfOne = "";

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        var connection = Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE");
        await using (Database database = connection is not null
            ? await PostgresDatabase.OpenAsync(connection, TimeProvider.System, CancellationToken.None)
            : new SqliteDatabase(Path.Join(s_directory.Value, "wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance))
            await FillAsync(database);
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Join(root.FullName, "Wharf.slnx")))
            root = root.Parent!;
        var start = new ProcessStartInfo(Path.Join(root.FullName, "wharf"), ["serve", "--data", s_directory.Value, "--listen", "http://127.0.0.1:0"]) { RedirectStandardOutput = true };
        start.Environment["WHARF__Accounts__InitialAdmin"] = "false";
        // As fast as one connection can is more than a client's share.
        start.Environment["WHARF__Limits__Enabled"] = "false";
        if (connection is not null)
            start.Environment["WHARF__Database"] = connection;
        _server = Process.Start(start)!;
        const string Ready = "Wharf is ready at ";
        string? line;
        while ((line = await _server.StandardOutput.ReadLineAsync()) is not null && !line.StartsWith(Ready, StringComparison.Ordinal))
        {
        }
        _client = new HttpClient { BaseAddress = new Uri((line ?? throw new InvalidOperationException("The server did not start."))[Ready.Length..].Trim()) };
        // The rest of what it says is read by nobody.
        _ = _server.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
    }

    [GlobalCleanup]
    public void Close()
    {
        foreach (var (name, took) in _took)
        {
            took.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// {name}: {took.Count} requests, p50 {took[took.Count / 2]:F2} ms, p99 {took[took.Count * 99 / 100]:F2} ms, longest {took[^1]:F2} ms"));
        }
        _client.Dispose();
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
    }

    [Benchmark]
    public Task FirstPageOfLiveTags() => AskAsync(nameof(FirstPageOfLiveTags), "?onlyActiveTags=true&limit=100");

    [Benchmark]
    public Task FirstPageOfHistory() => AskAsync(nameof(FirstPageOfHistory), "?limit=100");

    /// <summary>A page from anywhere, as next_page goes on there.</summary>
    [Benchmark]
    public Task AnyPageOfHistory() => AskAsync(nameof(AnyPageOfHistory), $"?limit=100&next_page={2_000_000 + _random.Next(Ended)}.t1");

    [Benchmark]
    public Task AnyPageOfLiveTags() => AskAsync(nameof(AnyPageOfLiveTags), $"?onlyActiveTags=true&limit=100&next_page={5_000_000 + _random.Next(Live)}.t1");

    /// <summary>From page to page, from the newest on.</summary>
    [Benchmark]
    public async Task PageAfterPage() => _next = await AskAsync(nameof(PageAfterPage), "?limit=100" + _next);

    /// <summary>The same of one tag that was moved 100,000 times.</summary>
    [Benchmark]
    public async Task PageAfterPageOfOneTag() => _nextOfOne = await AskAsync(nameof(PageAfterPageOfOneTag), "?limit=100&specificTag=latest" + _nextOfOne);

    /// <summary>What no index finds: all names of what lives are read.</summary>
    [Benchmark]
    public Task PartOfNamesOfLiveTags() => AskAsync(nameof(PartOfNamesOfLiveTags), $"?onlyActiveTags=true&limit=100&filter_tag_name=like:t{_random.Next(Live)}");

    private async Task<string> AskAsync(string name, string query)
    {
        var began = Stopwatch.GetTimestamp();
        var body = await _client.GetByteArrayAsync(new Uri(Tags + query, UriKind.Relative));
        if (!_took.TryGetValue(name, out var took))
            _took[name] = took = [];
        took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        using var page = JsonDocument.Parse(body);
        return page.RootElement.TryGetProperty("next_page", out var next) ? $"&next_page={next.GetString()}" : "";
    }

    private static async Task FillAsync(Database database)
    {
        if (await database.OneAsync("SELECT 1 FROM namespace WHERE name = 'big'", static r => r.GetInt32(0), CancellationToken.None) == 1)
            return;
        await database.WriteAsync(async tx =>
        {
            var ns = await tx.OneAsync("INSERT INTO namespace (name, kind, created_ms) VALUES ('big', 'organization', 1) RETURNING id", static r => r.GetInt64(0));
            var repo = await tx.OneAsync("INSERT INTO repository (namespace_id, name, public, description, created_ms) VALUES (@ns, 'app', 1, '', 1) RETURNING id", static r => r.GetInt64(0), ("ns", ns));
            await tx.AppendAsync("manifest_link", ["namespace_id", "repository_id", "digest", "media_type", "linked_ms", "origin", "pinned_ms"],
                [.. Enumerable.Range(0, Manifests).Select(i => new object?[] { ns, repo, DigestOf(i), "application/vnd.oci.image.manifest.v1+json", (long)i, "pushed", 0L })]);
            await tx.AppendAsync("manifest_ref", ["namespace_id", "repository_id", "manifest", "digest", "size", "kind"],
                [.. Enumerable.Range(0, Manifests * 10).Select(i => new object?[] { ns, repo, DigestOf(i / 10), DigestOf(1_000_000 + i), 1000L + i, "blob" })]);
            string[] columns = ["namespace_id", "repository_id", "name", "digest", "started_ms", "ended_ms", "started_by"];
            // A tenth of the history is that of one tag.
            foreach (var chunk in Enumerable.Range(0, Ended).Chunk(50_000))
                await tx.AppendAsync("tag", columns, [.. chunk.Select(i => new object?[] { ns, repo, i % 10 == 0 ? "latest" : $"t{i % Live}", DigestOf(i % Manifests), 2_000_000L + i, 2_000_001L + i, ns })]);
            await tx.AppendAsync("tag", columns, [.. Enumerable.Range(0, Live).Select(i => new object?[] { ns, repo, $"t{i}", DigestOf(i % Manifests), 5_000_000L + i, null, ns })]);
            return 0;
        }, CancellationToken.None);
        if (database is PostgresDatabase)
            await database.WriteAsync(static tx => tx.ExecuteAsync("ANALYZE"), CancellationToken.None);
    }

    private static byte[] DigestOf(int number)
    {
        var digest = new byte[32];
        BitConverter.TryWriteBytes(digest, number);
        return digest;
    }
}
