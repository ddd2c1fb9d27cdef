using System.Collections.Concurrent;
using System.Text.Json;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>Moves from one place to another under load, through the program's own command line.</summary>
public sealed class LiveMigrationTests
{
    // Blobs that are in both places: pushes put theirs in one.
    private const string Copied = $"blob_placement a JOIN blob_placement b ON b.digest = a.digest AND a.location = '{MovingRegistry.Disk}' AND b.location = '{MovingRegistry.Bucket}'";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory, Trait("Speed", "Slow")]
    [InlineData(MovingRegistry.Disk, MovingRegistry.Bucket)]
    [InlineData(MovingRegistry.Bucket, MovingRegistry.Disk)]
    public async Task All_that_was_acknowledged_moves_under_load_and_through_kills_and_the_old_place_ends_empty(string from, string to)
    {
        await using var registry = new MovingRegistry { Preferred = from };
        await registry.InitializeAsync();
        var (repository, acknowledged) = (registry.NewRepository(), new ConcurrentDictionary<string, Image>());
        acknowledged["large"] = await PushAsync(registry.UserClient, repository, "large", 6 << 20);
        for (var i = 0; i < 30; i++)
            acknowledged[$"first{i}"] = await PushAsync(registry.UserClient, repository, $"first{i}", 40_000);
        await ExecuteAsync(registry, "UPDATE namespace SET tag_expiration_s = 0");
        registry.Preferred = to;
        await registry.RestartAsync();

        for (var kill = 0; kill < 2; kill++)
        {
            var before = await registry.CountAsync(Copied);
            var traffic = new Traffic(Client(registry), repository, acknowledged);
            var command = MigrateAsync(registry, from, to, "--bytes-per-second", "200KiB");
            await Poll.UntilAsync(async () => await registry.CountAsync(Copied) >= before + 5, TimeSpan.FromSeconds(60));
            await registry.KillAsync();
            await traffic.DisposeAsync();
            Assert.Equal(2, (await command).Code);
            await registry.RestartAsync();
            await Traffic.CheckAsync(Client(registry), repository, acknowledged);
        }
        Finished moved;
        await using (new Traffic(Client(registry), repository, acknowledged))
            moved = await MigrateAsync(registry, from, to, "--remove");

        Assert.True(moved.Code == 0, moved.Output + moved.Errors + registry.Log());
        Assert.Equal(0, JsonDocument.Parse(moved.Output).RootElement.GetProperty("data").GetProperty("left").GetInt64());
        var old = registry.Open(from);
        await Poll.UntilAsync(async () => !await old.ListAsync(null, Ct).AnyAsync(Ct), TimeSpan.FromSeconds(60));
        Assert.Empty(await old.ListFilesAsync(Ct).ToListAsync(Ct));
        Assert.Empty(await old.ListForeignAsync(Ct).ToListAsync(Ct));
        Assert.Empty(await old.ListUnfinishedAsync(Ct).ToListAsync(Ct));
        Assert.Equal(0, await registry.CountAsync(from == MovingRegistry.Disk ? $"blob_placement WHERE location = '{MovingRegistry.Disk}'" : $"blob_placement WHERE location = '{MovingRegistry.Bucket}'"));
        (old as IDisposable)?.Dispose();
        await Traffic.CheckAsync(Client(registry), repository, acknowledged);
        var verified = await RunningWharf.RunAsync(["storage", "verify", "--full", "--data", registry.DataDirectory], registry.DataDirectory, registry.CommandEnvironment);
        Assert.True(verified.Code == 0, verified.Output + verified.Errors);
    }

    private static async Task<Image> PushAsync(HttpClient client, string repository, string tag, int size)
    {
        var layer = Requests.RandomBytes(size);
        var image = Image.Random();
        var manifest = System.Text.Json.Nodes.JsonNode.Parse(image.Manifest)!.AsObject();
        manifest["layers"]![0] = Image.Descriptor(Wharf.Oci.MediaTypes.OciLayerGzip, layer);
        return await client.PushImageAsync(repository, tag, image with { Layer = layer, Manifest = JsonSerializer.SerializeToUtf8Bytes(manifest) });
    }

    private static Task<Finished> MigrateAsync(MovingRegistry registry, string from, string to, params string[] more) =>
        RunningWharf.RunAsync(["storage", "migrate", from, to, "--json", "--data", registry.DataDirectory, .. more], registry.DataDirectory, registry.CommandEnvironment);

    private static HttpClient Client(MovingRegistry registry) => registry.ClientFor(registry.User.Name, registry.User.Password);

    private static async Task ExecuteAsync(MovingRegistry registry, string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
#pragma warning disable CA2100 // The tests' own
        command.CommandText = sql;
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(Ct);
    }
}
