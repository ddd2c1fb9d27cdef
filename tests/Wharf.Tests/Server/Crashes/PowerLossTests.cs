using Microsoft.Extensions.DependencyInjection;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Tests.Hosting;
using Wharf.Tests.Storage;

namespace Wharf.Tests.Server.Crashes;

/// <summary>A disk that keeps nothing but what it was told to sync, and one that fails a sync (contract 3; attacks.tsv D02 and D03).</summary>
public sealed class PowerLossTests
{
    private const int Clients = 4;
    private const int InputOutput = 5;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact, Trait("Speed", "Slow")]
    public Task Nothing_acknowledged_is_lost_with_the_power() => LosePowerAsync(25);

    [Fact, Trait("Speed", "Long")]
    public Task Two_hundred_losses_of_power_lose_nothing() => LosePowerAsync(200);

    [Fact]
    public async Task The_database_syncs_each_commit()
    {
        using var directory = new TemporaryDirectory();
        await using var wharf = await InProcessWharf.StartAsync(directory.File("data"), new FaultyDisk());
        var db = wharf.Services.GetRequiredService<Database>();

        // SQLite: 2 is FULL. This is the connection that writes.
        Assert.Equal(2, await db.WriteAsync(static tx => tx.OneAsync("PRAGMA synchronous", static r => r.GetInt32(0)), Ct));
        Assert.Equal("wal", await db.WriteAsync(static tx => tx.OneAsync("PRAGMA journal_mode", static r => r.GetString(0)), Ct));
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PATCH")]
    [InlineData("PUT")]
    public async Task An_upload_that_the_disk_failed_to_keep_ends_and_the_same_content_can_be_pushed_again(string failing)
    {
        using var directory = new TemporaryDirectory();
        var disk = new FaultyDisk();
        await using var wharf = await InProcessWharf.StartAsync(directory.File("data"), disk);
        const string Repository = $"{InProcessWharf.User}/app";
        var content = Requests.RandomBytes(100_000);
        var digest = Digest.Of(content);
        var location = failing == "POST" ? "" : await wharf.Client.StartUploadAsync(Repository);
        if (failing == "PUT")
            (await wharf.Client.SendAsync("PATCH", location, content[..50_000], ("Content-Type", "application/octet-stream"))).Is(202);

        disk.FailNextFile = InputOutput;
        var answer = failing switch
        {
            "POST" => await wharf.Client.SendAsync("POST", $"/v2/{Repository}/blobs/uploads/?digest={digest}", content),
            "PATCH" => await wharf.Client.SendAsync("PATCH", location, content, ("Content-Type", "application/octet-stream")),
            _ => await wharf.Client.SendAsync("PUT", $"{location}?digest={digest}", content[50_000..], ("Content-Type", "application/octet-stream")),
        };

        if (failing == "POST")
            answer.Is(503, "UNAVAILABLE");
        else
            answer.Is(404, "BLOB_UPLOAD_UNKNOWN");
        Assert.Null(disk.FailNextFile);
        if (failing != "POST")
            (await wharf.Client.ReadAsync(location)).Is(404, "BLOB_UPLOAD_UNKNOWN");
        (await wharf.Client.SendAsync("HEAD", $"/v2/{Repository}/blobs/{digest}")).Is(404);
        await wharf.Client.PushBlobAsync(Repository, content);
        Assert.Equal(content, (await wharf.Client.ReadAsync($"/v2/{Repository}/blobs/{digest}")).Is(200).Body);
    }

    private static async Task LosePowerAsync(int rounds)
    {
        using var directory = new TemporaryDirectory();
        var data = directory.File("data");
        var random = new Random();
        var (disk, ledger) = (new FaultyDisk(), new Ledger());
        var wharf = await InProcessWharf.StartAsync(data, disk);
        try
        {
            for (var round = 0; round < rounds; round++)
            {
                var (shared, client) = (Requests.RandomBytes(30_000), wharf.Client);
                var pushing = Enumerable.Range(0, Clients).Select(i =>
                    new Pusher(client, $"{InProcessWharf.User}/app{i / 2}", $"tag{i}", ledger, new Random(random.Next())).PushUntilItFailsAsync(shared)).ToList();
                await Task.Delay(random.Next(50, 400), Ct);
                disk.PowerOff();
                // Nothing that needs the disk is acknowledged any more, so every client ends by itself.
                await Task.WhenAll(pushing);
                await wharf.DisposeAsync();
                disk.LosePower(InProcessWharf.Storage(data));

                wharf = await InProcessWharf.StartAsync(data, disk);
                await ledger.CheckAsync(wharf.Client);
                ledger.Settle();
            }
            await ledger.CheckSettledAsync(wharf.Client);
        }
        finally
        {
            await wharf.DisposeAsync();
        }
        var (sessions, orphans, blobs) = await ContentAtRest.SweepAndCompareAsync(data);
        Assert.True(ledger.Acknowledged > rounds, $"Only {ledger.Acknowledged} pushes were acknowledged: this proves nothing.");
        Console.WriteLine($"   {rounds} losses of power: {ledger.Acknowledged} blobs and manifests acknowledged, all there; {sessions} sessions and {orphans} orphans swept, {blobs} blobs left");
    }
}
