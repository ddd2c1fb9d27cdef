using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Content Management".</summary>
public sealed class DeletionTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "deleting-tags end-9")]
    public async Task A_deleted_tag_is_404_and_its_manifest_and_other_tags_stay()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await Client.PutManifestAsync(repository, "v2", image.Manifest)).Is(201);

        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);

        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "TAG_EXPIRED");
        (await Client.ReadAsync($"/v2/{repository}/manifests/v2")).Is(200);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        Assert.Equal(["v2"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "deleting-manifests end-9")]
    public async Task A_deleted_manifest_is_404_and_takes_its_tags_along()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);

        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);

        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404, "MANIFEST_UNKNOWN");
        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "TAG_EXPIRED");
        Assert.Empty((await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "deleting-manifests end-9")]
    public async Task A_deleted_manifest_or_tag_is_pushed_again()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);

        (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);

        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
    }

    [Fact, Trait("Spec", "deleting-manifests end-9")]
    public async Task What_is_not_there_is_404_on_deletion_too()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");

        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/v2")).Is(404, "MANIFEST_UNKNOWN");
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{Digest.Of("x"u8)}")).Is(404, "MANIFEST_UNKNOWN");
        (await Client.SendAsync("DELETE", $"/v2/{registry.NewRepository()}/manifests/v1")).Is(404, "NAME_UNKNOWN");
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/sha256:12")).Is(400, "DIGEST_INVALID");
    }

    [Fact, Trait("Spec", "deleting-blobs end-10")]
    public async Task A_deleted_blob_is_404()
    {
        var repository = registry.NewRepository();
        var digest = await Client.PushBlobAsync(repository, Requests.RandomBytes(100));
        (await Client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200);

        (await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{digest}")).Is(202);

        (await Client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(404, "BLOB_UNKNOWN");
    }

    [Fact, Trait("Spec", "deleting-blobs end-10")]
    public async Task An_unknown_blob_is_404_BLOB_UNKNOWN_on_deletion_too()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var other = Digest.Of("x"u8);

        Assert.Equal(other.ToString(), (await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{other}")).Is(404, "BLOB_UNKNOWN").Detail);
        (await Client.SendAsync("DELETE", $"/v2/{registry.NewRepository()}/blobs/{other}")).Is(404, "NAME_UNKNOWN");
    }

    [Fact, Trait("Spec", "deleting-blobs end-10")]
    public async Task A_blob_that_a_manifest_names_stays_until_the_manifest_is_deleted()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        var refused = (await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(405, "UNSUPPORTED");
        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);
        (await Client.SendAsync("DELETE", $"/v2/{repository}/blobs/{image.LayerDigest}")).Is(202);

        Assert.Contains(image.Digest.ToString(), refused.Message, StringComparison.Ordinal);
        (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(404, "MANIFEST_BLOB_UNKNOWN");
    }

    [Fact, Trait("Spec", "deleting-blobs end-10")]
    public async Task A_blob_deleted_in_one_repository_stays_in_the_others()
    {
        var (first, second, content) = (registry.NewRepository(), registry.NewRepository(), Requests.RandomBytes(100));
        var digest = await Client.PushBlobAsync(first, content);
        await Client.PushBlobAsync(second, content);

        (await Client.SendAsync("DELETE", $"/v2/{first}/blobs/{digest}")).Is(202);

        Assert.Equal(content, (await Client.ReadAsync($"/v2/{second}/blobs/{digest}")).Is(200).Body);
        (await Client.ReadAsync($"/v2/{first}/blobs/{digest}")).Is(404);
    }

    [Fact, Trait("Spec", "deleting-manifests end-9")]
    public async Task A_child_may_be_deleted_and_the_index_stays()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "child");
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, image.Manifest));
        (await Client.PutManifestAsync(repository, "multi", index, MediaTypes.OciIndex)).Is(201);

        (await Client.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);

        Assert.Equal(index, (await Client.ReadAsync($"/v2/{repository}/manifests/multi")).Is(200).Body);
    }
}
