using System.Text;
using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Pull".</summary>
public sealed class PullTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "determining-support end-1")]
    public async Task The_root_answers_200_to_who_is_signed_in()
    {
        var answer = (await Client.ReadAsync("/v2/")).Is(200);

        Assert.Equal("registry/2.0", answer.Header("Docker-Distribution-Api-Version"));
    }

    [Fact, Trait("Spec", "determining-support end-1")]
    public async Task The_root_without_its_last_slash_is_the_root() => (await Client.ReadAsync("/v2")).Is(200);

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task A_manifest_is_pulled_by_tag_with_the_bytes_type_and_digest_that_it_was_pushed_with()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        var answer = (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);

        Assert.Equal(image.Manifest, answer.Body);
        Assert.Equal(MediaTypes.OciManifest, answer.ContentHeaders.ContentType!.ToString());
        Assert.Equal(image.Digest.ToString(), answer.Header("Docker-Content-Digest"));
    }

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task A_manifest_is_pulled_by_digest_whatever_the_client_accepts()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        var answer = (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}", ("Accept", MediaTypes.DockerManifestList))).Is(200);

        Assert.Equal(image.Manifest, answer.Body);
    }

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task A_digest_with_an_escaped_colon_is_the_same_digest()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        var answer = await RawHttp.RequestAsync(registry.Url, "GET", $"/v2/{repository}/manifests/{image.Digest.ToString().Replace(":", "%3a", StringComparison.Ordinal)}",
            $"Authorization: {Requests.Basic(registry.User.Name, registry.User.Password).Value}");

        Assert.Equal(200, answer.Status);
        Assert.EndsWith(Encoding.UTF8.GetString(image.Manifest), answer.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task An_unknown_tag_or_digest_is_404_MANIFEST_UNKNOWN()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var other = Digest.Of("no such"u8);

        (await Client.ReadAsync($"/v2/{repository}/manifests/v2")).Is(404, "MANIFEST_UNKNOWN");
        var byDigest = (await Client.ReadAsync($"/v2/{repository}/manifests/{other}")).Is(404, "MANIFEST_UNKNOWN");

        Assert.Equal(other.ToString(), byDigest.Detail);
    }

    [Theory, Trait("Spec", "pulling-manifests end-3")]
    [InlineData("sha256:abc")]
    [InlineData("md5:d41d8cd98f00b204e9800998ecf8427e")]
    [InlineData("sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855")]
    public async Task A_malformed_digest_is_400_DIGEST_INVALID(string digest)
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");

        (await Client.ReadAsync($"/v2/{repository}/manifests/{digest}")).Is(400, "DIGEST_INVALID");
        (await Client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(400, "DIGEST_INVALID");
    }

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task A_tag_of_129_characters_is_no_reference()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, new string('t', 128));

        (await Client.ReadAsync($"/v2/{repository}/manifests/{new string('t', 128)}")).Is(200);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{new string('t', 129)}")).Is(400, "TAG_INVALID");
    }

    [Fact, Trait("Spec", "pulling-manifests end-3")]
    public async Task A_repository_of_ones_own_that_does_not_exist_is_404_NAME_UNKNOWN()
    {
        var repository = registry.NewRepository();

        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "NAME_UNKNOWN");
        (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of("x"u8)}")).Is(404, "NAME_UNKNOWN");
        (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(404, "NAME_UNKNOWN");
    }

    [Fact, Trait("Spec", "pulling-manifests")]
    public async Task Names_nest_as_deep_as_the_grammar_lets_them()
    {
        var repository = $"{registry.NewRepository()}/a/b-b/c__c/d.d/e--e/manifests/blobs/uploads/tags/list";
        var image = await Client.PushImageAsync(repository, "v1");

        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        Assert.Equal(image.Layer, (await Client.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200).Body);
        Assert.Equal(["v1"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "pulling-blobs end-2")]
    public async Task A_blob_is_pulled_with_its_digest_length_and_an_inert_type()
    {
        var repository = registry.NewRepository();
        var content = Requests.RandomBytes(100_000);
        var digest = await Client.PushBlobAsync(repository, content);

        var answer = (await Client.ReadAsync($"/v2/{repository}/blobs/{digest}")).Is(200);

        Assert.Equal(content, answer.Body);
        Assert.Equal(digest.ToString(), answer.Header("Docker-Content-Digest"));
        Assert.Equal(content.Length, answer.ContentHeaders.ContentLength);
        Assert.Equal("application/octet-stream", answer.ContentHeaders.ContentType!.ToString());
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
    }

    [Fact, Trait("Spec", "pulling-blobs end-2")]
    public async Task An_unknown_blob_is_404_BLOB_UNKNOWN_and_names_the_digest()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var other = Digest.Of("no such"u8);

        Assert.Equal(other.ToString(), (await Client.ReadAsync($"/v2/{repository}/blobs/{other}")).Is(404, "BLOB_UNKNOWN").Detail);
    }

    [Fact, Trait("Spec", "pulling-blobs end-2")]
    public async Task A_blob_of_another_repository_is_not_served_to_who_knows_its_digest()
    {
        var (first, second) = (registry.NewRepository(), registry.NewRepository());
        var image = await Client.PushImageAsync(first, "v1");
        await Client.PushImageAsync(second, "v1");

        (await Client.ReadAsync($"/v2/{second}/blobs/{image.LayerDigest}")).Is(404, "BLOB_UNKNOWN");
        (await Client.ReadAsync($"/v2/{second}/manifests/{image.Digest}")).Is(404, "MANIFEST_UNKNOWN");
    }

    [Fact, Trait("Spec", "checking-if-content-exists-in-the-registry end-2 end-3")]
    public async Task HEAD_tells_digest_and_length_and_sends_no_body()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");
        var authorization = $"Authorization: {Requests.Basic(registry.User.Name, registry.User.Password).Value}";

        foreach (var (path, digest, length) in new[]
        {
            ($"/v2/{repository}/manifests/v1", image.Digest, image.Manifest.Length),
            ($"/v2/{repository}/manifests/{image.Digest}", image.Digest, image.Manifest.Length),
            ($"/v2/{repository}/blobs/{image.LayerDigest}", image.LayerDigest, image.Layer.Length),
        })
        {
            var answer = await RawHttp.RequestAsync(registry.Url, "HEAD", path, authorization);

            Assert.Equal([200], answer.Statuses);
            Assert.Equal("", answer.Body);
            Assert.Contains($"Docker-Content-Digest: {digest}", answer.Head, StringComparison.Ordinal);
            Assert.Contains($"Content-Length: {length}", answer.Head, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Spec", "checking-if-content-exists-in-the-registry end-2 end-3")]
    public async Task HEAD_of_what_is_not_there_is_404_without_a_body()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var authorization = $"Authorization: {Requests.Basic(registry.User.Name, registry.User.Password).Value}";

        foreach (var path in new[] { $"/v2/{repository}/manifests/v2", $"/v2/{repository}/blobs/{Digest.Of("x"u8)}", $"/v2/{registry.NewRepository()}/manifests/v1" })
        {
            var answer = await RawHttp.RequestAsync(registry.Url, "HEAD", path, authorization);

            Assert.Equal(404, answer.Status);
            Assert.Equal("", answer.Body);
        }
    }

    [Fact, Trait("Rfc", "9110 13.1.2")]
    public async Task If_None_Match_with_the_etag_answers_304_without_a_body()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        foreach (var path in new[] { $"/v2/{repository}/manifests/v1", $"/v2/{repository}/manifests/{image.Digest}", $"/v2/{repository}/blobs/{image.LayerDigest}" })
        {
            var etag = (await Client.ReadAsync(path)).Is(200).Headers.ETag!;
            Assert.False(etag.IsWeak);

            foreach (var header in new[] { etag.Tag, $"\"other\", W/{etag.Tag}", "*" })
            {
                var answer = (await Client.ReadAsync(path, ("If-None-Match", header))).Is(304);

                Assert.Empty(answer.Body);
                Assert.Equal(etag, answer.Headers.ETag);
            }
            (await Client.ReadAsync(path, ("If-None-Match", "\"other\""))).Is(200);
        }
    }

    [Fact, Trait("Rfc", "9110 13.1.2")]
    public async Task The_etag_of_a_tag_changes_with_what_it_names()
    {
        var repository = registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var before = (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Headers.ETag!;
        var after = await Client.PushImageAsync(repository, "v1");

        var answer = (await Client.ReadAsync($"/v2/{repository}/manifests/v1", ("If-None-Match", before.Tag))).Is(200);

        Assert.Equal(after.Manifest, answer.Body);
        Assert.NotEqual(before, answer.Headers.ETag);
    }

    [Fact, Trait("Spec", "listing-tags")]
    public async Task A_name_of_one_part_is_in_the_namespace_library()
    {
        var library = await registry.CreateUserAsync("library");
        var image = await library.Client.PushImageAsync("busybox", "v1");

        Assert.Equal(image.Manifest, (await library.Client.ReadAsync("/v2/library/busybox/manifests/v1")).Is(200).Body);
        Assert.Equal("library/busybox", (await library.Client.ReadAsync("/v2/busybox/tags/list")).Is(200).Json.GetProperty("name").GetString());
        Assert.StartsWith("/v2/library/busybox/", await library.Client.StartUploadAsync("busybox"), StringComparison.Ordinal);
    }
}
