using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Tags;

/// <summary>Tags that end by themselves, because the image says so.</summary>
public sealed class TagExpiryTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Theory]
    [InlineData("90s", 90L)]
    [InlineData("15m", 900L)]
    [InlineData("2h", 7200L)]
    [InlineData("3d", 259_200L)]
    [InlineData("2w", 1_209_600L)]
    [InlineData("1y", 31_536_000L)]
    [InlineData("", null)]
    [InlineData("5", null)]
    [InlineData("h", null)]
    [InlineData("1x", null)]
    [InlineData("0d", null)]
    [InlineData("-1d", null)]
    [InlineData("1.5h", null)]
    [InlineData(" 1h", null)]
    [InlineData("999999999y", null)]
    [InlineData("99999999999999999999d", null)]
    public async Task An_image_says_by_a_label_how_long_its_tags_live(string value, long? seconds)
    {
        var repository = registry.NewRepository();

        await _client.PushImageAsync(repository, "v1", Labelled(value));

        var row = (await _client.LiveAsync(repository, "v1"))!.Value;
        Assert.Equal(seconds, row.TryGetProperty("end_ts", out var end) ? end.GetInt64() - row.GetProperty("start_ts").GetInt64() : null);
    }

    [Fact]
    public async Task A_push_of_the_same_image_begins_the_time_anew_and_one_of_another_ends_it()
    {
        var repository = registry.NewRepository();
        var image = Labelled("1h");
        await _client.PushImageAsync(repository, "v1", image);
        var start = (await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("start_ts").GetInt64();
        (await _client.PutTagAsync(repository, "v1", $$"""{"expiration":{{start + 10 * 86_400}}}""")).Is(201);

        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);
        Assert.InRange((await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("end_ts").GetInt64() - start, 3600, 3700);
        await _client.PushImageAsync(repository, "v1");
        Assert.False((await _client.LiveAsync(repository, "v1"))!.Value.Has("end_ts"));
        (await _client.PutTagAsync(repository, "v1", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        Assert.True((await _client.LiveAsync(repository, "v1"))!.Value.Has("end_ts"));
    }

    [Fact]
    public async Task The_manifests_annotation_goes_before_the_configs_label()
    {
        var repository = registry.NewRepository();
        var image = Labelled("1h");
        var manifest = JsonNode.Parse(image.Manifest)!;
        manifest["annotations"]!["quay.expires-after"] = "2h";

        await _client.PushImageAsync(repository, "v1", image with { Manifest = JsonSerializer.SerializeToUtf8Bytes(manifest) });

        var row = (await _client.LiveAsync(repository, "v1"))!.Value;
        Assert.Equal(7200, row.GetProperty("end_ts").GetInt64() - row.GetProperty("start_ts").GetInt64());
    }

    [Theory]
    [InlineData("1h", "1h", 3600L)]
    [InlineData("1h", "2h", null)]
    [InlineData("1h", "no", null)]
    public async Task An_index_lives_as_long_as_all_its_images_say(string one, string two, long? seconds)
    {
        var repository = registry.NewRepository();
        var images = new[] { Labelled(one), Labelled(two) };
        foreach (var image in images)
            await _client.PushImageAsync(repository, image.Digest.ToString(), image);

        (await _client.PutManifestAsync(repository, "multi", Image.Index(MediaTypes.OciIndex, [.. images.Select(static i => (MediaTypes.OciManifest, i.Manifest))]), MediaTypes.OciIndex)).Is(201);

        var row = (await _client.LiveAsync(repository, "multi"))!.Value;
        Assert.Equal(seconds, row.TryGetProperty("end_ts", out var end) ? end.GetInt64() - row.GetProperty("start_ts").GetInt64() : null);
    }

    [Theory]
    [InlineData("not json at all")]
    [InlineData("[]")]
    [InlineData("""{"config":5}""")]
    [InlineData("""{"config":{"Labels":["quay.expires-after"]}}""")]
    [InlineData("""{"config":{"Labels":{"quay.expires-after":5}}}""")]
    [InlineData("""{"config":{"Labels":{"quay.expires-after":"\ud800"}}}""")]
    public async Task A_config_that_cannot_be_read_says_nothing(string config)
    {
        var repository = registry.NewRepository();

        await _client.PushImageAsync(repository, "v1", WithConfig(config));

        Assert.False((await _client.LiveAsync(repository, "v1"))!.Value.Has("end_ts"));
    }

    [Fact]
    public async Task A_tag_whose_time_is_over_is_gone_and_can_be_had_back()
    {
        var repository = registry.NewRepository();
        var image = Labelled("1s");
        await _client.PushImageAsync(repository, "v1", image);

        await Poll.UntilAsync(async () => (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Status == System.Net.HttpStatusCode.NotFound);

        Assert.Empty(await _client.TagsAsync(repository, "?onlyActiveTags=true"));
        Assert.Empty((await _client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").EnumerateArray());
        var row = (await _client.TagsAsync(repository)).Single();
        Assert.Equal((1, false, true), (row.GetProperty("end_ts").GetInt64() - row.GetProperty("start_ts").GetInt64(), row.Has("ended_by"), row.GetProperty("restorable").GetBoolean()));
        (await _client.DeleteTagAsync(repository, "v1")).Is(404);
        // It was nobody's doing.
        var told = await Poll.UntilAsync(async () => (await _client.AuditAsync(repository)).Find(static l => l.Kind == "tag_expired"));
        Assert.Equal(("v1", image.Digest.ToString()), (told.Metadata.GetProperty("tag").GetString(), told.Metadata.GetProperty("manifest_digest").GetString()));
        (await _client.RestoreTagAsync(repository, "v1", image.Digest)).Is(200);
        Assert.Equal(2, (await _client.TagsAsync(repository, "?specificTag=v1")).Count);
    }

    internal static Image Labelled(string expiresAfter) =>
        WithConfig($$$"""{"architecture":"amd64","os":"linux","nonce":"{{{Guid.NewGuid()}}}","config":{"Labels":{"quay.expires-after":"{{{expiresAfter}}}"} } }""");

    internal static Image WithConfig(string config)
    {
        var (bytes, image) = (Encoding.UTF8.GetBytes(config), Image.Random());
        var manifest = JsonNode.Parse(image.Manifest)!;
        manifest["config"] = Image.Descriptor(MediaTypes.OciConfig, bytes);
        return image with { Config = bytes, Manifest = JsonSerializer.SerializeToUtf8Bytes(manifest) };
    }
}
