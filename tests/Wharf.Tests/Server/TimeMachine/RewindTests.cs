using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Data;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.TimeMachine;

/// <summary>A repository as it was by the API, what changed since, and the way back.</summary>
public sealed class RewindTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task The_tags_of_a_time_are_listed_with_what_they_named_and_for_how_long()
    {
        var repository = registry.NewRepository();
        var (first, other) = (await Me.PushImageAsync(repository, "latest"), await Me.PushImageAsync(repository, "v1"));
        var then = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "latest");
        await Me.PushImageAsync(repository, "v2");

        var listed = (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={then.Text()}")).Is(200);

        await Body.MatchesAsync(Timeless(listed), "listPastTags", (first.Digest.ToString(), "<first>"), (other.Digest.ToString(), "<other>"));
        var latest = listed.Json.GetProperty("tags")[0];
        Assert.True(Time(latest, "since") < then && then < Time(latest, "until"));
    }

    [Fact]
    public async Task Pages_of_the_past_go_on_by_name()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "t0");
        await TagAsync(repository, image, Enumerable.Range(0, 205).Select(static n => $"n{n:000}"));
        var then = await Clock.TickAsync();

        var (tags, next) = (new List<string>(), "");
        do
        {
            var page = (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={then.Text()}&next_page={next}")).Is(200).Json;
            tags.AddRange(page.GetProperty("tags").EnumerateArray().Select(static t => t.GetProperty("name").GetString()!));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString()! : "";
        }
        while (next.Length > 0);

        Assert.Equal([.. Enumerable.Range(0, 205).Select(static n => $"n{n:000}"), "t0"], tags);
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={then.Text()}&next_page=%00")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{registry.NewRepository()}/timemachine/tags?asOf={then.Text()}")).Is(404);
    }

    [Fact]
    public async Task Two_times_are_compared_by_what_was_added_removed_and_moved_and_by_whom()
    {
        var (repository, friend) = (registry.NewRepository(), await registry.CreateUserAsync());
        var (moved, gone, stays) = (await Me.PushImageAsync(repository, "moved"), await Me.PushImageAsync(repository, "gone"), await Me.PushImageAsync(repository, "stays"));
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{friend.Name}", """{"role":"write"}""")).Is(200);
        var first = await Clock.TickAsync();
        var to = await friend.Client.PushImageAsync(repository, "moved");
        var added = await Me.PushImageAsync(repository, "added");
        (await friend.Client.SendAsync("DELETE", $"/v2/{repository}/manifests/gone")).Is(202);
        // There and back again is no difference.
        (await Me.PutManifestAsync(repository, "stays", added.Manifest)).Is(201);
        (await Me.PutManifestAsync(repository, "stays", stays.Manifest)).Is(201);
        await Me.PushImageAsync(repository, "passing");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/passing")).Is(202);
        var second = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "moved");

        var compared = (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from={first.Text()}&to={second.Text()}")).Is(200);

        await Body.MatchesAsync(Timeless(compared), "compareTags", (moved.Digest.ToString(), "<moved>"), (to.Digest.ToString(), "<to>"), (gone.Digest.ToString(), "<gone>"), (added.Digest.ToString(), "<added>"),
            (friend.Name, "<friend>"), (registry.User.Name, "<me>"));
        Assert.All(compared.Json.GetProperty("differences").EnumerateArray(), d => Assert.InRange(Time(d, "at"), first, second));
        // Until now, when nothing else is said.
        var now = (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from={second.Text()}")).Is(200).Json.GetProperty("differences");
        Assert.Equal("moved", Assert.Single(now.EnumerateArray()).GetProperty("name").GetString());
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from={second.Text()}&to={first.Text()}")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?to={first.Text()}")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from={first.Text()}&to=soon")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from=2020-01-01T00:00:00Z")).Is(404);
    }

    [Fact]
    public async Task A_repository_goes_back_to_a_time_with_all_its_tags_and_deleted_manifests()
    {
        var repository = registry.NewRepository();
        var (moved, gone, deleted, stays) = (await Me.PushImageAsync(repository, "moved"), await Me.PushImageAsync(repository, "gone"), await Me.PushImageAsync(repository, "deleted"), await Me.PushImageAsync(repository, "stays"));
        var then = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "moved");
        await Me.PushImageAsync(repository, "added");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/gone")).Is(202);
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{deleted.Digest}")).Is(202);
        var path = $"/api/v1/repository/{repository}/timemachine/restore";

        var planned = (await Me.SendJsonAsync("POST", $"{path}?dry_run=true", To(then))).Is(200);
        await Body.MatchesAsync(Timeless(planned), "rewindRepository");
        (await Me.ReadAsync($"/v2/{repository}/manifests/gone")).Is(404, "TAG_EXPIRED");
        var between = await Clock.TickAsync();
        var done = (await Me.SendJsonAsync("POST", path, To(then))).Is(200);

        Assert.Equal(Timeless(planned).Text.Replace("\"dry_run\":true", "\"dry_run\":false", StringComparison.Ordinal), Timeless(done).Text);
        Assert.Equal(["deleted", "gone", "moved", "stays"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
        foreach (var (tag, image) in new[] { ("moved", moved), ("gone", gone), ("deleted", deleted), ("stays", stays) })
        {
            Assert.Equal(image.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200).Body);
            (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
            (await Me.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
        }
        // Once more there is nothing to do, and the way forth is as good as the way back.
        Assert.Equal((0, 0, 0), Counts((await Me.SendJsonAsync("POST", path, To(then))).Is(200).Json));
        Assert.Equal((1, 1, 2), Counts((await Me.SendJsonAsync("POST", path, To(between))).Is(200).Json));
        Assert.Equal(["added", "moved", "stays"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());

        var logs = (await Me.ReadAsync($"/api/v1/repository/{repository}/logs?kinds=rewind_repo")).Is(200).Json.GetProperty("logs");
        Assert.Equal((then.Text(), 2, 1, 1), logs[2].GetProperty("metadata") is var m
            ? (m.GetProperty("as_of").GetString(), m.GetProperty("added").GetInt32(), m.GetProperty("moved").GetInt32(), m.GetProperty("removed").GetInt32()) : default);
    }

    [Fact]
    public async Task When_a_manifest_is_gone_nothing_is_changed()
    {
        var repository = registry.NewRepository();
        var (lost, deleted) = (await Me.PushImageAsync(repository, "lost"), await Me.PushImageAsync(repository, "deleted"));
        var then = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "lost");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{deleted.Digest}")).Is(202);
        await Company.OneAsync(registry, $"DELETE FROM manifest_link WHERE digest = {Literal(lost.Digest)} RETURNING 1");
        var path = $"/api/v1/repository/{repository}/timemachine/restore";

        var refused = (await Me.SendJsonAsync("POST", path, To(then))).Is(409);

        Assert.Contains(lost.Digest.ToString(), refused.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal([lost.Digest.ToString()], (await Me.SendJsonAsync("POST", path + "?dry_run=true", To(then))).Is(200).Json.GetProperty("missing").Strings());
        Assert.Equal(["lost"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
        (await Me.ReadAsync($"/v2/{repository}/manifests/{deleted.Digest}")).Is(404, "MANIFEST_UNKNOWN");
    }

    [Fact]
    public async Task Who_may_only_read_rewinds_nothing_and_neither_does_anyone_a_read_only_repository()
    {
        var (repository, reader) = (registry.NewRepository(), await registry.CreateUserAsync());
        await Me.PushImageAsync(repository, "v1");
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{reader.Name}", """{"role":"read"}""")).Is(200);
        var then = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "v2");
        var path = $"/api/v1/repository/{repository}/timemachine/restore";

        (await reader.Client.SendJsonAsync("POST", path, To(then))).Is(403);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);
        (await Me.SendJsonAsync("POST", path, To(then))).Is(403);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"NORMAL"}""")).Is(200);
        (await Me.SendJsonAsync("POST", path, "{}")).Is(400);
        (await Me.SendJsonAsync("POST", path, """{"as_of":"2020-01-01T00:00:00Z"}""")).Is(404);
        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{registry.NewRepository()}/timemachine/restore", To(then))).Is(404);
        Assert.Equal(["v1", "v2"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact]
    public async Task What_a_rewind_takes_tags_from_is_looked_at_by_the_collector_later()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        var left = await Me.PushImageAsync(repository, "v1");
        var before = await ReviewsAsync(left.Digest);

        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", To(then))).Is(200);

        Assert.Equal(before + 1, await ReviewsAsync(left.Digest));
    }

    // More than PostgreSQL's table of locks holds.
    [Fact]
    public async Task A_hundred_thousand_tags_go_back_at_once()
    {
        var repository = registry.NewRepository();
        var (first, second) = (await Me.PushImageAsync(repository, "a"), await Me.PushImageAsync(repository, "b"));
        const string Columns = "namespace_id, repository_id, name, digest, started_ms, ended_ms";
        var here = $"FROM tag t, n WHERE t.repository_id = (SELECT id FROM repository WHERE name = '{repository[(registry.User.Name.Length + 1)..]}')";
        // An hour ago all tags named the first image; half an hour ago each third was moved, each third ended, and others were new.
        await Company.OneAsync(registry, $"""
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 149999)
            INSERT INTO tag ({Columns})
            SELECT t.namespace_id, t.repository_id, 't' || n.i, CASE WHEN n.i < 100000 THEN {Literal(first.Digest)} ELSE t.digest END,
                   t.started_ms - CASE WHEN n.i < 100000 THEN 3600000 ELSE 1800000 END, CASE WHEN n.i < 100000 AND n.i % 3 < 2 THEN t.started_ms - 1800000 END
              {here} AND t.name = 'b' RETURNING 1
            """);
        await Company.OneAsync(registry, $"""
            WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 3 FROM n WHERE i < 99997)
            INSERT INTO tag ({Columns}) SELECT t.namespace_id, t.repository_id, 't' || n.i, t.digest, t.started_ms - 1800000, NULL {here} AND t.name = 'b' RETURNING 1
            """);
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{first.Digest}")).Is(202);
        var then = (await Clock.TickAsync()).AddMinutes(-45);
        var path = $"/api/v1/repository/{repository}/timemachine/restore";

        var began = TimeProvider.System.GetTimestamp();
        var planned = (await Me.SendJsonAsync("POST", path + "?dry_run=true", To(then))).Is(200);
        var plannedIn = TimeProvider.System.GetElapsedTime(began);
        var done = (await Me.SendJsonAsync("POST", path, To(then))).Is(200);

        TestContext.Current.TestOutputHelper?.WriteLine($"planned in {plannedIn}, done in {TimeProvider.System.GetElapsedTime(began) - plannedIn}");
        Assert.Equal(Counts(planned.Json), Counts(done.Json));
        Assert.Equal((66_666, 33_334, 50_001), Counts(done.Json));
        Assert.Equal(first.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/t99999")).Is(200).Body);
        (await Me.ReadAsync($"/v2/{repository}/manifests/t100000")).Is(404, "TAG_EXPIRED");
        (await Me.ReadAsync($"/v2/{repository}/manifests/{second.Digest}")).Is(200);
    }

    [Fact]
    public async Task Retags_and_rewinds_at_once_leave_every_acknowledged_push_in_the_history()
    {
        var repository = registry.NewRepository();
        var images = new List<Image>();
        for (var i = 0; i < 4; i++)
            images.Add(await Me.PushImageAsync(repository, $"i{i}"));
        await TagAsync(repository, images[0], ["a", "b", "c", "d"]);
        var then = await Clock.TickAsync();

        await Task.WhenAll([
            .. Enumerable.Range(0, 4).Select(async writer =>
            {
                for (var i = 0; i < 15; i++)
                    (await Me.PutManifestAsync(repository, ((string[])["a", "b", "c", "d"])[(i + writer) % 4], images[1 + (i + writer) % 3].Manifest)).Is(201);
            }),
            RewindsAsync(), RewindsAsync(),
        ]);

        foreach (var tag in (string[])["a", "b", "c", "d"])
            (await Me.ReadAsync($"/v2/{repository}/manifests/{tag}")).Is(200);
        // Rows of one tag follow each other without overlap.
        Assert.Equal(0, await Company.OneAsync(registry, $"""
            SELECT count(*) FROM tag a JOIN tag b ON b.namespace_id = a.namespace_id AND b.repository_id = a.repository_id AND b.name = a.name AND b.started_ms > a.started_ms
             WHERE a.repository_id = (SELECT id FROM repository WHERE name = '{repository[(registry.User.Name.Length + 1)..]}') AND (a.ended_ms IS NULL OR a.ended_ms > b.started_ms)
            """));
        // Of the last push that each writer made to a tag there is a row, so that it can be had back.
        Assert.Equal(3, await Company.OneAsync(registry, $"""
            SELECT count(DISTINCT digest) FROM tag WHERE name IN ('a', 'b', 'c', 'd') AND digest IN ({string.Join(", ", images.Skip(1).Select(static i => Literal(i.Digest)))})
               AND repository_id = (SELECT id FROM repository WHERE name = '{repository[(registry.User.Name.Length + 1)..]}')
            """));

        async Task RewindsAsync()
        {
            for (var i = 0; i < 10; i++)
                (await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", To(then))).Is(200);
        }
    }

    private Task<long> ReviewsAsync(Digest digest) => Company.OneAsync(registry, $"SELECT count(*) FROM gc_review WHERE kind = 'manifest' AND digest = {Literal(digest)} AND due_ms > 0");

    private static string Literal(Digest digest) => PostgresServer.ForEveryRegistry ? $"'\\x{Convert.ToHexStringLower(digest.ToArray())}'::bytea" : $"x'{Convert.ToHexStringLower(digest.ToArray())}'";

    private async Task TagAsync(string repository, Image image, IEnumerable<string> tags)
    {
        foreach (var some in tags.Chunk(100))
            (await Me.PutManifestAsync(repository, $"{image.Digest}?{string.Join('&', some.Select(static t => "tag=" + t))}", image.Manifest)).Is(201);
    }

    private static string To(DateTimeOffset at) => $$"""{"as_of":"{{at.Text()}}"}""";

    private static (int, int, int) Counts(JsonElement done) => (done.GetProperty("added").GetInt32(), done.GetProperty("moved").GetInt32(), done.GetProperty("removed").GetInt32());

    private static DateTimeOffset Time(JsonElement of, string name) => of.GetProperty(name).GetDateTimeOffset();

    // Times differ from run to run.
    private static Answer Timeless(Answer answer)
    {
        var json = JsonNode.Parse(answer.Body)!.AsObject();
        foreach (var part in json.Where(static p => p.Value is JsonArray).SelectMany(static p => p.Value!.AsArray().OfType<JsonObject>()).Prepend(json))
            foreach (var name in (string[])["as_of", "from", "to", "since", "until", "at"])
                if (part.ContainsKey(name))
                    part[name] = "<time>";
        return answer with { Body = JsonSerializer.SerializeToUtf8Bytes(json) };
    }
}
