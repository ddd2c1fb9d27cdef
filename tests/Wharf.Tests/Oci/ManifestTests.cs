using System.Globalization;
using System.Text;
using System.Text.Json;
using Wharf.Oci;
using static Wharf.Tests.Oci.ManifestCorpus;

namespace Wharf.Tests.Oci;

public sealed class ManifestTests
{
    [Fact]
    public void An_OCI_image_is_read_whole()
    {
        var image = Parse(Image, OciManifest);

        Assert.False(image.IsIndex);
        Assert.Equal(OciManifest, image.MediaType);
        Assert.Equal(new Descriptor("application/vnd.oci.image.config.v1+json", Digest.Parse(A), 1470), image.Config);
        Assert.Equal([B, C], image.Layers.Select(static l => l.Digest.ToString()));
        Assert.Equal([A, B, C], image.RequiredBlobs.Select(static b => b.Digest.ToString()));
        Assert.Equal("ü\n", image.Annotations["com.example.é"]);
        Assert.Equal("application/vnd.oci.image.config.v1+json", image.ArtifactType);
        Assert.Null(image.Subject);
        Assert.Empty(image.Children);
        Assert.True(image.Bytes.Span.SequenceEqual(Bytes(Image)));
    }

    [Fact]
    public void An_index_lists_its_children_with_their_platforms()
    {
        var index = Parse(ImageIndex, OciIndex);

        Assert.True(index.IsIndex);
        Assert.Equal(["linux/amd64", "linux/arm/v7", null], index.Children.Select(static c => c.Platform));
        Assert.Equal("application/vnd.example+type", index.Children[2].ArtifactType);
        Assert.Null(index.ArtifactType);
        Assert.Empty(index.RequiredBlobs);
    }

    [Fact]
    public void Layers_that_live_elsewhere_need_not_be_here()
    {
        var image = Parse(Docker, DockerManifest);

        Assert.True(image.Layers[0].HasUrls);
        Assert.Equal([A, C], image.RequiredBlobs.Select(static b => b.Digest.ToString()));
    }

    [Fact]
    public void An_artifact_has_its_own_type_a_subject_and_checked_data()
    {
        var artifact = Parse(Artifact, OciManifest);

        Assert.Equal("application/vnd.dev.cosign.artifact.sig.v1+json", artifact.ArtifactType);
        Assert.Equal(B, artifact.Subject?.Digest.ToString());
        Assert.Equal([Empty, Empty], artifact.RequiredBlobs.Select(static b => b.Digest.ToString()));
    }

    [Theory]
    [InlineData(OciManifest)]
    [InlineData(OciManifest + "; charset=utf-8")]
    [InlineData(" Application/vnd.oci.image.Manifest.v1+json ")]
    [InlineData(null)]
    [InlineData("")]
    public void The_content_type_may_have_parameters_or_be_left_to_the_body(string? contentType) => Assert.Equal(OciManifest, Parse(Image, contentType).MediaType);

    [Fact]
    public void A_body_without_media_type_is_what_the_content_type_says() => Assert.Equal(OciManifest, Parse(Bare, OciManifest).MediaType);

    [Fact]
    public void A_referrer_is_described_by_type_digest_size_annotations_and_artifact_type()
    {
        var descriptor = Parse(Image, OciManifest).ReferrerDescriptor(Digest.Parse(A), 7);

        using var json = JsonDocument.Parse(descriptor);
        Assert.Equal(["mediaType", "digest", "size", "annotations", "artifactType"], json.RootElement.EnumerateObject().Select(static p => p.Name));
        Assert.Equal("ü\n", json.RootElement.GetProperty("annotations").GetProperty("com.example.é").GetString());
        Assert.Contains("manifest.v1+json", Encoding.UTF8.GetString(descriptor), StringComparison.Ordinal);

        using var index = JsonDocument.Parse(Parse(ImageIndex, OciIndex).ReferrerDescriptor(Digest.Parse(A), 7));
        Assert.Equal(["mediaType", "digest", "size"], index.RootElement.EnumerateObject().Select(static p => p.Name));
    }

    [Theory]
    [InlineData("[]", OciManifest, ManifestProblem.Invalid, "JSON object")]
    [InlineData("", OciManifest, ManifestProblem.Invalid, "not valid JSON")]
    [InlineData("{", OciManifest, ManifestProblem.Invalid, "not valid JSON")]
    [InlineData("{} x", OciManifest, ManifestProblem.Invalid, "not valid JSON")]
    [InlineData("{}{}", OciManifest, ManifestProblem.Invalid, "not valid JSON")]
    [InlineData("{/**/}", OciManifest, ManifestProblem.Invalid, "not valid JSON")]
    [InlineData("{}", OciManifest, ManifestProblem.Invalid, "schemaVersion is missing")]
    [InlineData("""{"schemaVersion":3}""", OciManifest, ManifestProblem.Invalid, "schemaVersion is 3; expected 2")]
    [InlineData("""{"schemaVersion":2.0}""", OciManifest, ManifestProblem.Invalid, "schemaVersion must be a whole number")]
    [InlineData("""{"schemaVersion":"2"}""", OciManifest, ManifestProblem.Invalid, "schemaVersion must be a whole number")]
    [InlineData("""{"schemaVersion":2}""", null, ManifestProblem.Invalid, "neither mediaType nor a Content-Type")]
    [InlineData("""{"schemaVersion":2}""", DockerManifest, ManifestProblem.Invalid, "mediaType is missing")]
    [InlineData("""{"schemaVersion":2,"fsLayers":[]}""", OciManifest, ManifestProblem.Invalid, "fsLayers")]
    [InlineData("""{"schemaVersion":2}""", OciManifest, ManifestProblem.Invalid, "config is missing")]
    [InlineData("""{"schemaVersion":2,"config":null,"layers":[]}""", OciManifest, ManifestProblem.Invalid, "config is missing")]
    [InlineData("""{"schemaVersion":2}""", OciIndex, ManifestProblem.Invalid, "manifests is missing")]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[]}""", OciIndex, ManifestProblem.Invalid, "neither config nor layers")]
    [InlineData("""{"schemaVersion":2,"manifests":[],"layers":[]}""", OciManifest, ManifestProblem.Invalid, "no manifests")]
    [InlineData("""{"schemaVersion":2,"layers":{}}""", OciManifest, ManifestProblem.Invalid, "layers must be an array")]
    [InlineData("""{"schemaVersion":2,"layers":[null]}""", OciManifest, ManifestProblem.Invalid, "layers[0]: a descriptor must be an object")]
    [InlineData("""{"schemaVersion":2,"annotations":{"a":1}}""", OciManifest, ManifestProblem.Invalid, "object of strings")]
    [InlineData("""{"schemaVersion":2,"annotations":{"a":null}}""", OciManifest, ManifestProblem.Invalid, "object of strings")]
    [InlineData("""{"schemaVersion":2,"annotations":{"a":"1","\u0061":"2"}}""", OciManifest, ManifestProblem.Invalid, "twice")]
    [InlineData("""{"schemaVersion":2,"schemaVersion":2}""", OciManifest, ManifestProblem.Invalid, "schemaVersion is there twice")]
    [InlineData("""{"schemaVersion":2,"l\u0061yers":[],"layers":[]}""", OciManifest, ManifestProblem.Invalid, "layers is there twice")]
    [InlineData("""{"schemaVersion":2,"Layers":[]}""", OciManifest, ManifestProblem.Invalid, "write layers")]
    [InlineData("""{"schemaVersion":2,"layer\u017f":[]}""", OciManifest, ManifestProblem.Invalid, "write layers")]
    [InlineData("""{"schemaVersion":2,"x":"\ud800","artifactType":"\ud800"}""", OciManifest, ManifestProblem.Invalid, "surrogate")]
    [InlineData("""{"schemaVersion":1}""", null, ManifestProblem.Schema1, "schema 1")]
    [InlineData("{}", "application/vnd.docker.distribution.manifest.v1+prettyjws", ManifestProblem.Schema1, "schema 1")]
    [InlineData("{}", "application/json", ManifestProblem.Unsupported, "no manifest type")]
    [InlineData("{}", "text/html", ManifestProblem.Unsupported, "no manifest type")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/json"}""", null, ManifestProblem.Unsupported, "mediaType \"application/json\"")]
    [InlineData(Image, OciIndex, ManifestProblem.Invalid, "they must be the same")]
    public void What_is_no_manifest_is_refused_with_the_reason(string text, string? type, ManifestProblem expected, string reason) => AssertRefused(Bytes(text), type, expected, reason);

    [Theory]
    [InlineData($$"""{"digest":"{{A}}","size":1}""", "mediaType is missing")]
    [InlineData("""{"mediaType":"t/t","size":1}""", "digest is missing")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}"}""", "size is missing")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":-1}""", "size is -1")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":1.5}""", "size must be a whole number")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":1e3}""", "size must be a whole number")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":9223372036854775808}""", "size must be a whole number")]
    [InlineData("""{"mediaType":"t/t","digest":"sha256:../../../etc/passwd","size":1}""", "\"sha256:../../../etc/passwd\" is none")]
    [InlineData("""{"mediaType":"t/t","digest":"sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","size":1}""", "lower-case")]
    [InlineData("""{"mediaType":"t/t","digest":"x\u0007\u001b[0m","size":1}""", "\"x??[0m\" is none")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{Empty}}","size":2,"data":"e30"}""", "base64")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{Empty}}","size":3,"data":"e30="}""", "data holds 2 bytes and size is 3")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"data":"e30="}""", "other content")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","digest":"{{B}}","size":2}""", "digest is there twice")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","Digest":"{{B}}","size":2}""", "write digest")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"urls":[1]}""", "urls must be an array of strings")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"urls":"x"}""", "urls must be an array of strings")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"annotations":["x"]}""", "annotations must be")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"platform":{"os":1} }""", "platform.os must be a string")]
    [InlineData($$"""{"mediaType":"t/t","digest":"{{A}}","size":2,"platform":[]}""", "platform must be an object")]
    public void A_wrong_descriptor_is_named_with_its_place(string descriptor, string reason)
    {
        var good = $$"""{"mediaType":"t/t","digest":"{{A}}","size":1}""";

        AssertRefused(Bytes($$"""{"schemaVersion":2,"config":{{good}},"layers":[{{good}},{{descriptor}}]}"""), OciManifest, ManifestProblem.Invalid, "layers[1]: ", reason);
        AssertRefused(Bytes($$"""{"schemaVersion":2,"config":{{descriptor}},"layers":[]}"""), OciManifest, ManifestProblem.Invalid, "config: ", reason);
        AssertRefused(Bytes($$"""{"schemaVersion":2,"manifests":[],"subject":{{descriptor}}}"""), OciIndex, ManifestProblem.Invalid, "subject: ", reason);
    }

    [Fact]
    public void Bytes_that_are_not_plain_UTF8_are_refused()
    {
        AssertRefused([0xEF, 0xBB, 0xBF, .. Bytes(Image)], OciManifest, ManifestProblem.Invalid, "byte order mark");
        AssertRefused([.. Bytes("""{"schemaVersion":2,"x":" """), 0xFF, .. Bytes("\"}")], OciManifest, ManifestProblem.Invalid, "UTF-8");
        AssertRefused(Encoding.Unicode.GetBytes(Image), OciManifest, ManifestProblem.Invalid, "JSON");
    }

    [Fact]
    public void Nesting_is_bounded_in_unknown_fields_too()
    {
        static byte[] Nested(int arrays) => Bytes($$"""{"schemaVersion":2,"manifests":[],"x":{{new string('[', arrays)}}{{new string(']', arrays)}}}""");

        Assert.True(Manifest.TryParse(Nested(Manifest.MaxDepth - 1), OciIndex, out _, out _));
        AssertRefused(Nested(Manifest.MaxDepth), OciIndex, ManifestProblem.Invalid, "depth");
        AssertRefused(Nested(1_000_000), OciIndex, ManifestProblem.Invalid, "depth");
    }

    [Fact]
    public void The_number_of_descriptors_is_bounded()
    {
        static byte[] WithChildren(int count) => Bytes($$"""
            {"schemaVersion":2,"manifests":[{{string.Join(',', Enumerable.Repeat($$"""{"mediaType":"t/t","digest":"{{A}}","size":1}""", count))}}]}
            """);

        Assert.True(Manifest.TryParse(WithChildren(Manifest.MaxDescriptors), OciIndex, out _, out _));
        AssertRefused(WithChildren(Manifest.MaxDescriptors + 1), OciIndex, ManifestProblem.Invalid, "at most 10000 descriptors");
    }

    [Fact]
    public void What_a_stranger_wrote_is_quoted_short()
    {
        Assert.False(Manifest.TryParse(Bytes("{}"), new string('x', 10_000), out _, out var problem));
        Assert.InRange(problem.Length, 100, 500);
    }

    [Fact]
    public void A_hundred_thousand_keys_and_annotations_are_read_within_the_time_of_a_test()
    {
        var keys = string.Join(',', Enumerable.Range(0, 100_000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"k{i}\":0")));
        var annotations = string.Join(',', Enumerable.Range(0, 100_000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"k{i}\":\"\"")));

        Assert.Equal(100_000, Parse($$"""{"schemaVersion":2,"manifests":[],{{keys}},"annotations":{ {{annotations}} } }""", OciIndex).Annotations.Count);
    }

    private static Manifest Parse(string text, string? type)
    {
        Assert.True(Manifest.TryParse(Bytes(text), type, out var manifest, out var kind, out var problem), problem);
        Assert.Equal(ManifestProblem.None, kind);
        return manifest;
    }

    private static void AssertRefused(byte[] bytes, string? type, ManifestProblem expected, params string[] reasons)
    {
        Assert.False(Manifest.TryParse(bytes, type, out var manifest, out var kind, out var problem));
        Assert.Null(manifest);
        Assert.Equal(expected, kind);
        Assert.All(reasons, reason => Assert.Contains(reason, problem, StringComparison.Ordinal));
    }
}
