using System.Text;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Pushing Manifests" (end-7), and what its development version adds.</summary>
public sealed class ManifestPushTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_push_by_tag_answers_201_with_location_and_digest()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        var put = (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);

        Assert.Equal(image.Digest.ToString(), put.Header("Docker-Content-Digest"));
        Assert.Equal(image.Manifest, (await Client.ReadAsync(put.Location)).Is(200).Body);
        Assert.Null(put.Header("OCI-Subject"));
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_push_by_digest_makes_no_tag()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        var put = (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);

        Assert.Equal($"/v2/{repository}/manifests/{image.Digest}", put.Location);
        Assert.Empty((await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_push_by_the_wrong_digest_is_400_and_stores_nothing()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        var put = (await Client.PutManifestAsync(repository, Digest.Of("other"u8).ToString(), image.Manifest)).Is(400, "DIGEST_INVALID");

        Assert.Contains(image.Digest.ToString(), put.Message, StringComparison.Ordinal);
        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_push_by_sha512_is_kept_under_it()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);
        var digest = Digest.Of(image.Manifest, DigestAlgorithm.Sha512);

        var put = (await Client.PutManifestAsync(repository, digest.ToString(), image.Manifest)).Is(201);

        Assert.Equal(digest.ToString(), put.Header("Docker-Content-Digest"));
        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/{digest}")).Is(200).Body);
    }

    [Fact, Trait("Spec", "dev pushing-manifests")]
    public async Task A_push_by_digest_with_several_tags_sets_them_all_and_says_so()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        var put = (await Client.PutManifestAsync(repository, $"{image.Digest}?tag=v1&tag=v1.2&tag=latest&tag=v1", image.Manifest)).Is(201);

        Assert.Equal(["latest", "v1", "v1.2"], put.Headers.GetValues("OCI-Tag").Order(StringComparer.Ordinal));
        foreach (var tag in new[] { "v1", "v1.2", "latest" })
        {
            Assert.Equal(image.Digest.ToString(), (await Client.SendAsync("HEAD", $"/v2/{repository}/manifests/{tag}")).Is(200).Header("Docker-Content-Digest"));
        }
    }

    [Fact, Trait("Spec", "dev pushing-manifests")]
    public async Task One_bad_tag_of_several_refuses_the_whole_push()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        (await Client.PutManifestAsync(repository, $"{image.Digest}?tag=v1&tag=.bad", image.Manifest)).Is(400, "TAG_INVALID");
        (await Client.PutManifestAsync(repository, "v1?tag=v2", image.Manifest)).Is(400, "INVALID_REQUEST");
        (await Client.PutManifestAsync(repository, image.Digest + "?" + string.Join('&', Enumerable.Range(0, 101).Select(i => $"tag=t{i}")), image.Manifest)).Is(414, "TAG_INVALID");

        (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
        Assert.Empty((await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_tag_moves_to_what_is_pushed_last_and_the_former_stays_by_digest()
    {
        var repository = registry.NewRepository();
        var first = await Client.PushImageAsync(repository, "v1");
        var second = await Client.PushImageAsync(repository, "v1");

        Assert.Equal(second.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        Assert.Equal(first.Manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/{first.Digest}")).Is(200).Body);
    }

    [Fact, Trait("Spec", "push code-1")]
    public async Task A_blob_that_was_never_pushed_is_404_MANIFEST_BLOB_UNKNOWN_with_its_digest()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await Client.PushBlobAsync(repository, image.Config);

        var put = (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(404, "MANIFEST_BLOB_UNKNOWN");

        Assert.Equal(image.LayerDigest.ToString(), put.Detail);
        (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
    }

    [Fact, Trait("Spec", "push code-1")]
    public async Task A_blob_that_only_another_repository_has_counts_as_never_pushed()
    {
        var (repository, other, image) = (registry.NewRepository(), registry.NewRepository(), Image.Random());
        await PushBlobsAsync(other, image);
        await Client.PushBlobAsync(repository, image.Config);

        (await Client.PutManifestAsync(repository, "v1", image.Manifest)).Is(404, "MANIFEST_BLOB_UNKNOWN");
    }

    [Fact, Trait("Spec", "push")]
    public async Task A_refused_manifest_makes_no_repository()
    {
        var repository = registry.NewRepository();

        (await Client.PutManifestAsync(repository, "v1", Image.Random().Manifest)).Is(404, "MANIFEST_BLOB_UNKNOWN");

        (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(404, "NAME_UNKNOWN");
    }

    [Fact, Trait("Issue", "2")]
    public async Task A_size_in_a_descriptor_that_is_not_the_blobs_is_400_SIZE_INVALID()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);
        var manifest = JsonNode.Parse(image.Manifest)!;
        manifest["layers"]![0]!["size"] = 999;

        var put = (await Client.PutManifestAsync(repository, "v1", Encoding.UTF8.GetBytes(manifest.ToJsonString()))).Is(400, "SIZE_INVALID");

        Assert.Contains("999", put.Message, StringComparison.Ordinal);
        Assert.Contains("1000", put.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "pushing-manifests-with-subject end-7")]
    public async Task A_subject_is_acknowledged_by_OCI_Subject_even_when_it_is_not_here()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("not here yet"u8));
        var image = Image.Random(artifactType: "application/vnd.example.sbom", subject: subject);
        await PushBlobsAsync(repository, image);

        var put = (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);

        Assert.Equal(subject.ToString(), put.Header("OCI-Subject"));
    }

    [Theory, Trait("Spec", "pushing-manifests end-7")]
    [InlineData(MediaTypes.OciManifest, MediaTypes.OciIndex)]
    [InlineData(MediaTypes.DockerManifest, MediaTypes.DockerManifestList)]
    public async Task Images_and_indexes_of_OCI_and_Docker_are_taken_and_served_as_they_are(string manifestType, string indexType)
    {
        var (repository, image) = (registry.NewRepository(), Image.Random(manifestType: manifestType));
        await PushBlobsAsync(repository, image);
        (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest, manifestType)).Is(201);
        var index = Image.Index(indexType, (manifestType, image.Manifest));

        (await Client.PutManifestAsync(repository, "multi", index, indexType)).Is(201);

        var pulled = (await Client.ReadAsync($"/v2/{repository}/manifests/multi")).Is(200);
        Assert.Equal(index, pulled.Body);
        Assert.Equal(indexType, pulled.ContentHeaders.ContentType!.ToString());
        Assert.Equal(manifestType, (await Client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200).ContentHeaders.ContentType!.ToString());
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task Indexes_nest()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);
        (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);
        var inner = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, image.Manifest));
        (await Client.PutManifestAsync(repository, Digest.Of(inner).ToString(), inner, MediaTypes.OciIndex)).Is(201);
        var outer = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciIndex, inner));

        (await Client.PutManifestAsync(repository, "nested", outer, MediaTypes.OciIndex)).Is(201);

        Assert.Equal(outer, (await Client.ReadAsync($"/v2/{repository}/manifests/nested")).Is(200).Body);
    }

    [Fact, Trait("Issue", "2")]
    public async Task An_index_may_name_children_that_are_not_here()
    {
        var repository = registry.NewRepository();
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, Image.Random().Manifest));

        (await Client.PutManifestAsync(repository, "sparse", index, MediaTypes.OciIndex)).Is(201);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task Artifacts_of_any_type_are_taken()
    {
        var repository = registry.NewRepository();
        var empty = "{}"u8.ToArray();
        await Client.PushBlobAsync(repository, empty);
        var manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"application/x.whatever+toml","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{Digest.Of(empty)}}","size":2},
             "layers":[{"mediaType":"text/spring; charset=odd","digest":"{{Digest.Of(empty)}}","size":2}],"someday":{"unknown":[1,2,3] } }
            """);

        (await Client.PutManifestAsync(repository, "artifact", manifest)).Is(201);

        Assert.Equal(manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/artifact")).Is(200).Body);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task The_list_of_blobs_may_be_empty()
    {
        var repository = registry.NewRepository();
        var empty = "{}"u8.ToArray();
        await Client.PushBlobAsync(repository, empty);

        (await Client.PutManifestAsync(repository, "v1", Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","artifactType":"a/b","config":{"mediaType":"{{MediaTypes.OciEmpty}}","digest":"{{Digest.Of(empty)}}","size":2 },"layers":[] }"""))).Is(201);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task Parameters_of_the_content_type_are_ignored()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        (await Client.PutManifestAsync(repository, "v1", image.Manifest, MediaTypes.OciManifest + "; charset=utf-8")).Is(201);

        Assert.Equal(MediaTypes.OciManifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).ContentHeaders.ContentType!.ToString());
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_content_type_that_contradicts_the_media_type_is_400()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);

        (await Client.PutManifestAsync(repository, "v1", image.Manifest, MediaTypes.OciIndex)).Is(400, "MANIFEST_INVALID");
    }

    [Theory, Trait("Issue", "2")]
    [InlineData(MediaTypes.DockerSchema1)]
    [InlineData(MediaTypes.DockerSchema1Signed)]
    public async Task Schema_1_is_refused_with_advice(string mediaType)
    {
        var put = (await Client.PutManifestAsync(registry.NewRepository(), "v1", """{"schemaVersion":1,"name":"a/b","tag":"v1","fsLayers":[],"history":[]}"""u8.ToArray(), mediaType)).Is(415, "MANIFEST_INVALID");

        Assert.Contains("schema 1", put.Message, StringComparison.Ordinal);
        Assert.Contains("push with a client", put.Message, StringComparison.Ordinal);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task Four_MiB_are_taken_and_more_is_413()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);
        var padding = (4 << 20) - image.Manifest.Length;
        byte[] largest = [.. image.Manifest, .. Enumerable.Repeat((byte)' ', padding)];

        (await Client.PutManifestAsync(repository, "large", largest)).Is(201);
        (await Client.PutManifestAsync(repository, "larger", [.. largest, (byte)' '])).Is(413, "SIZE_INVALID");
    }

    [Theory, Trait("Spec", "pushing-manifests end-7")]
    [InlineData("-v1")]
    [InlineData(".v1")]
    [InlineData("v1~")]
    public async Task What_is_no_tag_is_400_TAG_INVALID(string tag) =>
        (await Client.PutManifestAsync(registry.NewRepository(), tag, Image.Random().Manifest)).Is(400, "TAG_INVALID");

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_manifest_pushed_again_unchanged_is_201_and_keeps_its_tags()
    {
        var repository = registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "v1");

        (await Client.PutManifestAsync(repository, image.Digest.ToString(), image.Manifest)).Is(201);

        Assert.Equal(["v1"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact, Trait("Rfc", "9112 9.3")]
    public async Task The_connection_stays_usable_after_a_push_whether_taken_or_refused()
    {
        var (repository, image) = (registry.NewRepository(), Image.Random());
        await PushBlobsAsync(repository, image);
        var authorization = $"Host: {registry.Host}\r\nAuthorization: {Requests.Basic(registry.User.Name, registry.User.Password).Value}\r\n";
        string Put(string body) => $"PUT /v2/{repository}/manifests/v1 HTTP/1.1\r\n{authorization}Content-Type: {MediaTypes.OciManifest}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

        var answers = await RawHttp.SendAsync(registry.Url,
            Put(Encoding.UTF8.GetString(image.Manifest)) + Put("{}") + $"HEAD /v2/{repository}/manifests/v1 HTTP/1.1\r\n{authorization}Connection: close\r\n\r\n");

        Assert.Equal([201, 400, 200], answers.Statuses);
    }

    [Theory, Trait("Issue", "2")]
    [InlineData("artifactType", "\"a/b\\u0000\"")]
    [InlineData("artifactType", "\"a/b\\n\"")]
    [InlineData("artifactType", "\"\\ud800\"")]
    [InlineData("mediaType", "\"\\ud800\"")]
    [InlineData("annotations", "{\"\\ud800\":\"x\"}")]
    [InlineData("annotations", "{\"x\":\"\\udc00\"}")]
    public async Task Text_that_not_every_reader_and_database_can_hold_is_400(string field, string value)
    {
        var subject = Digest.Of("subject"u8);
        var manifest = $$"""{"schemaVersion":2,"{{field}}":{{value}},"manifests":[],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":1} }""";

        (await Client.PutManifestAsync(registry.NewRepository(), "v1", Encoding.UTF8.GetBytes(manifest), MediaTypes.OciIndex)).Is(400, "MANIFEST_INVALID");
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task An_annotation_may_hold_a_NUL_and_comes_back_with_it()
    {
        var (repository, subject) = (registry.NewRepository(), Digest.Of("subject"u8));
        var manifest = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","annotations":{"x":"\u0000"},"manifests":[],"subject":{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{subject}}","size":1} }""");

        (await Client.PutManifestAsync(repository, "v1", manifest, MediaTypes.OciIndex)).Is(201);

        Assert.Equal(manifest, (await Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        (await Client.ReadAsync($"/v2/{repository}/referrers/{subject}")).Is(200);
    }

    [Fact, Trait("Spec", "pushing-manifests end-7")]
    public async Task A_layer_that_lives_elsewhere_need_not_be_pushed()
    {
        var repository = registry.NewRepository();
        var config = "{}"u8.ToArray();
        await Client.PushBlobAsync(repository, config);

        (await Client.PutManifestAsync(repository, "v1", Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.DockerManifest}}","config":{"mediaType":"{{MediaTypes.DockerConfig}}","digest":"{{Digest.Of(config)}}","size":2},
             "layers":[{"mediaType":"{{MediaTypes.DockerForeignLayerGzip}}","digest":"{{Digest.Of("elsewhere"u8)}}","size":9,"urls":["https://example.test/layer"]}]}
            """), MediaTypes.DockerManifest)).Is(201);
    }

    private async Task PushBlobsAsync(string repository, Image image)
    {
        await Client.PushBlobAsync(repository, image.Config);
        await Client.PushBlobAsync(repository, image.Layer);
    }
}
