using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Ways to hold more than one's quota allows.</summary>
internal sealed class QuotaChecks(AttackedRegistry registry) : Checks(registry)
{
    private const int Limit = 400_000;

    [Attack("Q01")]
    public async Task Uploads_that_fit_one_by_one_and_not_together()
    {
        var (owner, org) = await RationedAsync();
        const int Size = 60_000;
        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            var blob = Requests.RandomBytes(Size);
            return (await owner.Client.SendAsync("POST", $"/v2/{org}/r{i % 3}/blobs/uploads/?digest={Digest.Of(blob)}", blob)).Status;
        }));
        Assert.All(statuses, static s => Assert.True(s is HttpStatusCode.Created or HttpStatusCode.Forbidden, $"{s}"));
        Assert.InRange(await UsedAsync(owner, org), Limit - Size, Limit);
    }

    [Attack("Q02")]
    public async Task Mounts_tags_referrers_chunks_and_manifests_do_not_get_around_it()
    {
        var (owner, org) = await RationedAsync();
        var image = await owner.Client.PushImageAsync($"{org}/a", "v1");
        var used = await UsedAsync(owner, org);
        (await owner.Client.PutManifestAsync($"{org}/a", "v2", image.Manifest)).Is(201);
        await owner.Client.PushImageAsync($"{org}/b", "v1", image);
        Assert.Equal(used, await UsedAsync(owner, org));

        var large = Requests.RandomBytes(Limit);
        await owner.Client.PushBlobAsync($"{owner.Name}/own", large);
        (await owner.Client.SendAsync("POST", $"/v2/{org}/a/blobs/uploads/?mount={Digest.Of(large)}&from={owner.Name}/own")).Is(202);
        (await owner.Client.ReadAsync($"/v2/{org}/a/blobs/{Digest.Of(large)}")).Is(404);
        // Chunks, each of which fits.
        var (location, status) = (await owner.Client.StartUploadAsync($"{org}/a"), HttpStatusCode.Accepted);
        for (var i = 0; i < 12 && status == HttpStatusCode.Accepted; i++)
            status = (await owner.Client.SendAsync("PATCH", location, large[..50_000])).Status;
        Assert.Equal(HttpStatusCode.Forbidden, status);
        (await owner.Client.SendAsync("DELETE", location)).Is(204);
        // Manifests are content, too: referrers with large annotations.
        await owner.Client.PushBlobAsync($"{org}/a", "{}"u8.ToArray());
        status = HttpStatusCode.Created;
        for (var i = 0; i < 12 && status == HttpStatusCode.Created; i++)
        {
            var referrer = new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciManifest,
                ["artifactType"] = "application/vnd.example.fill",
                ["config"] = Image.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
                ["layers"] = new JsonArray(),
                ["subject"] = Image.Descriptor(MediaTypes.OciManifest, image.Manifest),
                ["annotations"] = new JsonObject { ["fill"] = Convert.ToHexString(Requests.RandomBytes(30_000)) },
            };
            var bytes = JsonSerializer.SerializeToUtf8Bytes(referrer);
            status = (await owner.Client.PutManifestAsync($"{org}/a", Digest.Of(bytes).ToString(), bytes)).Status;
        }
        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.InRange(await UsedAsync(owner, org), used, Limit);
    }

    [Attack("Q05")]
    public async Task Sessions_that_nobody_ends_take_room()
    {
        var (owner, org) = await RationedAsync();
        await owner.Client.PushBlobAsync($"{org}/a", [1]);
        for (var i = 0; i < 3; i++)
            (await owner.Client.SendAsync("PATCH", await owner.Client.StartUploadAsync($"{org}/a"), Requests.RandomBytes(100_000))).Is(202);
        (await owner.Client.SendAsync("PATCH", await owner.Client.StartUploadAsync($"{org}/a"), Requests.RandomBytes(100_000))).Is(403, "DENIED");
    }

    private async Task<(Account Owner, string Organization)> RationedAsync()
    {
        var owner = await Registry.CreateUserAsync();
        var org = "o" + owner.Name;
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}""")).Is(201);
        (await Registry.Client.SendJsonAsync("POST", $"/api/v1/organization/{org}/quota", $$"""{"limit_bytes":{{Limit}},"limits":[{"type":"Reject","threshold_percent":100}]}""")).Is(201);
        return (owner, org);
    }

    private static async Task<long> UsedAsync(Account owner, string org) => (await owner.Client.ReadAsync($"/api/v1/organization/{org}/usage")).Is(200).Json.GetProperty("bytes").GetInt64();
}
