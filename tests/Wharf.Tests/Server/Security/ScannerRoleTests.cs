using System.Text.Json.Nodes;
using Npgsql;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Data;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Security;

/// <summary>The scanner as a process of its own, on the database and the store of those that are pushed to.</summary>
public sealed class ScannerRoleTests : IAsyncLifetime
{
    private readonly TemporaryDirectory _shared = new();
    private string _database = "";
    private Replica _web = null!;
    private Replica _scanner = null!;
    private Account _user = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresServer.CreateDatabaseAsync();
        var store = await StoreUnderTest.NewAsync();
        _web = new Replica(_database, _shared.Path, store, "web", "worker");
        await _web.InitializeAsync();
        _user = await _web.CreateUserAsync();
        _scanner = new Replica(_database, _shared.Path, store, "scanner");
    }

    public async ValueTask DisposeAsync()
    {
        await _scanner.DisposeAsync();
        await _web.DisposeAsync();
        _shared.Dispose();
    }

    [Fact]
    public async Task What_is_pushed_at_one_is_scanned_by_the_other_and_its_feeds_are_evaluated_there()
    {
        var repository = $"{_user.Name}/app";
        var first = ImageOfFiles.Of(ImageOfFiles.Python("one", "1.0"));
        await first.PushAsync(_user.Client, repository, "first");
        Assert.Equal("queued", await StateAsync(repository, first));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM scan"));

        await _scanner.InitializeAsync();
        Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(_user.Client, repository, first.Digest))["status"]!);
        var second = ImageOfFiles.Of(ImageOfFiles.Python("one", "1.1"));
        await second.PushAsync(_user.Client, repository, "second");
        Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(_user.Client, repository, second.Digest))["status"]!);

        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-1", "CVE-2031-1", "PyPI", "one", "2.0"));
        var import = await RunningWharf.RunAsync(["feeds", "import", feeds.Directory, "--data", _web.DataDirectory], _shared.Path);
        Assert.True(import.Code == 0, import.Output + import.Errors);
        foreach (var image in (ImageOfFiles[])[first, second])
            await Poll.UntilAsync(async () => (await ScanningRegistry.ScannedAsync(_user.Client, repository, image.Digest))["findings"]!.AsArray().Count == 1);
    }

    [Fact]
    public async Task A_scanner_that_is_killed_while_it_scans_is_followed_by_another_and_poison_stops_neither()
    {
        var repository = $"{_user.Name}/app";
        await _scanner.InitializeAsync();
        ImageOfFiles[] images = [.. Enumerable.Range(0, 4).Select(static i => ImageOfFiles.Of([.. Enumerable.Range(0, 4).Select(n => ImageOfFiles.Layer((Guid.NewGuid().ToString("n"), Convert.ToBase64String(Requests.RandomBytes(4 << 20))), ($"app/node_modules/m{n}/package.json", $$"""{"name":"m{{n}}","version":"{{i}}.0.0"}""")))]))];
        var poison = ImageOfFiles.Of(Requests.RandomBytes(5000));
        foreach (var image in images)
            await image.PushBlobsAsync(_user.Client, repository);
        await poison.PushAsync(_user.Client, repository, "poison");
        foreach (var image in images)
            (await _user.Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);

        await Poll.UntilAsync(async () => await CountAsync("SELECT count(*) FROM scan WHERE attempts > 0 AND due_ms IS NOT NULL") > 0 || await CountAsync("SELECT count(*) FROM scan WHERE state = 'scanned'") == images.Length);
        await _scanner.KillAsync();
        var open = await CountAsync("SELECT count(*) FROM scan WHERE due_ms IS NOT NULL");
        // As if half a minute were over.
        await RunAsync("UPDATE scan SET due_ms = 0 WHERE due_ms IS NOT NULL");
        await _scanner.RestartAsync();

        Assert.True(open > 0, "Nothing was left to scan when it was killed: this proves nothing.");
        foreach (var image in images)
        {
            var report = await ScanningRegistry.ScannedAsync(_user.Client, repository, image.Digest, "?packages=true");
            Assert.Equal(["m0", "m1", "m2", "m3"], report["packages"]!.AsArray().Select(static p => (string)p!["name"]!).Order(StringComparer.Ordinal));
        }
        Assert.Equal("failed", (string)(await ScanningRegistry.ScannedAsync(_user.Client, repository, poison.Digest))["status"]!);
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM scan WHERE due_ms IS NOT NULL"));
    }

    [Fact]
    public async Task A_scanner_that_is_told_to_stop_gives_back_what_it_has_in_hand()
    {
        var repository = $"{_user.Name}/app";
        await _scanner.InitializeAsync();
        var image = ImageOfFiles.Of([.. Enumerable.Range(0, 6).Select(static n => ImageOfFiles.Layer((Guid.NewGuid().ToString("n"), Convert.ToBase64String(Requests.RandomBytes(6 << 20)))))]);
        await image.PushBlobsAsync(_user.Client, repository);
        (await _user.Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        await Poll.UntilAsync(async () => await CountAsync("SELECT count(*) FROM scan WHERE attempts > 0 OR state = 'scanned'") > 0);

        await _scanner.StopAsync();

        Assert.Equal(1, await CountAsync("SELECT count(*) FROM scan WHERE state = 'scanned' OR (state = 'queued' AND attempts = 0 AND due_ms <= now_ms())"));
        await _scanner.RestartAsync();
        Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(_user.Client, repository, image.Digest))["status"]!);
    }

    private async Task<string> StateAsync(string repository, ImageOfFiles image) =>
        (string)JsonNode.Parse((await _user.Client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/vulnerabilities")).Is(200).Body)!["status"]!;

    private async Task<long> CountAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)(await command.ExecuteScalarAsync(Ct))!;
    }

    private async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_database);
        await connection.OpenAsync(Ct);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(Ct);
    }
}
