using System.Text.Json;
using Wharf.Oci;
using Wharf.Tests.Hosting;
using Wharf.Tests.Parts;

namespace Wharf.Tests.Server.StorageCare;

/// <summary>A bucket in which Quay has blobs is taken over as it is (Quay's layout: content_path of its digest tools, below its storage_path).</summary>
public sealed class AdoptionTests
{
    private const string Folder = "datastorage/registry";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_push_of_what_Quay_has_stores_no_bytes_and_nothing_of_Quays_is_ever_deleted()
    {
        await using var registry = new MovingRegistry { Preferred = MovingRegistry.Bucket, Prefix = "wharf", Redirect = true };
        await registry.InitializeAsync();
        var (image, unlinked, repository) = (Image.Random(), Requests.RandomBytes(500), registry.NewRepository());
        foreach (var content in new[] { image.Config, image.Layer, unlinked })
            await CephGateway.PutAsync(registry.BucketName, NameOf(Digest.Of(content)), content);
        var damaged = NameOf(Digest.Of([9]));
        await CephGateway.PutAsync(registry.BucketName, damaged, Requests.RandomBytes(20));
        // What else Quay leaves there.
        foreach (var other in new[] { $"{Folder}/uploads/7b7a2b0c-0000-4000-8000-000000000000", $"{Folder}/sha256/ab/short", "other/sha256/" + NameOf(Digest.Of(unlinked)).Split("sha256/")[1] })
            await CephGateway.PutAsync(registry.BucketName, other, [1]);
        var before = await ForeignAsync(registry);
        Assert.Equal(7, before.Count);

        var first = await AdoptAsync(registry, 1, "--verify");
        var second = await AdoptAsync(registry, 1, "--verify");

        Assert.Equal((4, 3, 1), (Number(first, "seen"), Number(first, "adopted"), Number(first, "wrong")));
        Assert.Equal((4, 0, 1), (Number(second, "seen"), Number(second, "adopted"), Number(second, "wrong")));
        Assert.Contains(damaged, first.GetProperty("problems")[0].GetString()!, StringComparison.Ordinal);
        // Nobody has them by that.
        (await registry.UserClient.SendAsync("HEAD", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(404);
        await registry.UserClient.PushImageAsync(repository, "latest", image);
        await Poll.UntilAsync(async () => await OwnAsync(registry) == 0);
        await PullAsync(registry, repository, image);
        registry.Redirect = false;
        await registry.RestartAsync();
        Assert.Equal(image.Layer, (await Client(registry).ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
        Assert.Equal(image.Layer[10..20], (await Client(registry).ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}", ("Range", "bytes=10-19"))).Is(206).Body);
        Assert.Equal(0, (await RunAsync(registry, "storage", "verify", "--full")).Code);
        // The scrub knows them as its own.
        var scrubbed = await RunAsync(registry, "scrub", "--full", "--json");
        Assert.True(scrubbed.Code == 1, scrubbed.Output + scrubbed.Errors + registry.Log());
        Assert.DoesNotContain(NameOf(image.LayerDigest), scrubbed.Output, StringComparison.Ordinal);
        Assert.Contains(damaged, scrubbed.Output, StringComparison.Ordinal);

        await using (var database = await registry.OpenDatabaseAsync())
        await using (var command = database.CreateCommand())
        {
            command.CommandText = "UPDATE namespace SET tag_expiration_s = 0";
            await command.ExecuteNonQueryAsync(Ct);
        }
        (await Client(registry).SendAsync("DELETE", $"/v2/{repository}/manifests/latest")).Is(202);
        (await Client(registry).SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);
        await Poll.UntilAsync(async () => await registry.CountAsync("blob") == 1 && await registry.CountAsync("storage_garbage") == 0, TimeSpan.FromSeconds(120));

        // The one that was never in a repository stays known.
        Assert.Equal(1, await registry.CountAsync("blob_placement"));
        Assert.Equal(before, await ForeignAsync(registry));
        (await Client(registry).ReadAsync($"/v2/{repository}/blobs/{Digest.Of(unlinked)}")).Is(404);
        // What went can be adopted again.
        Assert.Equal(2, Number(await AdoptAsync(registry, 1, "--verify"), "adopted"));
    }

    private static string NameOf(Digest digest) => digest.ToString()["sha256:".Length..] is var hex ? $"{Folder}/sha256/{hex[..2]}/{hex}" : "";

    private static async Task PullAsync(MovingRegistry registry, string repository, Image image)
    {
        using var following = new HttpClient { BaseAddress = registry.Url };
        var (name, value) = Requests.Basic(registry.User.Name, registry.User.Password);
        following.DefaultRequestHeaders.Add(name, value);
        Assert.Equal(image.Layer, await following.GetByteArrayAsync($"/v2/{repository}/blobs/{image.LayerDigest}", Ct));
        // The address that clients are sent to.
        var driver = registry.Open(MovingRegistry.Bucket);
        using var stranger = new HttpClient();
        using (driver as IDisposable)
            Assert.Equal(image.Layer, await stranger.GetByteArrayAsync(await driver.PresignAsync(NameOf(image.LayerDigest), TimeSpan.FromMinutes(1), Ct), Ct));
    }

    private static HttpClient Client(MovingRegistry registry) => registry.ClientFor(registry.User.Name, registry.User.Password);

    private static async Task<List<(string, long)>> ForeignAsync(MovingRegistry registry)
    {
        var driver = registry.Open(MovingRegistry.Bucket);
        using (driver as IDisposable)
            return [.. (await driver.ListForeignAsync(Ct).Select(static o => (o.Key, o.Size)).ToListAsync(Ct)).Order()];
    }

    private static async Task<int> OwnAsync(MovingRegistry registry)
    {
        var driver = registry.Open(MovingRegistry.Bucket);
        using (driver as IDisposable)
            return await driver.ListAsync(null, Ct).CountAsync(Ct);
    }

    private static async Task<JsonElement> AdoptAsync(MovingRegistry registry, int code, params string[] more)
    {
        var finished = await RunAsync(registry, ["storage", "adopt", MovingRegistry.Bucket, "--json", .. more]);
        Assert.True(finished.Code == code, finished.Output + finished.Errors);
        return JsonDocument.Parse(finished.Output).RootElement.GetProperty("data");
    }

    private static long Number(JsonElement data, string name) => data.GetProperty(name).GetInt64();

    private static Task<Finished> RunAsync(MovingRegistry registry, params string[] command) =>
        RunningWharf.RunAsync([.. command, "--data", registry.DataDirectory], registry.DataDirectory, registry.CommandEnvironment);
}
