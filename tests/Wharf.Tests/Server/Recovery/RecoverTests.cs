using System.Data.Common;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Npgsql;
using Wharf.Oci;
using Wharf.Tests.Clients;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Recovery;

/// <summary>The database is lost; the blob storage has its metadata (contract 12).</summary>
public sealed class RecoverTests
{
    private const string Password = "a password after the recovery";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registry_whose_database_was_deleted_has_the_same_digests_tags_history_and_permissions_again()
    {
        await using var registry = await Registry.StartAsync<JournaledSqliteRegistry>();
        var world = await World.MakeAsync(registry);
        await registry.SettleAsync();
        // After the snapshot: only files of changes tell of these.
        await world.ChangeAsync(registry);
        await using var home = new ClientHome();
        var layout = new ImageLayout(home.At("layout"));
        var digest = layout.AddImage("v1", "one", "two");
        await home.RunAsync("crane", "auth", "login", registry.Host, "-u", registry.User.Name, "-p", registry.User.Password);
        await home.RunAsync("crane", "push", layout.Folder, $"{registry.Host}/{world.Organization}/app2:v1");
        await registry.SettleAsync();
        await registry.StopAsync();
        var before = await PortraitAsync(registry);
        registry.DeleteDatabase();

        var recovered = await RunAsync(registry.DataDirectory, registry.Storage);

        Assert.Empty(recovered.GetProperty("problems").EnumerateArray());
        Assert.Contains(world.Member.Name, recovered.GetProperty("people").Strings());
        Assert.Equal([$"{world.Organization}+ci"], recovered.GetProperty("robots").Strings());
        Portrait.AreEqual(before, await PortraitAsync(registry));
        await SetPasswordsAsync(registry.DataDirectory, [Registry.Admin, registry.User.Name, world.Member.Name, world.Stranger.Name]);
        await registry.RestartAsync();
        await world.CheckAsync(registry.Url, Password);
        await home.RunAsync("crane", "auth", "login", registry.Host, "-u", registry.User.Name, "-p", Password);
        await home.RunAsync("crane", "pull", "--format", "oci", $"{registry.Host}/{world.Organization}/app2:v1", home.At("back"));
        Assert.Equal(layout.Blob(digest), await File.ReadAllBytesAsync(home.At($"back/blobs/sha256/{digest["sha256:".Length..]}"), Ct));

        // What comes now is journaled too, under the new life, and can be recovered again.
        await registry.SettleAsync();
        await registry.StopAsync();
        before = await PortraitAsync(registry);
        registry.DeleteDatabase();
        Assert.Empty((await RunAsync(registry.DataDirectory, registry.Storage)).GetProperty("problems").EnumerateArray());
        Portrait.AreEqual(before, await PortraitAsync(registry));
    }

    [Fact]
    public async Task It_recovers_into_another_storage_and_an_empty_database_of_the_same_engine()
    {
        await using var registry = await Registry.StartAsync<JournaledRegistry>();
        var world = await World.MakeAsync(registry);
        await registry.SettleAsync();
        await world.ChangeAsync(registry);
        await registry.SettleAsync();
        await registry.StopAsync();
        var before = await PortraitAsync(registry);
        using var directory = new TemporaryDirectory();
        var database = registry.Database is null ? null : await PostgresServer.CreateDatabaseAsync();
        (string, string)[] environment = database is null ? [] : [("WHARF__Database", database)];

        var recovered = await RunAsync(directory.File("data"), registry.Storage, environment);

        Assert.Empty(recovered.GetProperty("problems").EnumerateArray());
        Assert.Equal(recovered.GetProperty("counts").GetProperty("blobs").GetInt64(), recovered.GetProperty("copied").GetInt64());
        await using (var connection = await OpenAsync(database, directory.File("data")))
            Portrait.AreEqual(before, await Portrait.OfAsync(connection));
        await SetPasswordsAsync(directory.File("data"), [Registry.Admin, registry.User.Name, world.Member.Name, world.Stranger.Name], environment);
        await using var wharf = await RunningWharf.StartAsync(["--data", directory.File("data")], environment, new TemporaryDirectory());
        await world.CheckAsync(wharf.Url, Password);
        // Numbers go on behind those that are taken.
        using var admin = new HttpClient { BaseAddress = wharf.Url };
        var (name, value) = Requests.Basic(Registry.Admin, Password);
        admin.DefaultRequestHeaders.Add(name, value);
        (await admin.SendJsonAsync("POST", "/api/v1/organization/", """{"name":"anew"}""")).Is(201);
        await admin.PushImageAsync("anew/app", "latest");

        if (database is null)
            Assert.Contains("is in use by process", (await RunningWharf.RunAsync(["recover", "--data", directory.File("data"), "--from", registry.Storage], directory.Path)).Errors, StringComparison.Ordinal);
        wharf.Signal("TERM");
        await wharf.ExitAsync();
        var again = await RunningWharf.RunAsync(["recover", "--data", directory.File("data"), "--from", registry.Storage], directory.Path, environment);
        Assert.Equal(1, again.Code);
        Assert.Contains("not empty", again.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_is_torn_is_told_and_the_rest_is_recovered(bool snapshot)
    {
        await using var registry = await Registry.StartAsync<JournaledSqliteRegistry>();
        var (repository, client) = (registry.NewRepository(), registry.User.Client);
        string[] Files() => Directory.GetFiles(Path.Join(registry.Storage, "meta"), "*.zst", SearchOption.AllDirectories);
        var first = await client.PushImageAsync(repository, "first");
        await registry.SettleAsync();
        var earlier = Files();
        await client.PushImageAsync(repository, "second");
        await registry.SettleAsync();
        await registry.StopAsync();
        registry.DeleteDatabase();
        // More than one may have come since: the scan of an image has an event of its own.
        foreach (var torn in snapshot ? Files().Where(static f => f.Contains("snapshot", StringComparison.Ordinal)) : Files().Except(earlier))
            await File.WriteAllBytesAsync(torn, (await File.ReadAllBytesAsync(torn, Ct))[..^20], Ct);

        var finished = await RunningWharf.RunAsync(["recover", "--json", "--data", registry.DataDirectory, "--from", registry.Storage], registry.DataDirectory);

        var answer = JsonDocument.Parse(finished.Output).RootElement;
        Assert.Equal(snapshot ? 1 : 0, finished.Code);
        Assert.Contains("torn", string.Concat(answer.GetProperty("data").GetProperty("problems").Strings()), StringComparison.Ordinal);
        if (snapshot)
            return;
        await SetPasswordsAsync(registry.DataDirectory, [registry.User.Name]);
        await registry.RestartAsync();
        var again = registry.ClientFor(registry.User.Name, Password);
        Assert.Equal(first.Manifest, (await again.ReadAsync($"/v2/{repository}/manifests/first")).Is(200).Body);
        (await again.ReadAsync($"/v2/{repository}/manifests/second")).Is(404);
    }

    [Fact]
    public async Task Kills_in_the_middle_of_journal_writes_lose_at_most_what_was_not_journaled()
    {
        await using var registry = await Registry.StartAsync<JournaledSqliteRegistry>();
        var (repository, client) = (registry.NewRepository(), registry.User.Client);
        var random = new Random();
        for (var round = 0; round < 5; round++)
        {
            // The former process's lease is over with the database's: a new holder would have to wait for it.
            await ExecuteAsync(registry, "DELETE FROM lease");
            for (var i = 0; i < 3; i++)
                await client.PushImageAsync(repository, $"r{round}t{i}");
            await Task.Delay(random.Next(1, 400), Ct);
            await registry.KillAsync();
            await registry.RestartAsync();
            client = registry.ClientFor(registry.User.Name, registry.User.Password);
        }
        await ExecuteAsync(registry, "DELETE FROM lease");
        await registry.SettleAsync();
        await registry.KillAsync();
        var before = await PortraitAsync(registry);
        registry.DeleteDatabase();

        var recovered = await RunAsync(registry.DataDirectory, registry.Storage);

        Assert.Empty(recovered.GetProperty("problems").EnumerateArray());
        Portrait.AreEqual(before, await PortraitAsync(registry));
    }

    [Fact]
    public async Task Content_that_was_collected_is_left_out_and_what_is_missing_is_told()
    {
        await using var registry = await Registry.StartAsync<JournaledSqliteRegistry>();
        var (repository, client) = (registry.NewRepository(), registry.User.Client);
        var (kept, collected, lost) = (await client.PushImageAsync(repository, "kept"), await client.PushImageAsync(repository, "collected"), await client.PushImageAsync(repository, "lost"));
        (await client.SendAsync("DELETE", $"/v2/{repository}/manifests/collected")).Is(202);
        await registry.SettleAsync();
        await registry.StopAsync();
        // As if all of it had been long ago: the window is over for what no tag names.
        await ExecuteAsync(registry, "UPDATE namespace SET tag_expiration_s = 0");
        await ForceSnapshotAsync(registry);
        await registry.StopAsync();
        foreach (var blob in new[] { collected.LayerDigest, lost.LayerDigest })
            File.Delete(await ObjectAsync(registry, blob));
        registry.DeleteDatabase();

        var recovered = await RunAsync(registry.DataDirectory, registry.Storage);

        var problem = Assert.Single(recovered.GetProperty("problems").Strings());
        Assert.Contains(lost.LayerDigest.ToString(), problem, StringComparison.Ordinal);
        await SetPasswordsAsync(registry.DataDirectory, [registry.User.Name]);
        await registry.RestartAsync();
        var again = registry.ClientFor(registry.User.Name, Password);
        Assert.Equal(kept.Layer, (await again.ReadAsync($"/v2/{repository}/blobs/{kept.LayerDigest}")).Is(200).Body);
        (await again.ReadAsync($"/v2/{repository}/manifests/{collected.Digest}")).Is(404);
        // What is lost is not served, and the next push of it heals it.
        (await again.SendAsync("HEAD", $"/v2/{repository}/blobs/{lost.LayerDigest}")).Is(404);
        await again.PushBlobAsync(repository, lost.Layer);
        Assert.Equal(lost.Layer, (await again.ReadAsync($"/v2/{repository}/blobs/{lost.LayerDigest}")).Is(200).Body);
    }

    [Fact]
    public async Task Files_before_the_last_but_one_snapshot_go()
    {
        await using var registry = await Registry.StartAsync<JournaledSqliteRegistry>();
        var (repository, client) = (registry.NewRepository(), registry.User.Client);
        for (var round = 0; round < 3; round++)
        {
            await client.PushImageAsync(repository, $"round{round}");
            await registry.SettleAsync();
            await ForceSnapshotAsync(registry);
        }

        // They go after the snapshot counts.
        await Poll.UntilAsync(() => Task.FromResult(Snapshots(registry).Count == 2));
        await Poll.UntilAsync(() => Task.FromResult(Directory.GetFiles(Path.Join(registry.Storage, "meta"), "*.zst", SearchOption.AllDirectories)
            .Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal).First().Contains("snapshot", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("nothing/here", "no blob storage")]
    [InlineData("empty", "no metadata journal")]
    public async Task A_place_without_a_journal_is_told(string from, string told)
    {
        using var directory = new TemporaryDirectory();
        Directory.CreateDirectory(Path.Join(directory.File("empty"), "blobs"));

        var finished = await RunningWharf.RunAsync(["recover", "--data", directory.File("data"), "--from", directory.File(from)], directory.Path);

        Assert.Equal(1, finished.Code);
        Assert.Contains(told, finished.Errors, StringComparison.Ordinal);
    }

    private static async Task<JsonElement> RunAsync(string data, string from, (string, string)[]? environment = null)
    {
        var finished = await RunningWharf.RunAsync(["recover", "--json", "--data", data, "--from", from], Path.GetTempPath(), environment);
        Assert.True(finished.Code == 0, finished.Output + finished.Errors);
        return JsonDocument.Parse(finished.Output).RootElement.GetProperty("data");
    }

    private static async Task SetPasswordsAsync(string data, string[] people, (string, string)[]? environment = null)
    {
        foreach (var person in people)
        {
            var finished = await RunningWharf.RunAsync(["user", "password", person, "--data", data], Path.GetTempPath(), [("WHARF__Auth__PasswordRounds", "1000"), .. environment ?? []], Password + "\n");
            Assert.True(finished.Code == 0, finished.Errors);
        }
    }

    private static async Task<Dictionary<string, List<string>>> PortraitAsync(Registry registry)
    {
        await using var database = await registry.OpenDatabaseAsync();
        return await Portrait.OfAsync(database);
    }

    private static async Task<DbConnection> OpenAsync(string? database, string data)
    {
        DbConnection connection = database is not null ? new NpgsqlConnection(database) : new SqliteConnection($"Data Source={Path.Join(data, "wharf.db")};Pooling=False");
        await connection.OpenAsync(Ct);
        return connection;
    }

    private static async Task ExecuteAsync(Registry registry, string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // The tests' own
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Ct);
    }

    // A running server writes one when the last one's time is over.
    private static async Task ForceSnapshotAsync(JournaledSqliteRegistry registry)
    {
        var before = Snapshots(registry);
        await ExecuteAsync(registry, "DELETE FROM lease");
        await ExecuteAsync(registry, "UPDATE journal_state SET snapshot_ms = 1");
        if (!IsRunning(registry))
            await registry.RestartAsync();
        await Poll.UntilAsync(() => Task.FromResult(Snapshots(registry).Except(before).Any()));
        await registry.SettleAsync();
    }

    private static List<string> Snapshots(JournaledRegistry registry) => [.. Directory.GetFiles(Path.Join(registry.Storage, "meta"), "*.snapshot.*", SearchOption.AllDirectories)];

    private static bool IsRunning(Registry registry)
    {
        try
        {
            return registry.ProcessId > 0;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static async Task<string> ObjectAsync(JournaledRegistry registry, Digest digest)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = $"SELECT storage_key FROM blob_placement WHERE digest = x'{Convert.ToHexString(digest.Span)}'";
        return Path.Join(registry.Storage, "blobs", (string?)await command.ExecuteScalarAsync(Ct));
    }
}
