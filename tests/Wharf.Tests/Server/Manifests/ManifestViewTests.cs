using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Manifests;

/// <summary>What is shown of one manifest.</summary>
public sealed class ManifestViewTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task The_body_is_Quays_with_the_steps_that_made_the_image()
    {
        var (repository, layer) = (registry.NewRepository(), Requests.RandomBytes(100));
        var config = Encoding.UTF8.GetBytes("""
            {"architecture":"arm64","os":"linux","config":{"Env":["A=b"],"Labels":{"k":"v"}},"history":[
              {"created":"2026-01-02T03:04:05.123456789Z","created_by":"/bin/sh -c #(nop) ADD file:1 in /","author":"somebody"},
              {"created":"2026-01-02T03:04:06Z","created_by":"/bin/sh -c #(nop) CMD [\"sh\"]","comment":"built","empty_layer":true}]}
            """);
        var manifest = await PushAsync(repository, "v1", config, MediaTypes.OciConfig, layer);

        var answer = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{Digest.Of(manifest)}")).Is(200);

        Assert.Equal(Encoding.UTF8.GetString(manifest), answer.Json.GetProperty("manifest_data").GetString());
        await Body.MatchesAsync(answer, "getRepoManifest", (answer.Json.GetProperty("manifest_data").GetRawText(), "\"<manifest>\""), (JsonSerializer.Serialize(Encoding.UTF8.GetString(manifest), s_relaxed), "\"<manifest>\""),
            (Digest.Of(manifest).ToString(), "<image>"), (Digest.Of(layer).ToString(), "<layer>"), (answer.Json.GetProperty("pushed").GetString()!, "<date>"));
    }

    [Fact]
    public async Task A_tag_is_as_good_as_a_digest_and_what_is_not_there_is_404()
    {
        var repository = registry.NewRepository();
        (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/v1")).Is(404);
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.PutManifestAsync(repository, "same", image.Manifest)).Is(201);

        var shown = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/v1")).Is(200).Json;

        Assert.Equal(image.Digest.ToString(), shown.GetProperty("digest").GetString());
        Assert.Equal(["same", "v1"], shown.GetProperty("tags").Strings());
        Assert.Equal("tests", shown.GetProperty("annotations").GetProperty("org.example.made-by").GetString());
        // Without a history the layers are shown all the same.
        Assert.Equal(image.LayerDigest.ToString(), Assert.Single(shown.GetProperty("layers").EnumerateArray()).GetProperty("blob_digest").GetString());
        foreach (var other in new[] { "v2", "sha256:" + new string('0', 64), "sha256:nonsense", "-" })
            (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{other}")).Is(404);
        // It is no pull.
        Assert.Equal(0, (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/v1/pull_statistics")).Is(200).Json.GetProperty("tag_pull_count").GetInt64());
    }

    [Fact]
    public async Task An_index_shows_its_platforms_and_which_of_them_are_here()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "child");
        var absent = Image.Random();
        var child = Image.Descriptor(MediaTypes.OciManifest, image.Manifest);
        child["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "arm", ["variant"] = "v7" };
        child["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "none" };
        var other = Image.Descriptor(MediaTypes.OciManifest, absent.Manifest);
        other["platform"] = new JsonObject { ["os"] = "windows", ["architecture"] = "amd64", ["os.version"] = "10.0.1" };
        var index = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray(child, other) });
        (await _client.PutManifestAsync(repository, "multi", index, MediaTypes.OciIndex)).Is(201);

        var shown = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/multi")).Is(200).Json;

        Assert.True(shown.GetProperty("is_manifest_list").GetBoolean());
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("layers").ValueKind);
        Assert.Equal(JsonValueKind.Null, shown.GetProperty("layers_compressed_size").ValueKind);
        var size = image.Config.Length + image.Layer.Length;
        Assert.Equal([(image.Digest.ToString(), "linux", "arm", "v7", null, true, (long?)size), (absent.Digest.ToString(), "windows", "amd64", null, "10.0.1", false, null)],
            shown.GetProperty("platforms").EnumerateArray().Select(static p => (p.GetProperty("digest").GetString(), p.GetProperty("os").GetString(), p.GetProperty("architecture").GetString(), p.GetProperty("variant").GetString(),
                p.GetProperty("os_version").GetString(), p.GetProperty("present").GetBoolean(), p.GetProperty("size").ValueKind == JsonValueKind.Null ? null : (long?)p.GetProperty("size").GetInt64())));
        Assert.Equal(size, shown.GetProperty("size").GetInt64());
        Assert.Equal("none", shown.GetProperty("platforms")[0].GetProperty("annotations").GetProperty("vnd.docker.reference.type").GetString());
    }

    [Fact]
    public async Task What_refers_to_it_is_a_tree_three_deep_and_cosigns_tags_belong_to_it()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        var chain = new List<Image> { image };
        for (var i = 1; i <= 4; i++)
        {
            var referrer = Image.Random(artifactType: $"application/vnd.example.{i}", subject: chain[^1].Digest);
            await _client.PushImageAsync(repository, $"r{i}", referrer);
            chain.Add(referrer);
        }
        var signature = Image.Random();
        await _client.PushImageAsync(repository, image.Digest.ToString().Replace(':', '-') + ".sig", signature);

        var shown = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/v1")).Is(200).Json;

        var referrers = shown.GetProperty("referrers").EnumerateArray().ToList();
        Assert.Equal([chain[1].Digest.ToString(), signature.Digest.ToString()], referrers.Select(static r => r.GetProperty("digest").GetString()!));
        Assert.EndsWith(".sig", referrers[1].GetProperty("tag").GetString(), StringComparison.Ordinal);
        Assert.Equal(("application/vnd.example.1", chain[1].Manifest.Length, "tests"),
            (referrers[0].GetProperty("artifact_type").GetString(), referrers[0].GetProperty("size").GetInt32(), referrers[0].GetProperty("annotations").GetProperty("org.example.made-by").GetString()));
        var third = referrers[0].GetProperty("referrers")[0].GetProperty("referrers")[0];
        Assert.Equal(chain[3].Digest.ToString(), third.GetProperty("digest").GetString());
        Assert.Empty(third.GetProperty("referrers").EnumerateArray());
        Assert.False(shown.GetProperty("referrers_truncated").GetBoolean());

        var subject = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/r1")).Is(200).Json.GetProperty("subject");
        Assert.Equal((image.Digest.ToString(), true), (subject.GetProperty("digest").GetString(), subject.GetProperty("present").GetBoolean()));
    }

    [Theory]
    [InlineData("no json")]
    [InlineData("[1,2]")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("deep")]
    [InlineData("latin")]
    [InlineData("large")]
    public async Task A_hostile_config_is_left_out_and_the_answer_says_so(string what)
    {
        var (repository, layer) = (registry.NewRepository(), Requests.RandomBytes(100));
        var config = what switch
        {
            "deep" => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 60)) + "1" + new string('}', 60)),
            "latin" => [(byte)'{', (byte)'"', 0xE4, (byte)'"', (byte)':', (byte)'1', (byte)'}'],
            "large" => [.. "{"u8, .. Enumerable.Repeat((byte)' ', 4 << 20), .. "}"u8],
            _ => Encoding.UTF8.GetBytes(what),
        };
        await PushAsync(repository, "v1", config, MediaTypes.OciConfig, layer);

        var shown = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/v1")).Is(200).Json;

        Assert.Equal(JsonValueKind.Null, shown.GetProperty("config").ValueKind);
        Assert.NotEmpty(shown.GetProperty("config_problem").GetString()!);
        Assert.Single(shown.GetProperty("layers").EnumerateArray());
    }

    [Fact]
    public async Task A_history_that_does_not_fit_the_layers_is_left_out()
    {
        var (repository, layer) = (registry.NewRepository(), Requests.RandomBytes(100));
        await PushAsync(repository, "v1", Encoding.UTF8.GetBytes($$"""{"history":[{{string.Join(',', Enumerable.Repeat("{}", 20_000))}}]}"""), MediaTypes.OciConfig, layer);
        await PushAsync(repository, "v2", """{"history":[{"created_by":"one"},{"created_by":"two"}]}"""u8.ToArray(), MediaTypes.OciConfig, layer);
        await PushAsync(repository, "v3", """{"history":[7]}"""u8.ToArray(), MediaTypes.OciConfig, layer);

        foreach (var tag in new[] { "v1", "v2", "v3" })
        {
            var only = Assert.Single((await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{tag}")).Is(200).Json.GetProperty("layers").EnumerateArray());
            Assert.Equal(JsonValueKind.Null, only.GetProperty("command").ValueKind);
        }
    }

    [Fact]
    public async Task The_config_of_a_chart_is_shown_and_its_strangers_see_nothing()
    {
        var (repository, layer) = (registry.NewRepository(), Requests.RandomBytes(100));
        await PushAsync(repository, "1.0.0", """{"name":"chart","version":"1.0.0"}"""u8.ToArray(), "application/vnd.cncf.helm.config.v1+json", layer);

        var shown = (await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/1.0.0")).Is(200).Json;

        Assert.Equal("chart", shown.GetProperty("config").GetProperty("name").GetString());
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/manifest/1.0.0")).Is(401);
        (await (await registry.CreateUserAsync()).Client.ReadAsync($"/api/v1/repository/{repository}/manifest/1.0.0")).Is(403);
        await _client.SetPublicAsync(repository, true);
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/manifest/1.0.0")).Is(200);
    }

    private static readonly JsonSerializerOptions s_relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private async Task<byte[]> PushAsync(string repository, string tag, byte[] config, string configType, byte[] layer)
    {
        await _client.PushBlobAsync(repository, config);
        await _client.PushBlobAsync(repository, layer);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Image.Descriptor(configType, config),
            ["layers"] = new JsonArray(Image.Descriptor(MediaTypes.OciLayerGzip, layer)),
        });
        (await _client.PutManifestAsync(repository, tag, manifest)).Is(201);
        return manifest;
    }
}
