using Microsoft.Extensions.DependencyInjection;
using Wharf.Server.Content;
using Wharf.Storage;
using Wharf.Tests.Hosting;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Crashes;

public sealed class OrphanTests
{
    private const string Repository = $"{InProcessWharf.User}/app";
    private static readonly TimeSpan Old = TimeSpan.FromHours(7 * 24 + 1); // the setting is 7 * 24

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_old_bytes_that_no_row_names_are_deleted()
    {
        using var directory = new TemporaryDirectory();
        await using var wharf = await InProcessWharf.StartAsync(directory.File("data"), new FaultyDisk());
        var (driver, storage) = (wharf.Services.GetRequiredService<Locations>().Primary.Driver, InProcessWharf.Storage(directory.File("data")));
        var (client, content) = (wharf.Client, Requests.RandomBytes(1000));
        // Named by rows: a blob, and a session with bytes.
        await client.PushBlobAsync(Repository, content);
        var session = await client.StartUploadAsync(Repository);
        (await client.SendAsync("PATCH", session, content[..500], ("Content-Type", "application/octet-stream"))).Is(202);
        MakeOld(storage);
        // Named by none: a blob and an upload that are old, and the same that are young.
        var orphans = new HashSet<string> { await LeaveBlobAsync(driver), await LeaveUploadAsync(driver) };
        foreach (var file in Files(storage).Where(f => orphans.Any(key => IsOf(f, key))))
            File.SetLastWriteTimeUtc(file, Now - Old);
        string[] young = [await LeaveBlobAsync(driver), await LeaveUploadAsync(driver)];

        Assert.Equal(2, await SweepAsync(wharf));

        var left = Files(storage);
        Assert.DoesNotContain(left, file => orphans.Any(key => IsOf(file, key)));
        Assert.All(young, key => Assert.Contains(left, file => IsOf(file, key)));
        Assert.Equal(4, left.Count);
        (await client.SendAsync("PUT", $"{session}?digest={Wharf.Oci.Digest.Of(content)}", content[500..], ("Content-Type", "application/octet-stream"))).Is(201);
        Assert.Equal(0, await SweepAsync(wharf));
    }

    [Fact]
    public async Task A_note_about_a_blob_that_is_named_after_all_deletes_nothing()
    {
        using var directory = new TemporaryDirectory();
        await using var wharf = await InProcessWharf.StartAsync(directory.File("data"), new FaultyDisk());
        var content = Requests.RandomBytes(1000);
        var digest = await wharf.Client.PushBlobAsync(Repository, content);
        await wharf.Services.GetRequiredService<Wharf.Server.Data.Database>().WriteAsync(static tx => tx.ExecuteAsync(
            "INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT location, storage_key, 0 FROM blob_placement"), Ct);

        await SweepAsync(wharf);

        Assert.Equal(content, (await wharf.Client.ReadAsync($"/v2/{Repository}/blobs/{digest}")).Is(200).Body);
        Assert.Equal(0, (await wharf.Services.GetRequiredService<Garbage>().CollectAsync(Ct)).Keys);
    }

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    private static List<string> Files(string storage) => [.. Directory.GetFiles(storage, "*", SearchOption.AllDirectories)];

    // An unfinished upload has the key without its slash, and a number.
    private static bool IsOf(string file, string key) => file.EndsWith(key, StringComparison.Ordinal) || file.Contains(key.Remove(2, 1), StringComparison.Ordinal);

    private static void MakeOld(string storage)
    {
        foreach (var file in Files(storage))
            File.SetLastWriteTimeUtc(file, Now - Old);
    }

    private static async Task<string> LeaveBlobAsync(IBlobDriver driver)
    {
        var key = StorageKey.New();
        await using var writer = await driver.BeginAsync(key, Ct);
        await writer.WriteAsync(new byte[10], Ct);
        await writer.CompleteAsync(Ct);
        return key;
    }

    private static async Task<string> LeaveUploadAsync(IBlobDriver driver)
    {
        var key = StorageKey.New();
        await using var writer = await driver.BeginAsync(key, Ct);
        await writer.WriteAsync(new byte[10], Ct);
        await writer.CheckpointAsync(Ct);
        return key;
    }

    /// <summary>All shards once, and what was noted.</summary>
    private static async Task<int> SweepAsync(InProcessWharf wharf)
    {
        var orphans = wharf.Services.GetRequiredService<Orphans>();
        var location = wharf.Services.GetRequiredService<Locations>().Primary;
        var noted = await orphans.SweepUploadsAsync(location, Ct);
        for (var shard = 0; shard < Orphans.Shards; shard++)
            noted += await orphans.SweepBlobsAsync(location, shard, Ct);
        while ((await wharf.Services.GetRequiredService<Garbage>().CollectAsync(Ct)).Keys > 0)
        {
        }
        return noted;
    }
}
