using System.Text.Json;
using Wharf.Oci;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Tags;

/// <summary>What the tags of a repository name and have named.</summary>
public sealed class TagHistoryTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Each_change_of_a_tag_is_a_row_with_who_did_it()
    {
        var repository = registry.NewRepository();
        var (one, two) = (await _client.PushImageAsync(repository, "latest"), await _client.PushImageAsync(repository, "latest"));
        (await _client.DeleteTagAsync(repository, "latest")).Is(204);

        var history = await _client.TagsAsync(repository);

        Assert.Equal([two.Digest.ToString(), one.Digest.ToString()], history.Select(TagApi.Digest));
        Assert.All(history, row => Assert.Equal((registry.User.Name, registry.User.Name, true), (row.GetProperty("started_by").GetString(), row.GetProperty("ended_by").GetString(), row.GetProperty("restorable").GetBoolean())));
        Assert.True(history[1].GetProperty("end_ts").GetInt64() >= history[1].GetProperty("start_ts").GetInt64());
        Assert.Equal(two.Config.Length + two.Layer.Length, history[0].GetProperty("size").GetInt64());
        Assert.Empty(await _client.TagsAsync(repository, "?onlyActiveTags=true"));
    }

    [Fact]
    public async Task The_body_is_Quays()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        var list = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, image.Manifest));
        (await _client.PutManifestAsync(repository, "multi", list, MediaTypes.OciIndex)).Is(201);
        (await _client.DeleteTagAsync(repository, "v1")).Is(204);

        var answer = (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=100&page=1")).Is(200);

        var masks = answer.Json.GetProperty("tags").EnumerateArray().SelectMany(static t => new[] { t.GetProperty("start_ts"), t.TryGetProperty("end_ts", out var end) ? end : default })
            .Where(static t => t.ValueKind == JsonValueKind.Number).Select(static t => (t.GetRawText(), "0")).Distinct();
        await Body.MatchesAsync(answer, "listRepoTags", [(image.Digest.ToString(), "<image>"), (Digest.Of(list).ToString(), "<index>"), (registry.User.Name, "<user>"), .. masks,
            ($"\"size\": {image.Config.Length + image.Layer.Length}", "\"size\": 1000")]);
    }

    [Fact]
    public async Task Pages_go_on_where_the_last_one_ended_whatever_happens_in_between()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "t0");
        for (var i = 1; i < 10; i++)
            (await _client.PutTagAsync(repository, $"t{i}", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);

        var (names, next) = (new List<string>(), "");
        do
        {
            var page = (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=4{(next.Length > 0 ? "&next_page=" + next : "")}")).Is(200).Json;
            names.AddRange(page.GetProperty("tags").EnumerateArray().Select(TagApi.Name));
            Assert.Equal(page.GetProperty("has_additional").GetBoolean(), page.TryGetProperty("next_page", out var token));
            next = token.ValueKind == JsonValueKind.String ? token.GetString()! : "";
            // New rows are before the first page, and change nothing of what follows.
            (await _client.PutTagAsync(repository, $"new{names.Count}", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        }
        while (next.Length > 0);

        // Two of one millisecond are in the order of their names.
        Assert.Equal(Enumerable.Range(0, 10).Select(static i => $"t{i}"), names.Order(StringComparer.Ordinal));
        // As Quay's clients count them.
        var all = (await _client.TagsAsync(repository, "?limit=100")).Select(TagApi.Name).ToList();
        Assert.Equal(all.Skip(2).Take(2), (await _client.TagsAsync(repository, "?limit=2&page=2")).Select(TagApi.Name));
        Assert.Equal(2, (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=2&page=2")).Json.GetProperty("page").GetInt32());
        (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?next_page=nonsense")).Is(400);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=many")).Is(400);
        Assert.Single((await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=-5")).Is(200).Json.GetProperty("tags").EnumerateArray());
    }

    [Fact]
    public async Task Filters_find_a_name_or_a_part_of_names()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1.0");
        foreach (var tag in new[] { "v1_0", "V1.0-RC", "other" })
            (await _client.PutTagAsync(repository, tag, $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
        (await _client.DeleteTagAsync(repository, "other")).Is(204);

        Assert.Equal(["v1.0"], await NamesAsync("?specificTag=v1.0"));
        Assert.Equal(["v1.0"], await NamesAsync("?filter_tag_name=eq:v1.0"));
        Assert.Equal(["V1.0-RC", "v1.0"], await NamesAsync("?filter_tag_name=like:1.0"));
        Assert.Equal(["v1_0"], await NamesAsync("?filter_tag_name=like:1_0"));
        Assert.Empty(await NamesAsync("?filter_tag_name=like:%25"));
        Assert.Equal(["other"], await NamesAsync("?filter_tag_name=like:OTH"));
        Assert.Empty(await NamesAsync("?filter_tag_name=like:OTH&onlyActiveTags=true"));
        Assert.Empty(await NamesAsync("?specificTag=v1.0&filter_tag_name=eq:other"));
        Assert.Empty(await NamesAsync("?specificTag=%00"));
        Assert.Empty(await NamesAsync("?filter_tag_name=like:%00"));
        Assert.Empty(await NamesAsync("?filter_tag_name=eq:"));
        Assert.Equal(4, (await NamesAsync("?filter_tag_name=like:")).Length);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?filter_tag_name=v1.0")).Is(400);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?sort=name")).Is(400);

        async Task<string[]> NamesAsync(string query) => [.. (await _client.TagsAsync(repository, query)).Select(TagApi.Name)];
    }

    [Fact]
    public async Task Rows_of_the_same_millisecond_are_all_shown_once()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "t0");
        (await _client.SendAsync("PUT", $"/v2/{repository}/manifests/{image.Digest}?{string.Join('&', Enumerable.Range(0, 60).Select(static i => $"tag=many{i}"))}", image.Manifest, ("Content-Type", MediaTypes.OciManifest))).Is(201);

        var (names, next) = (new List<string>(), "");
        do
        {
            var page = (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?limit=7&onlyActiveTags=true{(next.Length > 0 ? "&next_page=" + next : "")}")).Is(200).Json;
            names.AddRange(page.GetProperty("tags").EnumerateArray().Select(TagApi.Name));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString()! : "";
        }
        while (next.Length > 0);

        Assert.Equal(61, names.Count);
        Assert.Equal(61, names.Distinct().Count());
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_404_and_a_private_one_is_nobodys_business()
    {
        var repository = registry.NewRepository();
        (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/")).Is(404);
        await _client.PushImageAsync(repository, "v1");

        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/tag/")).Is(401);
        (await (await registry.CreateUserAsync()).Client.ReadAsync($"/api/v1/repository/{repository}/tag/")).Is(403);
        await _client.SetPublicAsync(repository, true);
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/tag/")).Is(200);
    }
}
