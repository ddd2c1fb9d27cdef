using System.Text.Json;
using Microsoft.Data.Sqlite;
using Wharf.Oci;
using Wharf.Tests.Hosting;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>Backups, restores and recoveries of a registry whose blobs are in several places.</summary>
public sealed class PlacesRecoveryTests
{
    private const string Password = "a password after the recovery";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_journal_begins_anew_where_new_blobs_go_and_a_recovery_from_there_finds_those_of_all_places()
    {
        await using var registry = new MovingRegistry { Preferred = MovingRegistry.Bucket, OnSqlite = true };
        await registry.InitializeAsync();
        var repository = registry.NewRepository();
        var images = new Dictionary<string, Image> { ["bucket"] = await registry.UserClient.PushImageAsync(repository, "bucket") };
        await registry.SettleAsync();
        registry.Preferred = MovingRegistry.Disk;
        await registry.RestartAsync();
        images["disk"] = await Client(registry).PushImageAsync(repository, "disk");
        await registry.SettleAsync();
        Assert.Contains(await FilesAsync(registry, MovingRegistry.Disk), static name => name.Contains(".snapshot.", StringComparison.Ordinal));
        // Some in both places.
        Assert.Equal(0, (await RunAsync(registry, "storage", "migrate", MovingRegistry.Bucket, MovingRegistry.Disk)).Code);
        await registry.SettleAsync();
        await registry.StopAsync();
        Assert.Equal([(MovingRegistry.Bucket, 2), (MovingRegistry.Disk, 4)], Placements(registry));
        DeleteDatabase(registry);

        var recovered = await RecoverAsync(registry, MovingRegistry.Disk);

        Assert.Empty(recovered.GetProperty("problems").EnumerateArray());
        Assert.Equal((0, 0), (recovered.GetProperty("counts").GetProperty("lost").GetInt64(), recovered.GetProperty("copied").GetInt64()));
        Assert.Equal([(MovingRegistry.Bucket, 2), (MovingRegistry.Disk, 4)], Placements(registry));
        Assert.Equal(0, (await RunningWharf.RunAsync(["user", "password", registry.User.Name, "--data", registry.DataDirectory], registry.DataDirectory, registry.CommandEnvironment, Password + "\n")).Code);
        await registry.RestartAsync();
        await Traffic.CheckAsync(registry.ClientFor(registry.User.Name, Password), repository, images);

        // What was moved away is in the journal too.
        Assert.Equal(0, (await RunAsync(registry, "storage", "migrate", MovingRegistry.Bucket, MovingRegistry.Disk, "--remove")).Code);
        await registry.SettleAsync();
        await registry.StopAsync();
        DeleteDatabase(registry);
        Assert.Empty((await RecoverAsync(registry, MovingRegistry.Disk)).GetProperty("problems").EnumerateArray());
        Assert.Equal([(MovingRegistry.Disk, 4)], Placements(registry));
        // A place of that name is nobody's, and no directory either.
        DeleteDatabase(registry);
        var nowhere = await RunAsync(registry, "recover", "--from", "elsewhere");
        Assert.Equal(1, nowhere.Code);
        Assert.Contains("The settings name the locations disk, bucket.", nowhere.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bucket_alone_is_enough_for_a_recovery()
    {
        await using var registry = new MovingRegistry { Preferred = MovingRegistry.Bucket, OnSqlite = true };
        await registry.InitializeAsync();
        await registry.UserClient.PushImageAsync(registry.NewRepository(), "latest");
        await registry.SettleAsync();
        await registry.StopAsync();
        DeleteDatabase(registry);

        var recovered = await RecoverAsync(registry, MovingRegistry.Bucket);

        Assert.Empty(recovered.GetProperty("problems").EnumerateArray());
        Assert.Equal([(MovingRegistry.Bucket, 2)], Placements(registry));
        Assert.Equal(0, (await RunAsync(registry, "storage", "verify", "--full")).Code);
    }

    [Fact]
    public async Task A_backup_has_what_any_place_has_and_a_restore_puts_it_into_one()
    {
        await using var registry = new MovingRegistry { Preferred = MovingRegistry.Bucket, Prefix = "wharf", OnSqlite = true };
        await registry.InitializeAsync();
        var (repository, adopted) = (registry.NewRepository(), Image.Random());
        foreach (var content in new[] { adopted.Config, adopted.Layer })
            await CephGateway.PutAsync(registry.BucketName, Digest.Of(content).ToString()["sha256:".Length..] is var hex ? $"datastorage/registry/sha256/{hex[..2]}/{hex}" : "", content);
        Assert.Equal(0, (await RunAsync(registry, "storage", "adopt", MovingRegistry.Bucket)).Code);
        var images = new Dictionary<string, Image> { ["adopted"] = await registry.UserClient.PushImageAsync(repository, "adopted", adopted), ["bucket"] = await registry.UserClient.PushImageAsync(repository, "bucket") };
        registry.Preferred = MovingRegistry.Disk;
        await registry.RestartAsync();
        images["disk"] = await Client(registry).PushImageAsync(repository, "disk");
        using var directory = new TemporaryDirectory();
        var backup = directory.File("backup");

        var first = await BackUpAsync(registry, backup);
        var second = await BackUpAsync(registry, backup);

        Assert.Equal((6, 6), (first.GetProperty("objects").GetInt64(), first.GetProperty("copied").GetInt64()));
        Assert.Equal((6, 0), (second.GetProperty("objects").GetInt64(), second.GetProperty("copied").GetInt64()));
        // Whichever place has it: the backup has each blob once.
        Assert.Equal(0, (await RunAsync(registry, "storage", "migrate", MovingRegistry.Bucket, MovingRegistry.Disk)).Code);
        Assert.Equal(0, (await BackUpAsync(registry, backup)).GetProperty("copied").GetInt64());
        Assert.Equal(6, Directory.GetFiles(Path.Join(backup, "storage", "blobs"), "*", SearchOption.AllDirectories).Length);
        await registry.StopAsync();
        var restored = await RunningWharf.RunAsync(["restore", backup, "--data", directory.File("data")], directory.Path);
        Assert.True(restored.Code == 0, restored.Output + restored.Errors);
        await using var wharf = await RunningWharf.StartAsync(["--data", directory.File("data")], directory: new TemporaryDirectory());
        using var client = new HttpClient { BaseAddress = wharf.Url };
        var (name, value) = Requests.Basic(registry.User.Name, registry.User.Password);
        client.DefaultRequestHeaders.Add(name, value);
        await Traffic.CheckAsync(client, repository, images);
        Assert.Equal(0, (await RunningWharf.RunAsync(["storage", "verify", "--full", "--data", directory.File("data")], directory.Path)).Code);
    }

    private static HttpClient Client(MovingRegistry registry) => registry.ClientFor(registry.User.Name, registry.User.Password);

    private static Task<Finished> RunAsync(MovingRegistry registry, params string[] command) =>
        RunningWharf.RunAsync([.. command, "--data", registry.DataDirectory], registry.DataDirectory, registry.CommandEnvironment);

    private static async Task<JsonElement> RecoverAsync(MovingRegistry registry, string from)
    {
        var finished = await RunAsync(registry, "recover", "--json", "--from", from);
        Assert.True(finished.Code == 0, finished.Output + finished.Errors);
        return JsonDocument.Parse(finished.Output).RootElement.GetProperty("data");
    }

    private static async Task<JsonElement> BackUpAsync(MovingRegistry registry, string directory)
    {
        var finished = await RunAsync(registry, "backup", directory, "--json");
        Assert.True(finished.Code == 0, finished.Output + finished.Errors);
        return JsonDocument.Parse(finished.Output).RootElement.GetProperty("data");
    }

    private static void DeleteDatabase(MovingRegistry registry)
    {
        foreach (var file in Directory.GetFiles(registry.DataDirectory, "wharf.db*"))
            File.Delete(file);
    }

    private static List<(string Location, long Count)> Placements(MovingRegistry registry)
    {
        using var database = new SqliteConnection($"Data Source={Path.Join(registry.DataDirectory, "wharf.db")};Pooling=False");
        database.Open();
        using var command = database.CreateCommand();
        command.CommandText = "SELECT location, count(*) FROM blob_placement WHERE state = 'present' GROUP BY location ORDER BY location";
        using var rows = command.ExecuteReader();
        var counts = new List<(string, long)>();
        while (rows.Read())
            counts.Add((rows.GetString(0), rows.GetInt64(1)));
        return counts;
    }

    private static async Task<List<string>> FilesAsync(MovingRegistry registry, string location)
    {
        var driver = registry.Open(location);
        using (driver as IDisposable)
            return await driver.ListFilesAsync(Ct).Select(static f => f.Key).ToListAsync(Ct);
    }
}
