using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Data;
using Wharf.Server.Security;
using Wharf.Storage.Local;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Crashes;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Security;

/// <summary>How long it takes from a feed to its events where there are many manifests. On the engine of the run.</summary>
public sealed class FeedScaleTests : IDisposable
{
    private const int Packages = 5000;
    private const int Manifests = 100_000;
    private const int Changed = 100;
    private readonly TemporaryDirectory _directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Speed", "Long")]
    public async Task A_hundred_thousand_manifests_are_matched_again_within_two_minutes()
    {
        const string Repository = InProcessWharf.User + "/app";
        var data = _directory.File("data");
        await using var wharf = await InProcessWharf.StartAsync(data, new LocalDriver(InProcessWharf.Storage(data)), PostgresServer.ForEveryRegistry ? $"Database: \"{await PostgresServer.CreateDatabaseAsync()}\"\n" : "");
        var (db, import) = (wharf.Services.GetRequiredService<Database>(), wharf.Services.GetRequiredService<FeedImport>());
        using var feeds = new FeedsInTest().Osv("npm", Records(1));
        await import.RunAsync(feeds.Directory, force: false, new Dictionary<string, string>(), static _ => { }, Ct);
        var image = ImageOfFiles.Of(ImageOfFiles.Layer([.. Enumerable.Range(0, Packages).Select(static i => ($"app/node_modules/p{i}/package.json", $$"""{"name":"p{{i}}","version":"1.0.0"}"""))]));
        await image.PushAsync(wharf.Client, Repository, "v1");
        await ScanningRegistry.ScannedAsync(wharf.Client, Repository, image.Digest);
        await EvaluatedAsync();
        // Each of the others has 50 of the packages.
        var digest = PostgresServer.ForEveryRegistry ? "convert_to(lpad(n.i::text, 32, '0'), 'UTF8')" : "CAST(printf('%032d', n.i) AS BLOB)";
        await db.WriteAsync(async tx =>
        {
            var numbers = $"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Manifests})";
            await tx.ExecuteAsync($"""
                {numbers} INSERT INTO manifest_link (namespace_id, repository_id, digest, media_type, linked_ms, origin)
                SELECT l.namespace_id, l.repository_id, {digest}, l.media_type, 0, l.origin FROM n, (SELECT * FROM manifest_link LIMIT 1) l
                """);
            return await tx.ExecuteAsync($"""
                {numbers} INSERT INTO manifest_component (manifest, component_id, layer, locations, since_ms)
                SELECT {digest}, c.id, {digest}, '[]', 0 FROM n JOIN component c ON c.id % 100 = n.i % 100
                """);
        }, Ct);
        var before = await CountAsync("SELECT count(*) FROM event WHERE kind = 'manifest.vulnerabilities'");

        feeds.Osv("npm", Records(2));
        var began = Stopwatch.GetTimestamp();
        await import.RunAsync(feeds.Directory, force: false, new Dictionary<string, string>(), static _ => { }, Ct);
        var imported = Stopwatch.GetElapsedTime(began);
        await Poll.UntilAsync(async () => await CountAsync("SELECT count(*) FROM feed WHERE evaluated_key <> storage_key") == 0, TimeSpan.FromMinutes(10));
        var evaluated = Stopwatch.GetElapsedTime(began);
        await EvaluatedAsync();
        var told = Stopwatch.GetElapsedTime(began);

        var events = await CountAsync("SELECT count(*) FROM event WHERE kind = 'manifest.vulnerabilities'") - before;
        Console.WriteLine($"   {Changed} of {Packages} names changed, {Manifests} manifests on {(PostgresServer.ForEveryRegistry ? "PostgreSQL" : "SQLite")}: imported after {imported.TotalSeconds:0.0} s, matched again after {evaluated.TotalSeconds:0.0} s, all {events} events after {told.TotalSeconds:0.0} s");
        // At least those of two hundredths have a package that changed; how many do depends on the order in which the packages were stored.
        Assert.InRange(events, Manifests / 100, Manifests + 1);
        Assert.InRange(told, TimeSpan.Zero, TimeSpan.FromMinutes(2));

        // What the packages whose number is divided by 50 have.
        string[] Records(int count) => [.. Enumerable.Range(0, Packages).SelectMany(i => Enumerable.Range(0, i % (Packages / Changed) == 0 ? count : 1).Select(n => FeedsInTest.Record($"GHSA-{i}-{n}", $"CVE-203{n}-{i}", "npm", $"p{i}", "2.0.0")))];

        async Task<long> CountAsync(string sql) => await db.OneAsync(sql, static r => r.GetInt64(0), Ct);

        Task EvaluatedAsync() => Poll.UntilAsync(async () => await CountAsync("SELECT count(*) FROM feed WHERE evaluated_key IS NULL OR evaluated_key <> storage_key") == 0 && await CountAsync("SELECT count(*) FROM finding_news") == 0, TimeSpan.FromMinutes(10));
    }

    public void Dispose() => _directory.Dispose();
}
