using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Tags;

/// <summary>Tags whose time is over, and what the sweep makes of them. On a database beside no server, so that nobody else sweeps.</summary>
public abstract class TagSweepTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("wharf-sweep-").FullName;
    private WebApplication? _app;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Database Db => _app!.Services.GetRequiredService<Database>();

    private ContentStore Content => _app!.Services.GetRequiredService<ContentStore>();

    private protected abstract Task<string?> DatabaseAsync();

    public async ValueTask InitializeAsync()
    {
        var config = Path.Join(_directory, "wharf.yaml");
        await File.WriteAllTextAsync(config, "Accounts:\n  InitialAdmin: false\n" + (await DatabaseAsync() is { } database ? $"Database: \"{database}\"\n" : ""), Ct);
        _app = await ServerApp.StartAsync(new Launch { Data = _directory, Config = config, Listen = ["http://127.0.0.1:0"] }, new Composition(ProgramParts.Add, ProgramParts.Use, ProgramParts.Map), Ct);
        await _app.StopAsync(Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_expired_tag_ends_at_its_time_with_an_event_and_a_review_and_no_other_does()
    {
        var now = await Db.OneAsync("SELECT now_ms()", static r => r.GetInt64(0), Ct);
        await AddAsync("over", now - 5000, now - 1000);
        await AddAsync("later", now - 5000, now + 600_000);
        await AddAsync("never", now - 5000, null);

        Assert.Equal(1, await Content.EndExpiredAsync(100, Ct));
        Assert.Equal(0, await Content.EndExpiredAsync(100, Ct));

        Assert.Equal([("later", 0L), ("never", 0L), ("over", now - 1000)],
            await Db.ListAsync("SELECT name, coalesce(ended_ms, 0) FROM tag ORDER BY name", static r => (r.GetString(0), r.GetInt64(1)), Ct));
        Assert.Equal(1, await CountAsync("event WHERE kind = 'tag.expired'"));
        // The window of the namespace is an hour.
        Assert.Equal(now - 1000 + 3_600_000, await Db.OneAsync("SELECT due_ms FROM gc_review WHERE kind = 'manifest'", static r => r.GetInt64(0), Ct));
    }

    [Fact]
    public async Task However_many_sweep_at_once_each_expiry_is_told_once()
    {
        var now = await Db.OneAsync("SELECT now_ms()", static r => r.GetInt64(0), Ct);
        for (var i = 0; i < 50; i++)
            await AddAsync($"t{i}", now - 5000, now - 1000);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Content.EndExpiredAsync(100, Ct)));

        Assert.Equal(50, await CountAsync("tag WHERE ended_ms IS NOT NULL"));
        Assert.Equal(50, await CountAsync("event WHERE kind = 'tag.expired'"));
        Assert.Equal(50, await CountAsync("gc_review"));
    }

    private Task<int> AddAsync(string name, long started, long? expires) => Db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync("SELECT id FROM namespace WHERE name = 'sweep'", static r => r.GetInt64(0)) == 0)
            await tx.ExecuteAsync("INSERT INTO namespace (name, kind, created_ms, tag_expiration_s) VALUES ('sweep', 'organization', 0, 3600)");
        return await tx.ExecuteAsync($"""
            INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms, expires_ms)
            SELECT id, 1, @name, @digest, @started, {(expires is null ? "NULL" : "@expires")} FROM namespace WHERE name = 'sweep'
            """, [("name", name), ("digest", new byte[32]), ("started", started), .. expires is null ? [] : new (string, object?)[] { ("expires", expires) }]);
    }, Ct);

    private ValueTask<long> CountAsync(string from) => Db.OneAsync($"SELECT count(*) FROM {from}", static r => r.GetInt64(0), Ct);

    public sealed class OnSqlite : TagSweepTests
    {
        private protected override Task<string?> DatabaseAsync() => Task.FromResult<string?>(null);
    }

    public sealed class OnPostgres : TagSweepTests
    {
        private protected override async Task<string?> DatabaseAsync() => await PostgresServer.CreateDatabaseAsync();
    }
}
