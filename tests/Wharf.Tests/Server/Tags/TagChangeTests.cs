using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Tags;

/// <summary>Moving, ending, restoring and deleting tags through the API.</summary>
public sealed class TagChangeTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task A_tag_is_made_and_moved_by_digest()
    {
        var repository = registry.NewRepository();
        var (one, two) = (await _client.PushImageAsync(repository, "one"), await _client.PushImageAsync(repository, "two"));

        var made = (await _client.PutTagAsync(repository, "stable", $$"""{"manifest_digest":"{{one.Digest}}"}""")).Is(201);
        (await _client.PutTagAsync(repository, "stable", $$"""{"manifest_digest":"{{two.Digest}}"}""")).Is(201);
        (await _client.PutTagAsync(repository, "stable", $$"""{"manifest_digest":"{{two.Digest}}"}""")).Is(201);

        Assert.Equal("\"Updated\"", made.Text);
        Assert.Equal(two.Digest.ToString(), (await _client.ReadAsync($"/v2/{repository}/manifests/stable")).Is(200).Header("Docker-Content-Digest"));
        Assert.Equal(2, (await _client.TagsAsync(repository, "?specificTag=stable")).Count);
        var told = (await _client.AuditAsync(repository)).Where(static l => l.Kind.EndsWith("_tag", StringComparison.Ordinal)).ToList();
        Assert.Equal(["create_tag", "move_tag"], told.Select(static l => l.Kind));
        Assert.Equal(("stable", two.Digest.ToString(), one.Digest.ToString()),
            (told[1].Metadata.GetProperty("tag").GetString(), told[1].Metadata.GetProperty("manifest_digest").GetString(), told[1].Metadata.GetProperty("original_manifest_digest").GetString()));
    }

    [Fact]
    public async Task What_is_no_tag_no_digest_or_not_there_is_refused()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        var put = $$"""{"manifest_digest":"{{image.Digest}}"}""";

        (await _client.PutTagAsync(repository, "-no", put)).Is(400);
        (await _client.PutTagAsync(repository, "a%00b", put)).Is(400);
        (await _client.PutTagAsync(repository, new string('a', 129), put)).Is(400);
        (await _client.PutTagAsync(repository, "v2", "{}")).Is(400);
        (await _client.PutTagAsync(repository, "v2", "[]")).Is(400);
        (await _client.PutTagAsync(repository, "v2", """{"manifest_digest":5}""")).Is(400);
        (await _client.PutTagAsync(repository, "v2", """{"manifest_digest":"sha256:short"}""")).Is(404);
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"sha256:{{new string('0', 64)}}"}""")).Is(404);
        (await _client.PutTagAsync(registry.NewRepository(), "v2", put)).Is(404);
        (await _client.DeleteTagAsync(repository, "v2")).Is(404);
        (await _client.DeleteTagAsync(repository, "a%01b")).Is(404);
        (await _client.RestoreTagAsync(repository, "v1", "sha256:" + new string('0', 64))).Is(404);
        (await _client.RestoreTagAsync(repository, "v1", "\\u0000")).Is(404);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/restore", "{}")).Is(400);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", "{}")).Is(400);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v2/expire", """{"is_alive":true}""")).Is(404);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", put)).Is(404);
        Assert.Equal(["v1"], (await _client.TagsAsync(repository)).Select(TagApi.Name));
    }

    [Fact]
    public async Task A_manifest_of_another_repository_is_none_of_this_one()
    {
        var (mine, other) = (registry.NewRepository(), registry.NewRepository());
        await _client.PushImageAsync(mine, "v1");
        var image = await _client.PushImageAsync(other, "v1");

        (await _client.PutTagAsync(mine, "stolen", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(404);
        (await _client.RestoreTagAsync(mine, "stolen", image.Digest)).Is(404);
    }

    [Fact]
    public async Task A_tag_that_was_ended_comes_back_with_its_manifest()
    {
        var repository = registry.NewRepository();
        var (one, two) = (await _client.PushImageAsync(repository, "v1"), await _client.PushImageAsync(repository, "v1"));
        (await _client.SendAsync("DELETE", $"/v2/{repository}/manifests/{one.Digest}")).Is(202);
        (await _client.DeleteTagAsync(repository, "v1")).Is(204);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);

        var restored = (await _client.RestoreTagAsync(repository, "v1", one.Digest)).Is(200);

        await Body.MatchesAsync(restored, "restoreTag");
        // Its digest had been deleted; with the tag it is served again, with its blobs.
        (await _client.ReadAsync($"/v2/{repository}/manifests/{one.Digest}")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/blobs/{one.LayerDigest}")).Is(200);
        Assert.Equal(one.Digest.ToString(), (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Header("Docker-Content-Digest"));
        (await _client.RestoreTagAsync(repository, "v1", two.Digest)).Is(200);
        var history = await _client.TagsAsync(repository);
        Assert.Equal([true, true, false, false], history.Select(static r => r.GetProperty("reversion").GetBoolean()));
        Assert.Equal(["push_repo", "push_repo", "delete_manifest", "delete_tag", "revert_tag", "revert_tag"], (await _client.AuditAsync(repository)).Select(static l => l.Kind).Where(static k => k != "create_repo"));
        // What it names already needs no restoration.
        (await _client.RestoreTagAsync(repository, "v1", two.Digest)).Is(200);
        Assert.Equal(4, (await _client.TagsAsync(repository)).Count);
    }

    [Fact]
    public async Task A_tag_can_be_ended_at_a_time_within_bounds_and_that_taken_back()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        var now = DateTimeOffset.Parse((await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("last_modified").GetString()!, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();

        (await _client.PutTagAsync(repository, "v1", $$"""{"expiration":{{now + 86_400}}}""")).Is(201);
        Assert.Equal(now + 86_400, (await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("end_ts").GetInt64());
        Assert.True((await _client.LiveAsync(repository, "v1"))!.Value.Has("expiration"));
        // An hour at least, and 104 weeks at most.
        (await _client.PutTagAsync(repository, "v1", $$"""{"expiration":{{now + 60}}.5}""")).Is(201);
        Assert.Equal(now + 3600, (await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("end_ts").GetInt64());
        (await _client.PutTagAsync(repository, "v1", $$"""{"expiration":{{now + 10L * 365 * 86_400}}}""")).Is(201);
        Assert.InRange((await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("end_ts").GetInt64() - now, 104 * 7 * 86_400, 104 * 7 * 86_400 + 60);
        (await _client.PutTagAsync(repository, "v1", """{"expiration":null}""")).Is(201);
        Assert.False((await _client.LiveAsync(repository, "v1"))!.Value.Has("expiration"));

        foreach (var wrong in new[] { "1", "-1", "1e300", "\"soon\"", "true", "{}" })
            (await _client.PutTagAsync(repository, "v1", $$"""{"expiration":{{wrong}}}""")).Is(400);
        (await _client.PutTagAsync(repository, "v2", $$"""{"expiration":{{now + 86_400}}}""")).Is(404);
        var told = (await _client.AuditAsync(repository)).Where(static l => l.Kind == "change_tag_expiration").ToList();
        Assert.Equal(4, told.Count);
        Assert.True(told[1].Metadata.Has("old_expiration_date") && told[1].Metadata.Has("expiration_date"));
    }

    [Fact]
    public async Task A_tag_is_made_with_its_end_or_not_at_all()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        var start = (await _client.LiveAsync(repository, "v1"))!.Value.GetProperty("start_ts").GetInt64();

        (await _client.PutTagAsync(repository, "bad", $$"""{"manifest_digest":"{{image.Digest}}","expiration":5}""")).Is(400);
        (await _client.PutTagAsync(repository, "good", $$"""{"manifest_digest":"{{image.Digest}}","expiration":{{start + 86_400}}}""")).Is(201);

        Assert.Null(await _client.LiveAsync(repository, "bad"));
        Assert.Equal(start + 86_400, (await _client.LiveAsync(repository, "good"))!.Value.GetProperty("end_ts").GetInt64());
    }

    [Fact]
    public async Task What_is_deleted_for_good_is_history_that_cannot_be_restored()
    {
        var repository = registry.NewRepository();
        var (one, two) = (await _client.PushImageAsync(repository, "v1"), await _client.PushImageAsync(repository, "v1"));

        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", $$"""{"manifest_digest":"{{one.Digest}}","include_submanifests":true,"is_alive":false}""")).Is(200);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", $$"""{"manifest_digest":"{{one.Digest}}"}""")).Is(404);

        var history = await _client.TagsAsync(repository);
        Assert.Equal([true, false], history.Select(static r => r.GetProperty("restorable").GetBoolean()));
        Assert.Equal(two.Digest.ToString(), (await _client.LiveAsync(repository, "v1"))!.Value.Digest());
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", """{"is_alive":true}""")).Is(200);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
        Assert.All(await _client.TagsAsync(repository), static r => Assert.False(r.GetProperty("restorable").GetBoolean()));
        Assert.Equal([one.Digest.ToString(), two.Digest.ToString()],
            (await _client.AuditAsync(repository)).Where(static l => l.Kind == "permanently_delete_tag").Select(static l => l.Metadata.GetProperty("manifest_digest").GetString()));
    }

    [Fact]
    public async Task A_tag_can_be_deleted_without_a_way_back_and_what_another_tag_holds_stays()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);

        (await _client.SendAsync("DELETE", $"/api/v1/repository/{repository}/tag/v1?skipRecoveryPeriod=true")).Is(204);

        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v2")).Is(200);
        Assert.False((await _client.TagsAsync(repository, "?specificTag=v1")).Single().GetProperty("restorable").GetBoolean());
    }

    [Fact]
    public async Task A_read_only_repository_lets_nobody_change_a_tag()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        (await _client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);

        (await _client.PutTagAsync(repository, "v2", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(403);
        (await _client.PutTagAsync(repository, "v1", """{"expiration":null}""")).Is(403);
        (await _client.DeleteTagAsync(repository, "v1")).Is(403);
        (await _client.RestoreTagAsync(repository, "v1", image.Digest)).Is(403);
        (await _client.SendJsonAsync("POST", $"/api/v1/repository/{repository}/tag/v1/expire", """{"is_alive":true}""")).Is(403);
        Assert.Single(await _client.TagsAsync(repository));
    }

    [Fact]
    public async Task Of_many_who_move_a_tag_at_once_each_is_in_its_history_and_one_is_last()
    {
        var repository = registry.NewRepository();
        var images = new List<Image>();
        for (var i = 0; i < 8; i++)
            images.Add(await _client.PushImageAsync(repository, $"i{i}"));

        // By the API, by pushes, by restorations and with deletions in between.
        await Task.WhenAll(images.Index().SelectMany(i => new Func<Task<Answer>>[]
        {
            () => _client.PutTagAsync(repository, "race", $$"""{"manifest_digest":"{{i.Item.Digest}}"}"""),
            () => _client.PutManifestAsync(repository, "race", i.Item.Manifest),
            () => _client.RestoreTagAsync(repository, "race", i.Item.Digest),
            () => _client.DeleteTagAsync(repository, "race"),
        }).Select(async send => Assert.True((int)(await send()).Status is 200 or 201 or 204 or 404)));
        (await _client.PutTagAsync(repository, "race", $$"""{"manifest_digest":"{{images[0].Digest}}"}""")).Is(201);

        var history = await _client.TagsAsync(repository, "?specificTag=race&limit=100");
        Assert.Single(history, static r => !r.Has("end_ts"));
        Assert.Equal(images[0].Digest.ToString(), history.Single(static r => !r.Has("end_ts")).Digest());
        for (var i = 1; i < history.Count; i++)
            Assert.True(history[i].GetProperty("end_ts").GetInt64() <= history[i - 1].GetProperty("start_ts").GetInt64(), "Two rows of one tag overlap.");
    }

    [Fact]
    public async Task A_repository_whose_name_ends_like_a_resource_is_reached_by_longer_paths()
    {
        var repository = registry.NewRepository() + "/tag/v1";
        await _client.PushImageAsync(repository, "v9");

        Assert.Equal(["v9"], (await _client.TagsAsync(repository)).Select(TagApi.Name));
    }
}
