using System.Text.Json;
using Wharf.Oci;
using Wharf.Tests.Server.Tags;
using Wharf.Tests.Server.TimeMachine;

namespace Wharf.Tests.Server.Pruning;

/// <summary>What policies do by themselves, and what they tell beforehand.</summary>
public sealed class PruneTests(PruningRegistry registry) : IClassFixture<PruningRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task The_newest_stay_and_the_others_can_be_had_back()
    {
        var repository = await PushAsync("t1", "t2", "t3", "t4", "t5");

        await AddAsync(repository, """{"method":"number_of_tags","value":2}""");

        await LeavesAsync(repository, "t4", "t5");
        var row = (await _client.TagsAsync(repository, "?specificTag=t1"))[0];
        Assert.False(row.Has("ended_by"));
        (await _client.RestoreTagAsync(repository, "t1", row.Digest())).Is(200);
    }

    [Fact]
    public async Task What_is_older_goes()
    {
        var repository = await PushAsync("old-1", "old-2");
        await Clock.AgeAsync(registry, repository, TimeSpan.FromDays(8));
        await _client.PushImageAsync(repository, "new");

        await AddAsync(repository, """{"method":"creation_date","value":"7d"}""");

        await LeavesAsync(repository, "new");
    }

    [Fact]
    public async Task Patterns_and_kept_releases_are_neither_counted_nor_pruned()
    {
        var repository = await PushAsync("v1.0.0", "dev-1", "1.2.3", "dev-2", "v2.0.0-rc.1", "dev-3", "latest");

        await AddAsync(repository, """{"method":"number_of_tags","value":2,"tagPattern":"^latest$","tagPatternMatches":false,"keep":{"semver":true}}""");

        await LeavesAsync(repository, "1.2.3", "dev-3", "latest", "v1.0.0", "v2.0.0-rc.1");
    }

    [Fact]
    public async Task Each_group_is_counted_by_itself()
    {
        var repository = await PushAsync("main-1", "main-2", "pr-7-1", "main-3", "pr-7-2", "other");

        await AddAsync(repository, """{"method":"number_of_tags","value":1,"groupBy":"^(.+)-[0-9]+$"}""");

        await LeavesAsync(repository, "main-3", "other", "pr-7-2");
    }

    [Fact]
    public async Task All_conditions_of_a_policy_must_hold()
    {
        var repository = await PushAsync("old-1", "old-2");
        await Clock.AgeAsync(registry, repository, TimeSpan.FromDays(8));
        await _client.PushImageAsync(repository, "new-1");
        await _client.PushImageAsync(repository, "new-2");

        await AddAsync(repository, """{"method":"number_of_tags","value":1,"olderThan":"7d","keep":{"newest":3}}""");

        await LeavesAsync(repository, "new-1", "new-2", "old-2");
    }

    [Fact]
    public async Task What_is_leased_stays_and_the_preview_says_why()
    {
        var repository = registry.NewRepository();
        var leased = await _client.PushImageAsync(repository, "leased");
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/lease", $$"""{"manifest_digest":"{{leased.Digest}}","holder":"cluster prod","ttl_seconds":3600}""")).Is(201);
        await _client.PushImageAsync(repository, "other");
        await _client.PushImageAsync(repository, "newest");

        var preview = (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/autoprunepolicy/preview", """{"method":"number_of_tags","value":1}""")).Is(200).Json;
        await AddAsync(repository, """{"method":"number_of_tags","value":1}""");

        await LeavesAsync(repository, "leased", "newest");
        Assert.Equal([("other", null), ("leased", "lease of cluster prod")], Entries(preview).Select(static e => (Name(e), Text(e, "protected_by"))));
        var counts = preview.GetProperty("counts");
        Assert.Equal((3, 1, 1, 1), (counts.GetProperty("tags").GetInt32(), counts.GetProperty("would_go").GetInt32(), counts.GetProperty("protected").GetInt32(), counts.GetProperty("stay").GetInt32()));
    }

    [Fact]
    public async Task What_belongs_to_an_image_goes_with_its_last_tag_and_not_before()
    {
        var repository = registry.NewRepository();
        var signed = await _client.PushImageAsync(repository, "a");
        (await _client.PutManifestAsync(repository, "z", signed.Manifest)).Is(201);
        var name = signed.Digest.ToString().Replace(':', '-');
        foreach (var suffix in new[] { "", ".sig", ".att", ".sbom" })
            await _client.PushImageAsync(repository, name + suffix);
        var path = $"/api/v1/repository/{repository}/autoprunepolicy/";

        var one = (await _client.SendJsonAsync("POST", path + "preview", """{"method":"creation_date","value":"0s","tagPattern":"^a$"}""")).Is(200).Json;
        var uuid = await AddAsync(repository, """{"method":"creation_date","value":"0s","tagPattern":"^a$"}""");
        await LeavesAsync(repository, [name, name + ".att", name + ".sbom", name + ".sig", "z"]);
        (await _client.SendAsync("DELETE", path + uuid)).Is(200);
        var all = (await _client.SendJsonAsync("POST", path + "preview", """{"method":"creation_date","value":"0s"}""")).Is(200).Json;
        await AddAsync(repository, """{"method":"creation_date","value":"0s"}""");
        await LeavesAsync(repository);

        Assert.Equal(["a"], Entries(one).Select(Name));
        Assert.Equal(["z", name, name + ".att", name + ".sbom", name + ".sig"], Entries(all).Select(Name));
        Assert.Contains(signed.Digest.ToString(), Text(Entries(all)[1], "reason"), StringComparison.Ordinal);
        Assert.Equal("All 5 tags would go.", all.GetProperty("warning").GetString());
    }

    [Fact]
    public async Task Manifests_without_a_tag_go_but_not_those_of_an_index_or_about_another()
    {
        var repository = registry.NewRepository();
        var (tagged, child, loose, young) = (await _client.PushImageAsync(repository, "v1"), Image.Random(), Image.Random(), Image.Random());
        foreach (var image in new[] { child, loose, young })
            await _client.PushImageAsync(repository, image.Digest.ToString(), image);
        var index = System.Text.Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{MediaTypes.OciManifest}}","digest":"{{child.Digest}}","size":{{child.Manifest.Length}}}]}
            """);
        (await _client.PutManifestAsync(repository, "index", index, MediaTypes.OciIndex)).Is(201);
        var untagged = await _client.PushImageAsync(repository, "gone");
        (await _client.DeleteTagAsync(repository, "gone")).Is(204);
        await AgeManifestsAsync(repository, TimeSpan.FromDays(2), tagged, child, loose, untagged);
        var path = $"/api/v1/repository/{repository}/autoprunepolicy/";

        var preview = (await _client.SendJsonAsync("POST", path + "preview", """{"method":"untagged","value":"1d"}""")).Is(200).Json;
        await AddAsync(repository, """{"method":"untagged","value":"1d"}""");

        foreach (var gone in new[] { loose, untagged })
            await Poll.UntilAsync(async () => (await _client.ReadAsync($"/v2/{repository}/manifests/{gone.Digest}")).Status == System.Net.HttpStatusCode.NotFound);
        foreach (var image in new[] { tagged, child, young })
            (await _client.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        Assert.Equal(new[] { loose, untagged }.Select(static i => i.Digest.ToString()).Order(StringComparer.Ordinal), Entries(preview).Select(static e => Text(e, "manifest_digest")));
        Assert.Equal(2, preview.GetProperty("counts").GetProperty("manifests_would_go").GetInt32());
        // A tag brings it back.
        (await _client.RestoreTagAsync(repository, "gone", untagged.Digest)).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/gone")).Is(200);
    }

    [Fact]
    public async Task A_policy_of_a_namespace_is_for_all_its_repositories_beside_their_own()
    {
        var person = await registry.CreateUserAsync();
        foreach (var repository in new[] { "one", "two" })
            foreach (var tag in new[] { "t1", "t2", "t3", "t4" })
                await person.Client.PushImageAsync($"{person.Name}/{repository}", tag);
        await AddAsync(person, $"/api/v1/repository/{person.Name}/two/autoprunepolicy/", """{"method":"number_of_tags","value":1}""");

        var preview = (await person.Client.SendAsync("POST", "/api/v1/user/autoprunepolicy/preview")).Is(200).Json;
        await AddAsync(person, "/api/v1/user/autoprunepolicy/", """{"method":"number_of_tags","value":3}""");

        Assert.All(Entries(preview), e => Assert.Equal($"{person.Name}/two", Text(e, "repository")));
        await LeavesAsync(person.Client, $"{person.Name}/one", ["t2", "t3", "t4"]);
        await LeavesAsync(person.Client, $"{person.Name}/two", ["t4"]);
    }

    [Fact]
    public async Task A_read_only_repository_is_left_alone()
    {
        var repository = await PushAsync("t1", "t2", "t3");
        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);
        await AddAsync(repository, """{"method":"number_of_tags","value":1}""");
        // Another repository of the namespace has had its turn since, after this one in the order of names.
        var other = await PushAsync("t1", "t2");
        await AddAsync(other, """{"method":"number_of_tags","value":1}""");
        await LeavesAsync(other, "t2");

        await LeavesAsync(repository, "t1", "t2", "t3");
        Assert.Empty(Entries((await _client.SendAsync("POST", $"/api/v1/repository/{repository}/autoprunepolicy/preview")).Is(200).Json));
    }

    [Fact]
    public async Task The_trail_tells_which_tags_were_pruned()
    {
        var repository = await PushAsync("t1", "t2", "t3");

        var uuid = await AddAsync(repository, """{"method":"number_of_tags","value":1}""");

        await LeavesAsync(repository, "t3");
        var (_, metadata) = await Poll.UntilAsync(async () => (await _client.AuditAsync(repository)).Find(static l => l.Kind == "autoprune_tag_delete"));
        Assert.Equal(("autoprune worker", uuid), (metadata.GetProperty("performer").GetString(), metadata.GetProperty("policy_uuid").GetString()));
        Assert.Equal(["t1", "t2"], metadata.GetProperty("tags").Strings().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pages_of_a_preview_are_one_list()
    {
        var repository = await PushAsync([.. Enumerable.Range(0, 12).Select(static i => $"t{i:00}")]);
        var path = $"/api/v1/repository/{repository}/autoprunepolicy/preview";
        foreach (var policy in new[] { """{"method":"number_of_tags","value":3}""", """{"method":"number_of_tags","value":3,"groupBy":"^(t)"}""" })
        {
            var (names, next) = (new List<string?>(), "");
            do
            {
                var page = (await _client.SendJsonAsync("POST", $"{path}?limit=2{next}", policy)).Is(200).Json;
                Assert.Equal(next.Length == 0, page.TryGetProperty("counts", out _));
                names.AddRange(Entries(page).Select(Name));
                next = page.TryGetProperty("next_page", out var token) ? $"&next_page={token.GetString()}" : "";
            }
            while (next.Length > 0);
            Assert.Equal(Enumerable.Range(0, 9).Select(static i => $"t{8 - i:00}"), names);
        }
        foreach (var wrong in new[] { "?next_page=x", "?next_page=e30", "?next_page=bnVsbA", "?limit=0", "?limit=1001", "?limit=x", "?next_page=eyJub3dNcyI6LTEsInJlcG9zaXRvcnkiOiJhIn0" })
            (await _client.SendJsonAsync("POST", path + wrong, """{"method":"number_of_tags","value":3}""")).Is(400);
    }

    private async Task<string> PushAsync(params string[] tags)
    {
        var repository = registry.NewRepository();
        foreach (var tag in tags)
            await _client.PushImageAsync(repository, tag);
        return repository;
    }

    private Task<string> AddAsync(string repository, string policy) => AddAsync(registry.User, $"/api/v1/repository/{repository}/autoprunepolicy/", policy);

    private static async Task<string> AddAsync(Account by, string path, string policy) => (await by.Client.SendJsonAsync("POST", path, policy)).Is(201).Json.GetProperty("uuid").GetString()!;

    private Task LeavesAsync(string repository, params string[] tags) => LeavesAsync(_client, repository, tags);

    private static async Task LeavesAsync(HttpClient client, string repository, string[] tags)
    {
        string[] live = [];
        await Poll.UntilAsync(async () =>
        {
            live = (await client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings();
            return live.Length <= tags.Length;
        });
        Assert.Equal(tags, live);
    }

    private async Task AgeManifestsAsync(string repository, TimeSpan by, params Image[] images)
    {
        await Clock.AgeAsync(registry, repository, by);
        await using var connection = await registry.OpenDatabaseAsync();
        foreach (var image in images)
        {
            await using var command = connection.CreateCommand();
            var ms = (long)by.TotalMilliseconds;
            command.CommandText = $"UPDATE manifest_link SET linked_ms = linked_ms - {ms}, pinned_ms = CASE WHEN pinned_ms > 0 THEN pinned_ms - {ms} ELSE pinned_ms END WHERE digest = @digest";
            var digest = command.CreateParameter();
            (digest.ParameterName, digest.Value) = ("digest", image.Digest.ToArray());
            command.Parameters.Add(digest);
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }
    }

    private static List<JsonElement> Entries(JsonElement preview) => [.. preview.GetProperty("entries").EnumerateArray()];

    private static string? Name(JsonElement entry) => Text(entry, "tag");

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out var value) ? value.GetString() : null;
}
