using System.Net;
using Wharf.Server.Pruning;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Pruning;

/// <summary>Auto-prune policies: what the API takes, shows and tells the audit trail.</summary>
public sealed class PolicyTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Theory]
    [InlineData("organization")]
    [InlineData("user")]
    [InlineData("repository")]
    public async Task A_policy_is_made_shown_changed_and_deleted(string kind)
    {
        var (path, client) = await PlaceAsync(kind);

        (await client.ReadAsync(path)).Is(200).Shows("""{"policies":[]}""");
        var made = (await client.SendJsonAsync("POST", path, """{"method":"number_of_tags","value":10}""")).Is(201);
        made.Shows("""{"uuid":"*"}""");
        var uuid = made.Json.GetProperty("uuid").GetString()!;
        (await client.ReadAsync($"{path}{uuid}")).Is(200).Shows("""{"uuid":"*","method":"number_of_tags","value":10,"tagPattern":null,"tagPatternMatches":true}""");
        // As Quay's pages send it, with what they were given.
        (await client.SendJsonAsync("PUT", $"{path}{uuid}", $$"""{"uuid":"{{uuid}}","method":"creation_date","value":"2w","tagPattern":" ^dev- ","tagPatternMatches":false}""")).Is(204);
        (await client.ReadAsync(path)).Is(200).Shows("""{"policies":[{"uuid":"*","method":"creation_date","value":"2w","tagPattern":"^dev-","tagPatternMatches":false}]}""");
        (await client.SendAsync("DELETE", $"{path}{uuid}")).Is(200).Shows("""{"uuid":"*"}""");
        (await client.SendAsync("DELETE", $"{path}{uuid}")).Is(404);
        (await client.ReadAsync($"{path}{uuid}")).Is(404);
        (await client.SendJsonAsync("PUT", $"{path}{uuid}", """{"method":"number_of_tags","value":1}""")).Is(404);
        (await client.ReadAsync($"{path}nonsense")).Is(404);
    }

    [Theory]
    [InlineData("""{"method":"number_of_tags","value":10}""", "not one of the 10 newest tags")]
    [InlineData("""{"method":"number_of_tags","value":10,"tagPattern":"^dev-"}""", "not one of the 10 newest tags whose names match ^dev-")]
    [InlineData("""{"method":"number_of_tags","value":1}""", "not the newest tag")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"^dev-","tagPatternMatches":false}""", "not the newest tag whose name does not match ^dev-")]
    [InlineData("""{"method":"creation_date","value":"2w"}""", "older than 2w")]
    public void A_reason_is_told_in_words(string json, string reason)
    {
        Assert.True(PrunePolicy.TryRead(json, out var policy, out _));
        Assert.Equal(reason, PrunePass.Reason(policy));
    }

    [Fact]
    public async Task A_policy_of_ours_is_shown_as_it_was_given()
    {
        var (path, client) = await PlaceAsync("organization");
        const string Policy = """
            "method":"number_of_tags","value":3,"tagPattern":"^dev-","tagPatternMatches":true,"olderThan":"7d","lastPulledBefore":"30d","neverPulled":true,"groupBy":"^dev-([a-z]+)-","keep":{"semver":true,"tagPattern":"stable","newest":2}
            """;

        var uuid = (await client.SendJsonAsync("POST", path, $"{{{Policy}}}")).Is(201).Json.GetProperty("uuid").GetString();

        (await client.ReadAsync($"{path}{uuid}")).Is(200).Shows($$"""{"uuid":"*",{{Policy}}}""");
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""[]""")]
    [InlineData("""{"method":"number_of_tags"}""")]
    [InlineData("""{"value":10}""")]
    [InlineData("""{"method":"by_moon","value":10}""")]
    [InlineData("""{"method":"number_of_tags","value":0}""")]
    [InlineData("""{"method":"number_of_tags","value":-1}""")]
    [InlineData("""{"method":"number_of_tags","value":1.5}""")]
    [InlineData("""{"method":"number_of_tags","value":99999999999999999999}""")]
    [InlineData("""{"method":"number_of_tags","value":"10"}""")]
    [InlineData("""{"method":"number_of_tags","value":null}""")]
    [InlineData("""{"method":"creation_date","value":7}""")]
    [InlineData("""{"method":"creation_date","value":"7"}""")]
    [InlineData("""{"method":"creation_date","value":"d"}""")]
    [InlineData("""{"method":"creation_date","value":"7x"}""")]
    [InlineData("""{"method":"creation_date","value":"-7d"}""")]
    [InlineData("""{"method":"creation_date","value":"99999999999y"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":""}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"["}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":5}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"(?=a)"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"(a)\\1"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"(((a{100}){100}){100})"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPattern":"a\u0000"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"tagPatternMatches":"yes"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"olderThan":"soon"}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"groupBy":"["}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"keep":{"newest":0}}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"keep":{"tagPattern":"("}}""")]
    [InlineData("""{"method":"number_of_tags","value":1,"keeps":{"semver":true}}""")]
    [InlineData("""{"method":"untagged","value":"1s"}""")]
    [InlineData("""{"method":"untagged","value":"1d","tagPattern":"a"}""")]
    [InlineData("""{"method":"untagged","value":"1d","keep":{"newest":1}}""")]
    public async Task What_is_no_policy_is_refused_and_nothing_is_kept(string body)
    {
        var (path, client) = await PlaceAsync("repository");

        (await client.SendJsonAsync("POST", path, body)).Is(400);
        (await client.SendJsonAsync("POST", path + "preview", body)).Is(400);
        var uuid = (await client.SendJsonAsync("POST", path, """{"method":"number_of_tags","value":10}""")).Is(201).Json.GetProperty("uuid").GetString();
        (await client.SendJsonAsync("PUT", path + uuid, body)).Is(400);

        Assert.Equal(1, (await client.ReadAsync(path)).Is(200).Json.GetProperty("policies").GetArrayLength());
    }

    [Fact]
    public async Task A_long_pattern_is_refused()
    {
        var (path, client) = await PlaceAsync("user");

        (await client.SendJsonAsync("POST", path, $$"""{"method":"number_of_tags","value":1,"tagPattern":"{{new string('a', 257)}}"}""")).Is(400);
    }

    [Fact]
    public async Task The_same_policy_twice_and_too_many_are_refused()
    {
        var (path, client) = await PlaceAsync("organization");
        for (var i = 1; i <= 50; i++)
            (await client.SendJsonAsync("POST", path, $$"""{"method":"number_of_tags","value":{{i}}}""")).Is(201);

        (await client.SendJsonAsync("POST", path, """{"method":"number_of_tags","value":7}""")).Is(400);
        (await client.SendJsonAsync("POST", path, """{"method":"number_of_tags","value":51}""")).Is(400);
    }

    [Fact]
    public async Task A_policy_is_found_only_where_it_is()
    {
        var (mine, client) = await PlaceAsync("repository");
        var (other, _) = await PlaceAsync("repository");
        var uuid = (await client.SendJsonAsync("POST", mine, """{"method":"number_of_tags","value":10}""")).Is(201).Json.GetProperty("uuid").GetString();

        (await client.ReadAsync(other + uuid)).Is(404);
        (await client.SendJsonAsync("PUT", other + uuid, """{"method":"number_of_tags","value":1}""")).Is(404);
        (await client.SendAsync("DELETE", other + uuid)).Is(404);
        (await client.ReadAsync($"/api/v1/user/autoprunepolicy/{uuid}")).Is(404);
        (await client.ReadAsync(mine + uuid)).Is(200);
    }

    [Fact]
    public async Task The_trail_tells_of_policies_in_Quays_words()
    {
        var organization = await _client.CreateOrganizationAsync();
        await _client.CreateRepositoryAsync(organization, "app");
        foreach (var path in new[] { $"/api/v1/organization/{organization}/autoprunepolicy/", $"/api/v1/repository/{organization}/app/autoprunepolicy/" })
        {
            var uuid = (await _client.SendJsonAsync("POST", path, """{"method":"creation_date","value":"7d","tagPattern":"^dev-"}""")).Is(201).Json.GetProperty("uuid").GetString();
            (await _client.SendJsonAsync("PUT", path + uuid, """{"method":"number_of_tags","value":10}""")).Is(204);
            (await _client.SendAsync("DELETE", path + uuid)).Is(200);
        }

        var log = await Poll.UntilAsync(async () =>
        {
            var entries = (await _client.ReadAsync($"/api/v1/organization/{organization}/logs?changes=true&limit=100")).Is(200).Json.GetProperty("logs").EnumerateArray()
                .Where(static l => l.GetProperty("kind").GetString()!.Contains("autoprune", StringComparison.Ordinal)).Reverse().ToList();
            return entries.Count == 6 ? entries : null;
        });

        Assert.Equal(
            ["create_namespace_autoprune_policy", "update_namespace_autoprune_policy", "delete_namespace_autoprune_policy", "create_repository_autoprune_policy", "update_repository_autoprune_policy", "delete_repository_autoprune_policy"],
            log!.Select(static l => l.GetProperty("kind").GetString()));
        var (made, ofRepository) = (log![0].GetProperty("metadata"), log[4].GetProperty("metadata"));
        Assert.Equal(("creation_date", "7d", "^dev-", organization), (made.GetProperty("method").GetString(), made.GetProperty("value").GetString(), made.GetProperty("tag_pattern").GetString(), made.GetProperty("namespace").GetString()));
        Assert.True(made.GetProperty("tag_pattern_matches").GetBoolean());
        Assert.Equal((10, "app"), (ofRepository.GetProperty("value").GetInt32(), ofRepository.GetProperty("repo").GetString()));
        Assert.Equal(registry.User.Name, log[0].GetProperty("performer").GetProperty("name").GetString());
    }

    [Fact]
    public async Task Where_there_is_no_repository_there_are_no_policies()
    {
        var nowhere = $"/api/v1/repository/{registry.NewRepository()}/autoprunepolicy/";

        foreach (var (method, path, body) in new[] { ("GET", "", null), ("POST", "", """{"method":"number_of_tags","value":1}"""), ("GET", Guid.NewGuid().ToString(), null), ("POST", "preview", "{}") })
            Assert.Equal(HttpStatusCode.NotFound, (body is null ? await _client.SendAsync(method, nowhere + path) : await _client.SendJsonAsync(method, nowhere + path, body)).Status);
    }

    private async Task<(string Path, HttpClient Client)> PlaceAsync(string kind)
    {
        switch (kind)
        {
            case "organization":
                return ($"/api/v1/organization/{await _client.CreateOrganizationAsync()}/autoprunepolicy/", _client);
            case "user":
                return ("/api/v1/user/autoprunepolicy/", (await registry.CreateUserAsync()).Client);
            default:
                var repository = registry.NewRepository();
                await _client.CreateRepositoryAsync(registry.User.Name, repository[(repository.IndexOf('/', StringComparison.Ordinal) + 1)..]);
                return ($"/api/v1/repository/{repository}/autoprunepolicy/", _client);
        }
    }
}
