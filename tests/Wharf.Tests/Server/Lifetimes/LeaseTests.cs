using Wharf.Oci;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>Leases and explanations by HTTP, where what nothing needs goes within seconds.</summary>
public sealed class LeaseTests(BusyRegistry registry) : IClassFixture<BusyRegistry>
{
    [Fact]
    public async Task A_leased_manifest_outlives_its_tags_and_goes_after_the_lease()
    {
        var owner = await NewOwnerAsync();
        var (repository, image) = ($"{owner.Name}/app", await owner.Client.PushImageAsync($"{owner.Name}/app", "v1"));
        var lease = (await owner.Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/lease", $$"""{"manifest_digest":"{{image.Digest}}","holder":"cluster prod","ttl_seconds":3600}""")).Is(201).Json;
        var again = (await owner.Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/lease", $$"""{"manifest_digest":"{{image.Digest}}","holder":"cluster prod","ttl_seconds":7200}""")).Is(201).Json;
        Assert.Equal(lease.GetProperty("id").GetString(), again.GetProperty("id").GetString());
        Assert.Equal("cluster prod", (await owner.Client.ReadAsync($"/api/v1/repository/{repository}/lease?manifest_digest={image.Digest}")).Is(200).Json.GetProperty("leases")[0].GetProperty("holder").GetString());

        // Another image has the same fate but no lease: when that is gone, this one would be.
        var other = await owner.Client.PushImageAsync(repository, "v2");
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v2")).Is(202);
        await GoneAsync(owner, repository, other.Digest);
        await GoneAsync(owner, repository, other.LayerDigest);

        (await owner.Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        (await owner.Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(409, "DENIED");
        var why = (await owner.Client.ReadAsync($"/api/v1/repository/{repository}/gc/{image.Digest}")).Is(200).Json.GetProperty("repositories")[0];
        Assert.Equal("held", why.GetProperty("state").GetString());
        Assert.Contains("lease cluster prod", why.GetProperty("why").GetString(), StringComparison.Ordinal);

        (await owner.Client.SendAsync("DELETE", $"/api/v1/repository/{repository}/lease/{lease.GetProperty("id").GetString()}")).Is(204);
        await GoneAsync(owner, repository, image.Digest);
        await GoneAsync(owner, repository, image.LayerDigest);
        (await owner.Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
    }

    [Fact]
    public async Task A_lease_ends_by_itself_and_can_be_renewed()
    {
        var owner = await NewOwnerAsync();
        var (repository, image) = ($"{owner.Name}/app", await owner.Client.PushImageAsync($"{owner.Name}/app", "v1"));
        var lease = (await owner.Client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/lease", $$"""{"manifest_digest":"{{image.Digest}}","holder":"a job","ttl_seconds":1}""")).Is(201).Json.GetProperty("id").GetString();
        var renewed = await owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/lease/{lease}", """{"ttl_seconds":2}""");
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);

        await GoneAsync(owner, repository, image.Digest);

        Assert.Contains((int)renewed.Status, new[] { 200, 404 });
        (await owner.Client.ReadAsync($"/api/v1/repository/{repository}/lease/{lease}")).Is(404);
    }

    [Fact]
    public async Task Leases_are_for_those_who_were_granted_access_and_their_time_is_bounded()
    {
        var (owner, stranger) = (await NewOwnerAsync(), await registry.CreateUserAsync());
        var (repository, image) = ($"{owner.Name}/app", await owner.Client.PushImageAsync($"{owner.Name}/app", "v1"));
        await Registry.SetPublicAsync(owner, "app", true);
        var path = $"/api/v1/repository/{repository}/lease";
        string Body(string digest, string holder = "x", string seconds = "60") => $$"""{"manifest_digest":"{{digest}}","holder":"{{holder}}","ttl_seconds":{{seconds}}}""";

        (await stranger.Client.SendJsonAsync("POST", path, Body(image.Digest.ToString()))).Is(403);
        (await registry.Anonymous.SendJsonAsync("POST", path, Body(image.Digest.ToString()))).Is(403);
        (await owner.Client.SendJsonAsync("POST", path, Body("sha256:abc"))).Is(400);
        (await owner.Client.SendJsonAsync("POST", path, Body(Digest.Of("nothing"u8).ToString()))).Is(404);
        (await owner.Client.SendJsonAsync("POST", path, Body(image.Digest.ToString(), holder: ""))).Is(400);
        (await owner.Client.SendJsonAsync("POST", path, Body(image.Digest.ToString(), seconds: "0"))).Is(400);
        (await owner.Client.SendJsonAsync("POST", path, Body(image.Digest.ToString(), seconds: "99999999999"))).Is(400);
        (await owner.Client.ReadAsync($"{path}?next_page=';")).Is(400);
        (await owner.Client.ReadAsync($"{path}/nothing")).Is(404);
        (await stranger.Client.ReadAsync($"/api/v1/repository/{repository}/gc/{image.Digest}")).Is(200);
        (await stranger.Client.ReadAsync($"/api/v1/repository/{repository}/gc/{Digest.Of("nothing"u8)}")).Is(404);
        (await stranger.Client.ReadAsync($"/api/v1/superuser/gc/{image.Digest}")).Is(403);
    }

    [Fact]
    public async Task Who_asks_for_a_manifest_by_its_digest_again_and_again_keeps_it()
    {
        var owner = await NewOwnerAsync();
        var repository = $"{owner.Name}/app";
        var (asked, other) = (await owner.Client.PushImageAsync(repository, "v1"), await owner.Client.PushImageAsync(repository, "v2"));
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v2")).Is(202);

        await Poll.UntilAsync(async () =>
        {
            (await owner.Client.SendAsync("HEAD", $"/v2/{repository}/manifests/{asked.Digest}")).Is(200);
            return (int)(await owner.Client.ReadAsync($"/api/v1/repository/{repository}/gc/{other.Digest}")).Status == 404;
        }, TimeSpan.FromSeconds(60));

        (await owner.Client.ReadAsync($"/v2/{repository}/manifests/{asked.Digest}")).Is(200);
    }

    [Fact]
    public async Task The_numbers_agree_with_what_went()
    {
        var owner = await NewOwnerAsync();
        var before = (await registry.Client.ReadAsync("/api/v1/superuser/gc")).Is(200).Json;
        var (repository, image) = ($"{owner.Name}/app", await owner.Client.PushImageAsync($"{owner.Name}/app", "v1"));
        (await owner.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        await GoneAsync(owner, repository, image.LayerDigest);

        // Each number by itself: what other tests left goes meanwhile, and the bytes of that may be enough before this image is through.
        foreach (var (what, more) in new[] { ("bytes", image.Layer.Length + image.Config.Length), ("manifests", 1), ("blobs", 2) })
            await Poll.UntilAsync(async () => Ever(await registry.Client.ReadAsync("/api/v1/superuser/gc"), what) >= Ever(before, what) + more);
        await Poll.UntilAsync(async () => (await owner.Client.ReadAsync($"/api/v1/repository/{repository}/logs")).Is(200).Text.Contains("collect_garbage", StringComparison.Ordinal));

        static long Ever(object from, string what) => (from is Answer answer ? answer.Is(200).Json : (System.Text.Json.JsonElement)from)
            .GetProperty("freed").EnumerateArray().Single(static f => f.GetProperty("since").GetString() == "ever").GetProperty(what).GetInt64();
    }

    private async Task<Account> NewOwnerAsync()
    {
        var owner = await registry.CreateUserAsync();
        (await owner.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"tag_expiration_s":0}""")).Is(200);
        return owner;
    }

    private static Task<bool> GoneAsync(Account owner, string repository, Digest digest) =>
        Poll.UntilAsync(async () => (int)(await owner.Client.ReadAsync($"/api/v1/repository/{repository}/gc/{digest}")).Status == 404, TimeSpan.FromSeconds(60));
}
