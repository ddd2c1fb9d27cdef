using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;
using Wharf.Storage;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Server.Data;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>
/// The slices of the server in the test's process, without HTTP and without anything that runs by itself, on a database and a store of
/// their own and with a clock that only the test moves: the one of the process, and on PostgreSQL the database's, too.
/// </summary>
internal sealed class Laboratory : IAsyncDisposable
{
    public static readonly LifetimeOptions Lifetimes = new() { Grace = TimeSpan.FromHours(1), Condemned = TimeSpan.FromHours(2) };

    private readonly string _root;
    private readonly string? _postgres;
    private readonly (string? Find, string Replace) _spoil;
    private int _met;
    private WebApplication? _app;
    private SpoiltDatabase? _database;

    private Laboratory(string root, string? postgres, (string? Find, string Replace) spoil, IBlobDriver store)
    {
        _root = root;
        _postgres = postgres;
        _spoil = spoil;
        Store = store;
        Disk = new FailingDriver(Store);
    }

    public LabClock Clock { get; } = new();

    /// <summary>What the slices have.</summary>
    public FailingDriver Disk { get; }

    /// <summary>The same for the test's own looks, which never fail.</summary>
    public IBlobDriver Store { get; }

    public SpoiltDatabase Db => _database!;

    /// <summary>How often the SQL that is spoilt was met, before crashes too.</summary>
    public int Met => _met + Db.Met;

    public IServiceProvider Services => _app!.Services;

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();

    /// <param name="spoil">SQL to be found, and what it becomes.</param>
    public static async Task<Laboratory> StartAsync((string? Find, string Replace) spoil = default)
    {
        var root = Directory.CreateTempSubdirectory("wharf-lab-").FullName;
        var lab = new Laboratory(root, PostgresServer.ForEveryRegistry ? await PostgresServer.CreateDatabaseAsync() : null, spoil, await StoreUnderTest.OpenAsync(Path.Join(root, "storage")));
        await lab.OpenAsync();
        if (lab._postgres is not null)
            await lab.RunAsync($"""
                CREATE TABLE lab_clock (at BIGINT); INSERT INTO lab_clock VALUES ({lab.Clock.NowMs});
                CREATE OR REPLACE FUNCTION now_ms() RETURNS BIGINT LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT at FROM lab_clock $$
                """);
        return lab;
    }

    /// <summary>All that this process remembers is gone, as after a crash; what it had begun is not.</summary>
    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    public async Task AdvanceAsync(TimeSpan by)
    {
        Clock.Advance(by);
        if (_postgres is not null)
            await RunAsync($"UPDATE lab_clock SET at = {Clock.NowMs}");
        Hear();
    }

    /// <summary>On PostgreSQL memory counts only while one hears of the others; here there are none.</summary>
    public void Hear()
    {
        if (_postgres is not null)
            Db.Freshness.Heard();
    }

    /// <summary>Statements of the test's own.</summary>
    public async Task RunAsync(string sql)
    {
        foreach (var statement in sql.Split(";\n"))
            await Db.WriteAsync(tx => tx.ExecuteAsync(statement), TestContext.Current.CancellationToken);
    }

    /// <summary>The keys of all objects of the store.</summary>
    public async Task<List<string>> KeysAsync() => await Store.ListAsync(null, TestContext.Current.CancellationToken).Select(static o => o.Key).ToListAsync(TestContext.Current.CancellationToken);

    /// <summary>A new namespace with repositories, and its owner.</summary>
    public async Task<(Principal Owner, RepositoryAccess[] Repositories)> NewNamespaceAsync(TimeSpan window, int repositories)
    {
        var name = "n" + Guid.NewGuid().ToString("N");
        var ct = TestContext.Current.CancellationToken;
        return await Db.WriteAsync(async tx =>
        {
            var ns = await tx.OneAsync("INSERT INTO namespace (name, kind, created_ms, tag_expiration_s) VALUES (@name, 'user', now_ms(), @window) RETURNING id", static r => r.GetInt64(0),
                ("name", name), ("window", (long)window.TotalSeconds));
            var made = new RepositoryAccess[repositories];
            for (var i = 0; i < repositories; i++)
                made[i] = new RepositoryAccess(RepositoryName.TryParse($"{name}/r{i}", null, out var repository) ? repository : throw new InvalidOperationException(), ns,
                    await tx.OneAsync("INSERT INTO repository (namespace_id, name, public, description, created_ms) VALUES (@ns, @name, 0, '', now_ms()) RETURNING id", static r => r.GetInt64(0),
                        ("ns", ns), ("name", $"r{i}")), RepositoryRole.Admin);
            return (new Principal(ns, name, 1, false), made);
        }, ct);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        Directory.Delete(_root, recursive: true);
    }

    private async Task OpenAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        var data = Path.Join(_root, "data");
        Directory.CreateDirectory(data);
        Database inner = _postgres is not null
            ? await PostgresDatabase.OpenAsync(_postgres, Clock, ct)
            : new SqliteDatabase(Path.Join(data, "wharf.db"), Clock, NullLogger<SqliteDatabase>.Instance, durable: false);
        _database = new SpoiltDatabase(inner, _spoil.Find, _spoil.Replace);
        var launch = new Launch { Data = data };
        var prepared = ServerApp.Prepare(launch, ContentAtRest.Slices(builder => builder.Services
            .AddSingleton<TimeProvider>(Clock).AddSingleton<Database>(_ => _database).AddSingleton(ContentAtRest.In(Disk)).AddSingleton(Lifetimes)));
        _app = prepared.BuildForCommand();
        _ = Get<Database>();
        Hear();
    }

    private async Task CloseAsync()
    {
        _met += Db.Met;
        // With what it made, the database too.
        await _app!.DisposeAsync();
    }
}
