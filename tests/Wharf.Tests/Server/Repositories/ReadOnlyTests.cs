using Wharf.Oci;

namespace Wharf.Tests.Server.Repositories;

/// <summary>A read-only repository is pulled from as ever, and nothing changes what is in it.</summary>
public sealed class ReadOnlyTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Pushes_deletes_mounts_and_uploads_are_refused_until_it_is_normal_again()
    {
        var (repository, other) = (registry.NewRepository(), registry.NewRepository());
        var (image, elsewhere) = (await Me.PushImageAsync(repository, "v1"), await Me.PushImageAsync(other, "v1"));
        var upload = await Me.StartUploadAsync(repository);
        var content = Requests.RandomBytes(100);

        await SetStateAsync(repository, "READ_ONLY");

        await EverythingIsRefusedAsync(repository, image, other, elsewhere, upload, content);
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await Me.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
        var shown = (await Me.ReadAsync($"/api/v1/repository/{repository}")).Is(200).Json;
        Assert.Equal(("READ_ONLY", false, true), (shown.GetProperty("state").GetString(), shown.GetProperty("can_write").GetBoolean(), shown.GetProperty("can_admin").GetBoolean()));

        await SetStateAsync(repository, "NORMAL");

        (await Me.SendAsync("PUT", $"{upload}?digest={Digest.Of(content)}", content)).Is(201);
        await Me.PushImageAsync(repository, "v2");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);
    }

    // The gate of this process still remembers the repository as it was: another replica, or a request that was already past the gate.
    [Fact]
    public async Task The_transaction_refuses_too_where_the_gate_does_not_know_yet()
    {
        var (repository, other) = (registry.NewRepository(), registry.NewRepository());
        var (image, elsewhere) = (await Me.PushImageAsync(repository, "v1"), await Me.PushImageAsync(other, "v1"));
        var (upload, content) = (await Me.StartUploadAsync(repository), Requests.RandomBytes(100));
        (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200);

        await Company.OneAsync(registry, $"UPDATE repository SET state = 'read_only' WHERE name = '{repository[(registry.User.Name.Length + 1)..]}' RETURNING id");

        (await Me.SendAsync("PUT", $"{upload}?digest={Digest.Of(content)}", content)).Is(403, "DENIED");
        (await Me.PutManifestAsync(repository, "v2", image.Manifest)).Is(403, "DENIED");
        // A mount that is not made becomes an upload, whose end is refused; unless the gate has heard of the repository's creation by now and read it anew.
        Assert.Contains((int)(await Me.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?mount={elsewhere.LayerDigest}&from={other}", [])).Status, new[] { 202, 403 });
        (await Me.SendAsync("HEAD", $"/v2/{repository}/blobs/{elsewhere.LayerDigest}")).Is(404);
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(403, "DENIED");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(403, "DENIED");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(403, "DENIED");
        Assert.Equal(["v1"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact]
    public async Task Other_states_and_other_callers_are_refused()
    {
        var (repository, writer) = (registry.NewRepository(), await registry.CreateUserAsync());
        await Me.PushImageAsync(repository, "v1");
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{writer.Name}", """{"role":"write"}""")).Is(200);

        await Body.MatchesAsync((await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"NORMAL"}""")).Is(200), "changeRepoState");
        foreach (var state in (string[])["MIRROR", "normal", "", "ORG_MIRROR"])
            (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", $$"""{"state":"{{state}}"}""")).Is(400);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", "{}")).Is(400);
        (await writer.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(403);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{registry.NewRepository()}/changestate", """{"state":"READ_ONLY"}""")).Is(404);
    }

    private async Task EverythingIsRefusedAsync(string repository, Image image, string other, Image elsewhere, string upload, byte[] content)
    {
        (await Me.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(403, "DENIED");
        (await Me.SendAsync("PATCH", upload, content, ("Content-Type", "application/octet-stream"))).Is(403, "DENIED");
        (await Me.SendAsync("PUT", $"{upload}?digest={Digest.Of(content)}", content)).Is(403, "DENIED");
        (await Me.PutManifestAsync(repository, "v2", image.Manifest)).Is(403, "DENIED");
        (await Me.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?mount={elsewhere.LayerDigest}&from={other}", [])).Is(403, "DENIED");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(403, "DENIED");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(403, "DENIED");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(403, "DENIED");
    }

    private async Task SetStateAsync(string repository, string state) =>
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", $$"""{"state":"{{state}}"}""")).Is(200);
}
