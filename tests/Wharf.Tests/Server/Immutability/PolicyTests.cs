using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Repositories;
using Wharf.Tests.Server.Tags;

namespace Wharf.Tests.Server.Immutability;

/// <summary>Policies by patterns: Quay's API for them, and what they do to tags that there are and that begin.</summary>
public sealed class PolicyTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_policy_is_made_listed_shown_changed_and_deleted(bool ofOrganization)
    {
        var organization = await _client.CreateOrganizationAsync();
        await _client.CreateRepositoryAsync(organization, "app");
        var path = ofOrganization ? PolicyRequests.OrganizationPolicies(organization) : PolicyRequests.Policies($"{organization}/app");
        var (other, middle) = (ofOrganization ? PolicyRequests.Policies($"{organization}/app") : PolicyRequests.OrganizationPolicies(organization), ofOrganization ? "Org" : "Repository");

        var made = (await _client.SendJsonAsync("POST", path, """{"tagPattern":" v[0-9]+ "}""")).Is(201);
        var uuid = made.Json.GetProperty("uuid").GetString()!;
        await Body.MatchesAsync(made, $"create{middle}ImmutabilityPolicy", (uuid, "<uuid>"));
        await Body.MatchesAsync((await _client.ReadAsync(path)).Is(200), $"list{middle}ImmutabilityPolicies", (uuid, "<uuid>"));
        await Body.MatchesAsync((await _client.ReadAsync(path + uuid)).Is(200), $"get{middle}ImmutabilityPolicy", (uuid, "<uuid>"));
        Assert.Equal("", (await _client.SendJsonAsync("PUT", path + uuid, """{"tagPattern":"latest","tagPatternMatches":false}""")).Is(204).Text);
        var changed = (await _client.ReadAsync(path + uuid)).Is(200).Json;
        Assert.Equal(("latest", false), (changed.GetProperty("tagPattern").GetString(), changed.GetProperty("tagPatternMatches").GetBoolean()));
        (await _client.ReadAsync(other + uuid)).Is(404);
        (await _client.SendAsync("DELETE", other + uuid)).Is(404);
        var deleted = (await _client.SendAsync("DELETE", path + uuid)).Is(200);
        await Body.MatchesAsync(deleted, $"delete{middle}ImmutabilityPolicy", (uuid, "<uuid>"));

        (await _client.ReadAsync(path + uuid)).Is(404);
        (await _client.SendJsonAsync("PUT", path + uuid, """{"tagPattern":"v"}""")).Is(404);
        (await _client.SendAsync("DELETE", path + uuid)).Is(404);
        (await _client.ReadAsync(path + "a%01b")).Is(404);
        Assert.Empty((await _client.ReadAsync(path)).Is(200).Json.GetProperty("policies").EnumerateArray());
        var logs = ofOrganization ? $"/api/v1/organization/{organization}/logs" : $"/api/v1/repository/{organization}/app/logs";
        var told = (await _client.ReadAsync($"{logs}?changes=true")).Is(200).Json.GetProperty("logs").EnumerateArray()
            .Where(static l => l.GetProperty("kind").GetString()!.Contains("immutability", StringComparison.Ordinal)).Reverse().ToList();
        Assert.Equal(["create_immutability_policy", "update_immutability_policy", "delete_immutability_policy"], told.Select(static l => l.GetProperty("kind").GetString()));
        var metadata = told[1].GetProperty("metadata");
        Assert.Equal((organization, "latest", false, uuid), (metadata.GetProperty("namespace").GetString(), metadata.GetProperty("tag_pattern").GetString(), metadata.GetProperty("tag_pattern_matches").GetBoolean(), metadata.GetProperty("policy_uuid").GetString()));
        Assert.Equal(!ofOrganization, metadata.TryGetProperty("repo", out var repo) && repo.GetString() == "app");
    }

    [Theory]
    [InlineData("""{"tagPattern":""}""")]
    [InlineData("""{"tagPattern":"  "}""")]
    [InlineData("""{"tagPattern":null}""")]
    [InlineData("""{"tagPattern":5}""")]
    [InlineData("""{"tagPatternMatches":true}""")]
    [InlineData("""{"tagPattern":"v","tagPatternMatches":"yes"}""")]
    [InlineData("""{"tagPattern":"["}""")]
    [InlineData("""{"tagPattern":"a)|(b"}""")]
    [InlineData("""{"tagPattern":"(?x)a #"}""")]
    [InlineData("""{"tagPattern":"\\p{Nonsense}"}""")]
    [InlineData("""{"tagPattern":"a\u0000b"}""")]
    [InlineData("""{"tagPattern":"\ud800"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task What_is_no_policy_is_refused(string json)
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        var uuid = await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "release");

        (await _client.SendJsonAsync("POST", PolicyRequests.Policies(repository), json)).Is(400);
        (await _client.SendJsonAsync("PUT", PolicyRequests.Policies(repository) + uuid, json)).Is(400);
        (await _client.SendJsonAsync("POST", PolicyRequests.Policies(repository), $$"""{"tagPattern":"{{new string('a', 257)}}"}""")).Is(400);

        Assert.False(await _client.IsImmutableAsync(repository, "v1"));
    }

    [Fact]
    public async Task A_pattern_is_there_once_and_policies_have_a_bound()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        var path = PolicyRequests.Policies(repository);
        var first = await _client.CreatePolicyAsync(path, "p0");

        (await _client.SendJsonAsync("POST", path, """{"tagPattern":"p0","tagPatternMatches":false}""")).Is(400);
        for (var i = 1; i < 50; i++)
            await _client.CreatePolicyAsync(path, $"p{i}");
        (await _client.SendJsonAsync("PUT", path + first, """{"tagPattern":"p1"}""")).Is(400);
        (await _client.SendJsonAsync("PUT", path + first, """{"tagPattern":"p0","tagPatternMatches":true}""")).Is(204);
        (await _client.SendJsonAsync("POST", path, """{"tagPattern":"p50"}""")).Is(400);

        Assert.Equal(Enumerable.Range(0, 50).Select(static i => $"p{i}"), (await _client.ReadAsync(path)).Is(200).Json.GetProperty("policies").EnumerateArray().Select(static p => p.GetProperty("tagPattern").GetString()));
        (await _client.SendJsonAsync("POST", PolicyRequests.Policies(registry.NewRepository()), """{"tagPattern":"p0"}""")).Is(404);
        (await _client.ReadAsync(PolicyRequests.Policies(registry.NewRepository()))).Is(404);
    }

    [Fact]
    public async Task Tags_of_before_and_of_later_become_immutable_and_stay_so_without_the_policy()
    {
        var organization = await _client.CreateOrganizationAsync();
        var (one, two) = ($"{organization}/one", $"{organization}/sub/two");
        foreach (var repository in new[] { one, two })
            foreach (var tag in new[] { "v1", "v1x", "latest" })
                await _client.PushImageAsync(repository, tag);
        (await _client.PutTagAsync(one, "v1", """{"expiration":4000000000}""")).Is(201);

        var uuid = await _client.CreatePolicyAsync(PolicyRequests.OrganizationPolicies(organization), "v[0-9]+");

        Assert.True((await _client.ReadAsync(PolicyRequests.OrganizationPolicies(organization) + uuid)).Is(200).Json.GetProperty("applied").GetBoolean());
        foreach (var repository in new[] { one, two })
        {
            Assert.Equal((true, false, false), (await _client.IsImmutableAsync(repository, "v1"), await _client.IsImmutableAsync(repository, "v1x"), await _client.IsImmutableAsync(repository, "latest")));
            var image = await _client.PushImageAsync(repository, "v2");
            Assert.True(await _client.IsImmutableAsync(repository, "v2"));
            (await _client.PutTagAsync(repository, "v3", $$"""{"manifest_digest":"{{image.Digest}}"}""")).Is(201);
            (await _client.PutManifestAsync(repository, "v2", Image.Random().Manifest)).Is(404);
            var other = await _client.PushImageAsync(repository, "latest");
            (await _client.PutManifestAsync(repository, "v2", other.Manifest)).Is(409, "TAG_IMMUTABLE");
            (await _client.DeleteTagAsync(repository, "v3")).IsImmutable("delete");
        }
        Assert.False((await _client.LiveAsync(one, "v1"))!.Value.Has("end_ts"));
        (await _client.SendAsync("DELETE", PolicyRequests.OrganizationPolicies(organization) + uuid)).Is(200);
        Assert.True(await _client.IsImmutableAsync(one, "v1"));
        await _client.PushImageAsync(one, "v4");
        Assert.False(await _client.IsImmutableAsync(one, "v4"));
        var told = await _client.AuditAsync(one);
        var many = Assert.Single(told, static l => l.Kind == "tags_made_immutable_by_policy").Metadata;
        Assert.Equal((1, "v[0-9]+", true, "one", organization), (many.GetProperty("count").GetInt32(), many.GetProperty("tag_pattern").GetString(), many.GetProperty("tag_pattern_matches").GetBoolean(),
            many.GetProperty("repo").GetString(), many.GetProperty("namespace").GetString()));
        Assert.Equal(["v2", "v3"], told.Where(static l => l.Kind == "tag_made_immutable_by_policy").Select(static l => l.Metadata.GetProperty("tag").GetString()));
    }

    [Fact]
    public async Task The_policies_of_repository_and_organization_hold_beside_each_other_and_each_only_where_it_is()
    {
        var organization = await _client.CreateOrganizationAsync();
        var (one, two) = ($"{organization}/one", $"{organization}/two");
        foreach (var repository in new[] { one, two })
            await _client.PushImageAsync(repository, "a1");
        await _client.CreatePolicyAsync(PolicyRequests.OrganizationPolicies(organization), "b.*");
        await _client.CreatePolicyAsync(PolicyRequests.Policies(two), "a.*");

        foreach (var repository in new[] { one, two })
            foreach (var tag in new[] { "a2", "b2", "c2" })
                await _client.PushImageAsync(repository, tag);

        Assert.Equal(["a1 False", "a2 False", "b2 True", "c2 False"], await FlagsAsync(one));
        Assert.Equal(["a1 True", "a2 True", "b2 True", "c2 False"], await FlagsAsync(two));
    }

    [Fact]
    public async Task A_policy_can_be_about_all_but_some_tags()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "latest");
        await _client.PushImageAsync(repository, "v1");

        await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "latest|dev-.*", matches: false);
        foreach (var tag in new[] { "dev-1", "v2", "xdev-2" })
            await _client.PushImageAsync(repository, tag);

        Assert.Equal(["dev-1 False", "latest False", "v1 True", "v2 True", "xdev-2 True"], await FlagsAsync(repository));
    }

    [Fact]
    public async Task A_changed_policy_is_about_other_tags()
    {
        var repository = registry.NewRepository();
        var uuid = "";
        foreach (var tag in new[] { "a1", "b1" })
            await _client.PushImageAsync(repository, tag);
        uuid = await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "a.*");

        (await _client.SendJsonAsync("PUT", PolicyRequests.Policies(repository) + uuid, """{"tagPattern":"b.*"}""")).Is(204);
        foreach (var tag in new[] { "a2", "b2" })
            await _client.PushImageAsync(repository, tag);

        Assert.Equal(["a1 True", "a2 False", "b1 True", "b2 True"], await FlagsAsync(repository));
    }

    [Fact]
    public async Task An_administrator_can_change_a_tag_of_a_pattern_and_what_it_names_next_is_immutable_again()
    {
        var repository = registry.NewRepository();
        await _client.CreateRepositoryAsync(registry.User.Name, repository.Split('/')[1]);
        await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "v.*");
        await _client.PushImageAsync(repository, "v1");

        (await _client.PutTagAsync(repository, "v1", """{"immutable":false}""")).Is(201);
        Assert.False(await _client.IsImmutableAsync(repository, "v1"));
        await _client.PushImageAsync(repository, "v1");

        Assert.True(await _client.IsImmutableAsync(repository, "v1"));
    }

    [Fact]
    public async Task Patterns_are_not_about_what_follows_a_manifest()
    {
        var repository = registry.NewRepository();
        var image = await _client.PushImageAsync(repository, "v1");
        var follower = image.Digest.ToString().Replace(':', '-');
        string[] followers = [follower, follower + ".sig", follower + ".att", follower + ".sbom"];
        await _client.PushImageAsync(repository, followers[2]);

        await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), ".*");
        foreach (var tag in followers)
        {
            await _client.PushImageAsync(repository, tag);
            await _client.PushImageAsync(repository, tag);
            Assert.False(await _client.IsImmutableAsync(repository, tag));
        }
        await _client.PushImageAsync(repository, follower + ".other");

        Assert.True(await _client.IsImmutableAsync(repository, "v1"));
        Assert.True(await _client.IsImmutableAsync(repository, follower + ".other"));
        var other = await _client.PushImageAsync(repository, "v2");
        (await _client.PutManifestAsync(repository, "v1", other.Manifest)).Is(409, "TAG_IMMUTABLE");
    }

    [Fact]
    public async Task A_pattern_that_takes_for_ever_does_not_hold_up_pushes_for_long()
    {
        var repository = registry.NewRepository();
        await _client.PushImageAsync(repository, "v1");
        // Looking ahead keeps it from being an automaton.
        for (var i = 0; i < 5; i++)
            await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), $"(?=a)(a+)+{new string('b', i + 1)}");
        var started = System.Diagnostics.Stopwatch.GetTimestamp();

        await _client.PushImageAsync(repository, new string('a', 127) + "_");

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.False(await _client.IsImmutableAsync(repository, "v1"));
        await _client.PushImageAsync(repository, "aab");
        Assert.True(await _client.IsImmutableAsync(repository, "aab"));
    }

    [Fact]
    public async Task Of_two_first_pushes_to_an_immutable_name_exactly_one_wins()
    {
        var repository = registry.NewRepository();
        await _client.CreateRepositoryAsync(registry.User.Name, repository.Split('/')[1]);
        await _client.CreatePolicyAsync(PolicyRequests.Policies(repository), "v.*");
        var images = new List<Image>();
        for (var i = 0; i < 4; i++)
            images.Add(await _client.PushImageAsync(repository, $"other{i}"));

        for (var round = 0; round < 20; round++)
        {
            var answers = await Task.WhenAll(images.Select(i => _client.PutManifestAsync(repository, $"v{round}", i.Manifest)));

            Assert.Equal([201, 409, 409, 409], answers.Select(static a => (int)a.Status).Order());
            var winner = images[Array.FindIndex(answers, static a => (int)a.Status == 201)].Digest.ToString();
            Assert.Equal([winner], (await _client.TagsAsync(repository, $"?specificTag=v{round}")).Select(TagApi.Digest));
        }
    }

    [Fact]
    public async Task No_push_escapes_a_policy_that_is_made_or_changed_meanwhile()
    {
        var organization = await _client.CreateOrganizationAsync();
        string[] repositories = [$"{organization}/one", $"{organization}/two"];
        var image = await _client.PushImageAsync(repositories[0], "first");
        await _client.PushImageAsync(repositories[1], "first", image);
        for (var round = 0; round < 5; round++)
        {
            var (begun, made) = (0, false);
            var half = new TaskCompletionSource();
            var prefix = $"r{round}-";
            var pushes = Enumerable.Range(0, 4).Select(async worker =>
            {
                for (var i = 0; !Volatile.Read(ref made) || i < 40; i++)
                {
                    var tag = $"{prefix}{worker}-{i}";
                    (await _client.PutManifestAsync(repositories[i % 2], tag, image.Manifest)).Is(201);
                    if (Interlocked.Increment(ref begun) == 60)
                        half.SetResult();
                }
            }).ToArray();
            await half.Task;
            var path = round % 2 == 0 ? PolicyRequests.OrganizationPolicies(organization) : PolicyRequests.Policies(repositories[0]);
            var uuid = await _client.CreatePolicyAsync(path, round == 2 ? "nothing" : $"{prefix}.*");
            if (round == 2)
                (await _client.SendJsonAsync("PUT", path + uuid, $$"""{"tagPattern":"{{prefix}}.*"}""")).Is(204);
            Volatile.Write(ref made, true);
            await Task.WhenAll(pushes);
            await Poll.UntilAsync(async () => (await _client.ReadAsync(path + uuid)).Is(200).Json.GetProperty("applied").GetBoolean());

            foreach (var repository in round % 2 == 0 ? repositories : repositories[..1])
                Assert.Empty(await ChangeableAsync(repository, prefix));
        }
    }

    private async Task<List<string>> ChangeableAsync(string repository, string part)
    {
        var (found, next) = (new List<string>(), "");
        do
        {
            var page = (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?onlyActiveTags=true&limit=100&filter_tag_name=like:{part}&next_page={next}")).Is(200).Json;
            found.AddRange(page.GetProperty("tags").EnumerateArray().Where(static t => !t.GetProperty("immutable").GetBoolean()).Select(TagApi.Name));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString() ?? "" : "";
        }
        while (next.Length > 0);
        return found;
    }

    private async Task<string[]> FlagsAsync(string repository) =>
        [.. (await _client.TagsAsync(repository, "?onlyActiveTags=true")).Select(static t => $"{t.Name()} {t.GetProperty("immutable").GetBoolean()}").Order(StringComparer.Ordinal)];
}
