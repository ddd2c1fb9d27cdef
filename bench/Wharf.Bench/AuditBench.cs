using System.Globalization;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Wharf.Oci;
using Wharf.Server.Audit;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;

namespace Wharf.Bench;

/// <summary>
/// What does an entry cost, and how long do the usual questions take over 5,000,000 of them (WHARF_BENCH_AUDIT_ROWS) of 60 days? On the
/// PostgreSQL of WHARF_BENCH_DATABASE (an empty database; it is filled once, in minutes), or else on SQLite in a temporary directory.
/// </summary>
[MemoryDiagnoser, MaxColumn, MedianColumn]
public class AuditBench
{
    private const int Days = 60;
    private const int Organizations = 200;
    private const int Repositories = 2000;
    private const int Accounts = 500;
    private readonly SlidingClock _clock = new();
    private readonly Random _random = new(1);
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-audit-bench-").FullName;
    private Database _database = null!;
    private Database _trail = null!;
    private AuditWriter _writer = null!;
    private LogStore _logs = null!;

    [GlobalSetup]
    public void Open() => OpenAsync().GetAwaiter().GetResult();

    private async Task OpenAsync()
    {
        if (Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE") is { } connection)
            _database = _trail = await PostgresDatabase.OpenAsync(connection, TimeProvider.System, CancellationToken.None);
        else
        {
            _database = new SqliteDatabase(Path.Join(_directory, "wharf.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance);
            _trail = new SqliteDatabase(Path.Join(_directory, "audit.db"), TimeProvider.System, NullLogger<SqliteDatabase>.Instance, Migration.Audit(), durable: false);
        }
        var audit = new AuditDatabase();
        audit.Open(_trail, owned: false);
        var store = new AuditStore(audit);
        _writer = new AuditWriter(store, new AuditOptions(), _clock, NullLogger<AuditWriter>.Instance);
        _logs = new LogStore(_database, audit, store);
        var rows = int.Parse(Environment.GetEnvironmentVariable("WHARF_BENCH_AUDIT_ROWS") ?? "5000000", CultureInfo.InvariantCulture);
        if (await _trail.OneAsync("SELECT 1 FROM audit_entry LIMIT 1", static r => r.GetInt32(0), CancellationToken.None) == 1)
            return;
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < rows; i += 1000)
        {
            _clock.Now = SlidingClock.End - TimeSpan.FromDays(Days) * (1 - (double)i / rows);
            await Batch();
        }
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"// filled {rows} entries in {seconds:F1} s, {rows / seconds:F0} a second"));
        if (_trail is PostgresDatabase)
        {
            await using var source = NpgsqlDataSource.Create(Environment.GetEnvironmentVariable("WHARF_BENCH_DATABASE")!);
            await using var analyze = source.CreateCommand("ANALYZE");
            await analyze.ExecuteNonQueryAsync();
        }
        _clock.Now = SlidingClock.End;
    }

    [GlobalCleanup]
    public void Close()
    {
        _trail.DisposeAsync().AsTask().GetAwaiter().GetResult();
        if (!ReferenceEquals(_trail, _database))
            _database.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _writer.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>1,000 pulls, from the queue to the commit.</summary>
    [Benchmark(OperationsPerInvoke = 1000)]
    public async Task Batch()
    {
        var at = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        for (var i = 0; i < 1000; i++)
        {
            // A fifth of everything happens in the first organization, and one image of it is what everyone pulls.
            var repository = _random.Next(5) == 0 ? _random.Next(10) : _random.Next(Repositories);
            var account = 1 + _random.Next(Accounts);
            var isChange = _random.Next(50) == 0;
            _writer.Add(new AuditEntry(isChange ? "push_repo" : "pull_repo", isChange ? AuditClass.Change : AuditClass.Read, at, 1000 + repository % Organizations, repository + 1, new AuditPerson(account, "robot", "192.0.2.1", "podman/5"))
            {
                Digest = Image(_random.Next(1000) == 0 ? 0 : _random.Next(20_000)),
                Metadata = """{"repo":"app","tag":"latest","mediaType":"application/vnd.oci.image.manifest.v1+json","auth_type":"robot_token","request_id":"0011223344556677"}""",
            });
        }
        await _writer.FlushAsync(CancellationToken.None);
    }

    /// <summary>Who pulled this digest, of all time?</summary>
    [Benchmark]
    public Task<int> WhoPulledThisDigest() => AllAsync(new LogQuery(0, long.MaxValue) { Filter = new() { Digest = Image(0), Kinds = ["pull_repo"] }, Count = 100 });

    /// <summary>What did this robot do last month? Its first page of 100.</summary>
    [Benchmark]
    public async Task<int> WhatDidThisRobotDoLastMonth() =>
        (await _logs.ListAsync(new LogQuery(SlidingClock.End.AddDays(-30).ToUnixTimeMilliseconds(), long.MaxValue) { Filter = new() { Performers = [7] }, Count = 100 }, CancellationToken.None)).Entries.Count;

    /// <summary>All changes to this organization, the busiest, last month: 100 of them.</summary>
    [Benchmark]
    public async Task<int> ChangesToThisOrganization() =>
        (await _logs.ListAsync(new LogQuery(SlidingClock.End.AddDays(-30).ToUnixTimeMilliseconds(), long.MaxValue) { NamespaceId = 1000, Filter = new() { Changes = true }, Count = 100 }, CancellationToken.None)).Entries.Count;

    [Benchmark]
    public async Task<int> FirstPageOfTheRegistry() => (await _logs.ListAsync(new LogQuery(0, long.MaxValue), CancellationToken.None)).Entries.Count;

    [Benchmark]
    public async Task<int> ChartOfAnOrganizationLastMonth() =>
        (await _logs.CountAsync(new LogQuery(SlidingClock.End.AddDays(-30).ToUnixTimeMilliseconds(), long.MaxValue) { NamespaceId = 1100 }, CancellationToken.None)).Count;

    private static Digest Image(int number) => Digest.Of(BitConverter.GetBytes(number));

    private async Task<int> AllAsync(LogQuery query)
    {
        for (var count = 0; ;)
        {
            var page = await _logs.ListAsync(query, CancellationToken.None);
            count += page.Entries.Count;
            if (page.Next is not { } next)
                return count;
            query = query with { Before = next };
        }
    }

    private sealed class SlidingClock : TimeProvider
    {
        public static readonly DateTimeOffset End = new(2026, 6, 30, 12, 0, 0, TimeSpan.Zero);

        public DateTimeOffset Now { get; set; } = End;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
