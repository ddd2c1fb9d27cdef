using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.TimeMachine;

/// <summary>Pulling from a repository as it was.</summary>
public sealed class PastPullTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task A_tag_is_pulled_as_of_a_time_by_header()
    {
        var repository = registry.NewRepository();
        var before = await Clock.TickAsync();
        var first = await Me.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        var second = await Me.PushImageAsync(repository, "v1");

        var pulled = (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(200);

        Assert.Equal((first.Digest.ToString(), then.Text(), "no-cache, private", "Wharf-As-Of"),
            (pulled.Header("Docker-Content-Digest"), pulled.Header("Wharf-As-Of"), pulled.Header("Cache-Control"), pulled.Header("Vary")));
        Assert.Equal(first.Manifest, pulled.Body);
        (await Me.SendAsync("HEAD", $"/v2/{repository}/manifests/v1", null, AsOf(then))).Is(200);
        Assert.Equal(second.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(await Clock.TickAsync()))).Is(200).Body);
        Assert.Equal(second.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(before))).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/manifests/v2", AsOf(then))).Is(404, "MANIFEST_UNKNOWN");
    }

    [Fact]
    public async Task A_client_that_sends_no_headers_names_the_time_in_the_tag()
    {
        var repository = registry.NewRepository();
        var first = await Me.PushImageAsync(repository, "v1");
        await Clock.AgeAsync(registry, repository, TimeSpan.FromMinutes(2));
        var then = (await Clock.TickAsync()).AddMinutes(-1);
        var second = await Me.PushImageAsync(repository, "v1");

        var pulled = (await Me.ReadAsync($"/v2/{repository}/manifests/{then.Of("v1")}")).Is(200);
        Assert.Equal(first.Manifest, pulled.Body);
        Assert.Equal(then.AddTicks(-(then.Ticks % TimeSpan.TicksPerSecond)).Text(), pulled.Header("Wharf-As-Of"));
        (await Me.ReadAsync($"/v2/{repository}/manifests/{then.AddMinutes(-3).Of("v1")}")).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/manifests/{then.AddDays(-15).Of("v1")}")).Is(404, "HISTORY_EXPIRED");
        // What lies ahead is a name like any other.
        (await Me.ReadAsync($"/v2/{repository}/manifests/{then.AddDays(1).Of("v1")}")).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1.at.20261322T120000Z")).Is(404, "MANIFEST_UNKNOWN");

        // A real tag of that name wins.
        (await Me.PutManifestAsync(repository, then.Of("v1"), second.Manifest)).Is(201);
        Assert.Equal(second.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/{then.Of("v1")}")).Is(200).Body);
    }

    [Fact]
    public async Task What_was_deleted_by_its_digest_since_is_still_pulled_as_of_then()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{image.Digest}")).Is(202);

        (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404, "MANIFEST_UNKNOWN");
        Assert.Equal(image.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(200).Body);
        var byDigest = (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}", AsOf(then))).Is(200);
        Assert.Equal((image.Digest, "no-cache, private"), (Digest.Of(byDigest.Body), byDigest.Header("Cache-Control")));
        (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}", AsOf(await Clock.TickAsync()))).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/blobs/{image.LayerDigest}")).Is(200);
    }

    // What a client does next is to ask by digest, without the header.
    [Fact]
    public async Task The_manifests_of_an_index_of_the_past_are_served_by_their_digests()
    {
        var repository = registry.NewRepository();
        var (child, alone) = (await Me.PushImageAsync(repository, "child"), await Me.PushImageAsync(repository, "alone"));
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, child.Manifest), (MediaTypes.OciManifest, alone.Manifest));
        (await Me.PutManifestAsync(repository, "v1", index, MediaTypes.OciIndex)).Is(201);
        var then = await Clock.TickAsync();
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{Digest.Of(index)}")).Is(202);
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/{alone.Digest}")).Is(202);

        Assert.Equal(index, (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(200).Body);
        Assert.Equal(child.Manifest, (await Me.ReadAsync($"/v2/{repository}/manifests/{child.Digest}")).Is(200).Body);
        // One that was deleted on its own is only had with the header, or when the repository goes back.
        (await Me.ReadAsync($"/v2/{repository}/manifests/{alone.Digest}")).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/manifests/{alone.Digest}", AsOf(then))).Is(200);
        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", $$"""{"as_of":"{{then.Text()}}"}""")).Is(200);
        (await Me.ReadAsync($"/v2/{repository}/manifests/{alone.Digest}")).Is(200);
        Assert.Equal(index, (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200).Body);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2026-11-22")]
    [InlineData("2026-11-22T12:00:00")]
    [InlineData("2026-11-22T12:00:00.Z")]
    [InlineData("2026-13-22T12:00:00Z")]
    [InlineData("2026-11-22T25:00:00Z")]
    [InlineData("2026-11-22T12:00:00+25:00")]
    [InlineData("0000-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+14:00")]
    [InlineData("2026-11-22T12:00:00.0123456789Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("9999-12-31T23:59:59-14:00")]
    [InlineData("-2026-11-22T12:00:00Z")]
    [InlineData("")]
    public async Task A_time_that_is_none_or_has_not_come_is_400(string time)
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");

        (await Me.ReadAsync($"/v2/{repository}/tags/list?asOf={Uri.EscapeDataString(time)}")).Is(400, "INVALID_REQUEST");
        if (time.Length > 0)
            (await Me.ReadAsync($"/v2/{repository}/manifests/v1", ("Wharf-As-Of", time))).Is(400, "INVALID_REQUEST");
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={Uri.EscapeDataString(time)}")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/diff?from={Uri.EscapeDataString(time)}")).Is(400);
        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/timemachine/restore", new JsonObject { ["as_of"] = time }.ToJsonString())).Is(400);
    }

    [Theory]
    [InlineData("2026-11-22T12:00:00Z")]
    [InlineData("2026-11-22t12:00:00.5z")]
    [InlineData("2026-11-22T12:00:00.123456789+01:00")]
    [InlineData("1969-12-31T23:59:59-00:30")]
    public async Task A_time_before_the_window_is_404_and_says_when_and_why(string time)
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        await Repositories.Company.OneAsync(registry, $"UPDATE namespace SET tag_expiration_s = 0 WHERE name = '{registry.User.Name}' RETURNING 1");
        try
        {
            var refused = (await Me.ReadAsync($"/v2/{repository}/manifests/v1", ("Wharf-As-Of", time))).Is(404, "HISTORY_EXPIRED");
            Assert.Contains("tag_expiration_s", refused.Message, StringComparison.Ordinal);
            (await Me.ReadAsync($"/v2/{repository}/tags/list?asOf={Uri.EscapeDataString(time)}")).Is(404, "HISTORY_EXPIRED");
            var problem = (await Me.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={Uri.EscapeDataString(time)}")).Is(404);
            Assert.Contains("the earliest time is", problem.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            await Repositories.Company.OneAsync(registry, $"UPDATE namespace SET tag_expiration_s = 1209600 WHERE name = '{registry.User.Name}' RETURNING 1");
        }
    }

    [Fact]
    public async Task The_list_of_tags_is_had_as_of_a_time_page_by_page()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "a");
        foreach (var tag in (string[])["b", "c", "d"])
            (await Me.PutManifestAsync(repository, tag, image.Manifest)).Is(201);
        var then = await Clock.TickAsync();
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/b")).Is(202);
        (await Me.PutManifestAsync(repository, "e", image.Manifest)).Is(201);

        var page = (await Me.ReadAsync($"/v2/{repository}/tags/list?n=2&asOf={then.Text()}")).Is(200);
        Assert.Equal(["a", "b"], page.Json.GetProperty("tags").Strings());
        Assert.Equal(then.Text(), page.Header("Wharf-As-Of"));
        var next = page.Header("Link")!;
        Assert.Equal(["c", "d"], (await Me.ReadAsync(next[1..next.IndexOf('>', StringComparison.Ordinal)])).Is(200).Json.GetProperty("tags").Strings());
        Assert.Equal(["a", "b", "c", "d"], (await Me.ReadAsync($"/v2/{repository}/tags/list", AsOf(then))).Is(200).Json.GetProperty("tags").Strings());
        Assert.Equal(["a", "c", "d", "e"], (await Me.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
        (await Me.ReadAsync($"/v2/{repository}/tags/list?asOf={then.Text()}", AsOf(then))).Is(400, "INVALID_REQUEST");
    }

    [Fact]
    public async Task The_pull_of_a_dead_tag_says_how_to_have_it_back()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "v1");
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);

        var expired = (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "TAG_EXPIRED");
        Assert.Equal("Tag v1 was deleted or has expired. To pull, revive via time machine", expired.Message);
        Assert.Equal($$"""POST /api/v1/repository/{{repository}}/tag/v1/restore {"manifest_digest":"{{image.Digest}}"}""", expired.Detail);
        (await Me.SendAsync("HEAD", $"/v2/{repository}/manifests/v1")).Is(404);

        // Past the window nothing is said.
        await Clock.AgeAsync(registry, repository, TimeSpan.FromDays(15));
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "MANIFEST_UNKNOWN");
    }

    [Fact]
    public async Task A_tag_that_was_deleted_for_good_is_not_there_in_the_past_either()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        (await Me.SendAsync("DELETE", $"/v2/{repository}/manifests/v1")).Is(202);
        await Repositories.Company.OneAsync(registry, $"""
            UPDATE tag SET collected_ms = ended_ms WHERE repository_id = (SELECT r.id FROM repository r WHERE r.name = '{repository[(registry.User.Name.Length + 1)..]}') RETURNING 1
            """);

        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404, "MANIFEST_UNKNOWN");
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(404, "MANIFEST_UNKNOWN");
        Assert.Empty((await Me.ReadAsync($"/v2/{repository}/tags/list", AsOf(then))).Is(200).Json.GetProperty("tags").Strings());
    }

    [Fact]
    public async Task A_pull_from_the_past_is_in_the_audit_log_with_the_time()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "v1");
        var then = await Clock.TickAsync();
        await Me.PushImageAsync(repository, "v1");
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(200);

        var logs = (await Me.ReadAsync($"/api/v1/repository/{repository}/logs?kinds=pull_repo")).Is(200).Json.GetProperty("logs");
        var metadata = Assert.Single(logs.EnumerateArray()).GetProperty("metadata");
        Assert.Equal((then.Of("v1"), image.Digest.ToString()), (metadata.GetProperty("tag").GetString(), metadata.GetProperty("manifest_digest").GetString()));
    }

    // Whoever may not read it now does not read what it was.
    [Fact]
    public async Task The_past_is_not_for_strangers()
    {
        var (repository, stranger) = (registry.NewRepository(), await registry.CreateUserAsync());
        await Me.PushImageAsync(repository, "v1");
        await Me.SetPublicAsync(repository, true);
        var then = await Clock.TickAsync();
        (await registry.Anonymous.WithTokenAsync(await registry.Anonymous.TokenAsync($"repository:{repository}:pull"), "GET", $"/v2/{repository}/manifests/v1", null, AsOf(then))).Is(200);
        await Me.SetPublicAsync(repository, false);

        (await stranger.Client.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(403, "DENIED");
        (await stranger.Client.ReadAsync($"/v2/{repository}/manifests/{then.Of("v1")}")).Is(403, "DENIED");
        (await stranger.Client.ReadAsync($"/api/v1/repository/{repository}/timemachine/tags?asOf={then.Text()}")).Is(403);
        (await registry.Anonymous.ReadAsync($"/v2/{repository}/manifests/v1", AsOf(then))).Is(401, "UNAUTHORIZED");
    }

    private static (string, string) AsOf(DateTimeOffset at) => ("Wharf-As-Of", at.Text());
}
