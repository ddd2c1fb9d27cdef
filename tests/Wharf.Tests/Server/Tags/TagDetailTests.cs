using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.PullStatistics;

namespace Wharf.Tests.Server.Tags;

/// <summary>What a page shows of tags beside their history, and what was pushed last.</summary>
public sealed class TagDetailTests(CountingRegistry registry) : IClassFixture<CountingRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Platforms_size_signatures_and_pulls_come_in_one_answer_when_they_are_asked_for()
    {
        var repository = registry.NewRepository();
        var (plain, signed, tagged) = (await _client.PushImageAsync(repository, "plain"), await _client.PushImageAsync(repository, "signed"), await _client.PushImageAsync(repository, "tagged"));
        await _client.PushImageAsync(repository, "sig", Image.Random(artifactType: "application/vnd.dev.sigstore.bundle.v0.3+json", subject: signed.Digest));
        await _client.PushImageAsync(repository, "sbom", Image.Random(artifactType: "application/spdx+json", subject: plain.Digest));
        await _client.PushImageAsync(repository, tagged.Digest.ToString().Replace(':', '-') + ".sig");
        var child = Image.Descriptor(MediaTypes.OciManifest, plain.Manifest);
        child["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "arm64" };
        var other = Image.Descriptor(MediaTypes.OciManifest, signed.Manifest);
        other["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        var index = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray(child, other) });
        (await _client.PutManifestAsync(repository, "multi", index, MediaTypes.OciIndex)).Is(201);
        for (var i = 0; i < 2; i++)
            (await _client.ReadAsync($"/v2/{repository}/manifests/plain")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/{signed.Digest}")).Is(200);

        var rows = new Dictionary<string, JsonElement>();
        await Poll.UntilAsync(async () =>
        {
            rows = (await _client.TagsAsync(repository, "?details=true&onlyActiveTags=true")).ToDictionary(TagApi.Name, static t => t.GetProperty("details"));
            return rows["plain"].GetProperty("pull_count").GetInt64() == 2 && rows["signed"].Has("last_pulled");
        });

        Assert.Equal([("multi", false), ("plain", false), ("signed", true), ("tagged", true)], rows.Where(static r => r.Key is "multi" or "plain" or "signed" or "tagged").OrderBy(static r => r.Key, StringComparer.Ordinal)
            .Select(static r => (r.Key, r.Value.GetProperty("signed").GetBoolean())));
        Assert.Equal(["linux/arm64"], rows["multi"].GetProperty("platforms").Strings());
        Assert.Equal(["linux/amd64"], rows["plain"].GetProperty("platforms").Strings());
        Assert.Equal(plain.Config.Length + plain.Layer.Length, rows["plain"].GetProperty("size").GetInt64());
        Assert.Equal(plain.Config.Length + plain.Layer.Length + signed.Config.Length + signed.Layer.Length, rows["multi"].GetProperty("size").GetInt64());
        // By the digest only: the tag has no pull, and is used all the same.
        Assert.Equal(0, rows["signed"].GetProperty("pull_count").GetInt64());
        Assert.False(rows["tagged"].Has("last_pulled"));
        Assert.Equal("queued", rows["plain"].GetProperty("security").GetProperty("status").GetString());

        Assert.All(await _client.TagsAsync(repository), static row => Assert.False(row.Has("details")));
        Assert.Equal(["plain"], (await _client.TagsAsync(repository, "?details=true&filter_tag_name=like:LAI")).Where(static r => r.Has("details")).Select(TagApi.Name));
        Assert.Empty(await _client.TagsAsync(repository, "?details=true&specificTag=none"));
    }

    [Fact]
    public async Task The_last_pushes_to_what_is_the_callers_come_first_and_those_of_strangers_do_not()
    {
        var (owner, friend) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var (one, two) = ($"{owner.Name}/one", $"{owner.Name}/two");
        await owner.Client.PushImageAsync(one, "v1");
        var last = await owner.Client.PushImageAsync(two, "v1");
        (await owner.Client.PutManifestAsync(two, "v2", last.Manifest)).Is(201);

        var mine = await RecentAsync(owner.Client);
        var theirs = await RecentAsync(friend.Client);
        (await owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{two}/permissions/user/{friend.Name}", """{"role":"read"}""")).Is(200);
        var granted = await RecentAsync(friend.Client);

        Assert.Equal([(one, "v1"), (two, "v1"), (two, "v2")], mine.Select(static p => (p.GetProperty("repository").GetString()!, p.GetProperty("tag").GetString()!)).Order());
        Assert.Equal(two, mine[0].GetProperty("repository").GetString());
        Assert.All(mine, p => Assert.Equal(owner.Name, p.GetProperty("by").GetString()));
        Assert.Empty(theirs);
        Assert.Equal(2, granted.Count);
        Assert.Single(await RecentAsync(owner.Client, "?limit=1"));
        (await owner.Client.ReadAsync("/api/v1/user/recent?limit=1000")).Is(400);

        // Starred and public is as good; private again, a star shows nothing.
        var stranger = await registry.CreateUserAsync();
        await owner.Client.SetPublicAsync(one, true);
        (await stranger.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{owner.Name}}","repository":"one"}""")).Is(201);
        Assert.Single(await RecentAsync(stranger.Client));
        await owner.Client.SetPublicAsync(one, false);
        Assert.Empty(await RecentAsync(stranger.Client));

        static async Task<List<JsonElement>> RecentAsync(HttpClient client, string query = "") => [.. (await client.ReadAsync("/api/v1/user/recent" + query)).Is(200).Json.GetProperty("pushes").EnumerateArray()];
    }
}
