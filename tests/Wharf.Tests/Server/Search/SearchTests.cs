using System.Text.Json;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.Search;

/// <summary>Searches find what the caller may see, the best match first, and no text that is searched for is anything but text.</summary>
public sealed class SearchTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_search_for_repositories_looks_as_in_Quay()
    {
        var (owner, word) = (await registry.CreateUserAsync(), Company.NewName("w"));
        await owner.Client.PushImageAsync($"{owner.Name}/{word}", "v1");
        (await owner.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{owner.Name}}","repository":"{{word}}"}""")).Is(201);

        await Body.MatchesAsync((await owner.Client.ReadAsync($"/api/v1/find/repositories?query={word}")).Is(200), "conductRepoSearch", (owner.Name, "<me>"), (word, "<word>"));
        await Body.MatchesAsync((await owner.Client.ReadAsync($"/api/v1/find/all?query={word}")).Is(200), "conductSearch", (owner.Name, "<me>"), (word, "<word>"));
        Assert.Equal([word], await FindAsync(owner.Client, $"{owner.Name}/{word}"));
    }

    [Fact]
    public async Task The_better_match_goes_first_and_then_the_more_starred()
    {
        var (owner, word) = (await registry.CreateUserAsync(), Company.NewName("w"));
        foreach (var name in (string[])[$"a{word}", $"x-{word}", $"y/{word}", $"{word}-b", $"{word}-a", word])
            await owner.Client.PushBlobAsync($"{owner.Name}/{name}", [1]);
        foreach (var name in (string[])[$"{word}-a", $"x-{word}"])
            (await owner.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{owner.Name}}","repository":"{{name}}"}""")).Is(201);

        Assert.Equal([word, $"{word}-a", $"{word}-b", $"x-{word}", $"y/{word}", $"a{word}"], await FindAsync(owner.Client, word.ToUpperInvariant()));
    }

    [Fact]
    public async Task Pages_go_on_and_end()
    {
        var (owner, word) = (await registry.CreateUserAsync(), Company.NewName("w"));
        await Company.OneAsync(registry, $"""
            INSERT INTO repository (namespace_id, name, public, description, created_ms)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)
            SELECT (SELECT id FROM namespace WHERE name = '{owner.Name}'), '{word}-' || i, 0, '', 1 FROM n RETURNING id
            """);

        var pages = new List<JsonElement>();
        foreach (var page in (int[])[1, 2, 3])
            pages.Add((await owner.Client.ReadAsync($"/api/v1/find/repositories?query={word}&page={page}")).Is(200).Json);

        Assert.Equal([true, true, false], pages.Select(static p => p.GetProperty("has_additional").GetBoolean()));
        Assert.Equal([10, 10, 5], pages.Select(static p => p.GetProperty("results").GetArrayLength()));
        Assert.Equal(25, pages.SelectMany(Names).Distinct().Count());
        Assert.Equal(1, (await owner.Client.ReadAsync($"/api/v1/find/repositories?query={word}&page=-5")).Is(200).Json.GetProperty("page").GetInt32());
        (await owner.Client.ReadAsync($"/api/v1/find/repositories?query={word}&page=x")).Is(400);
        (await owner.Client.ReadAsync($"/api/v1/find/repositories?query={word}&sort=x")).Is(400);
    }

    // Attack Z16 too: who may not see something learns by searching no more than of what does not exist.
    [Fact]
    public async Task Nothing_is_found_that_the_caller_may_not_see()
    {
        var (owner, member, stranger, word) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync(), Company.NewName("w"));
        var company = await Company.CreateAsync(registry, owner);
        await company.AddTeamAsync(word + "team", "member", member.Name);
        var repository = await company.AddRepositoryAsync(owner, word + "repo");
        (await owner.Client.SendAsync("PUT", $"/api/v1/organization/{company.Name}/robots/{word}robot")).Is(201);

        Assert.Equal([$"{company.Name}+{word}robot", word + "repo", word + "team"], (await AllAsync(owner.Client, word)).Order(StringComparer.Ordinal));
        Assert.Equal([word + "team"], await AllAsync(member.Client, word));
        Assert.Empty(await AllAsync(stranger.Client, word));
        Assert.Empty(await AllAsync(registry.Anonymous, word));
        Assert.Equal([company.Name], await AllAsync(member.Client, company.Name));
        Assert.Empty(await AllAsync(stranger.Client, company.Name));
        Assert.Empty(await FindAsync(stranger.Client, word));

        await owner.Client.SetPublicAsync(repository, true);
        Assert.Equal([word + "repo"], await AllAsync(registry.Anonymous, word));
        Assert.Equal([company.Name], await AllAsync(stranger.Client, company.Name));
    }

    [Fact]
    public async Task Entities_are_people_for_everyone_and_teams_and_robots_for_their_organization()
    {
        var (owner, member, stranger) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(Company.NewName("ent")), await registry.CreateUserAsync());
        var company = await Company.CreateAsync(registry, owner);
        await company.AddTeamAsync(member.Name + "s", "member", member.Name);
        (await owner.Client.SendAsync("PUT", $"/api/v1/organization/{company.Name}/robots/{member.Name}bot")).Is(201);
        var path = $"/api/v1/entities/{member.Name}?namespace={company.Name}&includeTeams=true&includeOrgs=true";

        await Body.MatchesAsync((await owner.Client.ReadAsync(path)).Is(200), "getMatchingEntities", (member.Name, "<member>"), (company.Name, "<organization>"));
        Assert.Equal([member.Name], Names((await stranger.Client.ReadAsync(path)).Is(200).Json));
        Assert.False((await stranger.Client.ReadAsync(path)).Json.GetProperty("results")[0].TryGetProperty("is_org_member", out _));
        (await registry.Anonymous.ReadAsync(path)).Is(401);
        Assert.Equal([$"{company.Name}+{member.Name}bot"], Names((await owner.Client.ReadAsync($"/api/v1/entities/{company.Name}+{member.Name}?namespace={company.Name}")).Is(200).Json));
        Assert.Equal([company.Name, $"{company.Name}+{member.Name}bot"], Names((await owner.Client.ReadAsync($"/api/v1/entities/{company.Name}?namespace={company.Name}&includeOrgs=true")).Is(200).Json).Order(StringComparer.Ordinal));
    }

    // Attack Z17.
    [Fact]
    public async Task Metacharacters_are_text_and_a_thousand_of_them_take_no_time()
    {
        var owner = await registry.CreateUserAsync();
        await Company.OneAsync(registry, $"""
            INSERT INTO repository (namespace_id, name, public, description, created_ms)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            SELECT (SELECT id FROM namespace WHERE name = '{owner.Name}'), 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' || i, 1, '', 1 FROM n RETURNING id
            """);
        await owner.Client.PushBlobAsync($"{owner.Name}/under_score", [1]);

        Assert.Equal(["under_score"], await FindAsync(owner.Client, "r_s"));
        foreach (var text in (string[])["%", "a%1", "a_1", "\\", "!", "'", "\"", "a'--", "'); DROP TABLE repository;--", "[a-z]", "*", "?", "\0", "a\0", "\u00e9", "\ud83d\ude00",
            new string('%', 1000), string.Concat(Enumerable.Repeat("%a", 500)), new string('_', 200), string.Concat(Enumerable.Repeat("%_", 100)), new string('!', 250)])
            foreach (var path in (string[])["/api/v1/find/repositories?query=", "/api/v1/find/all?query=", "/api/v1/entities/x?namespace=", "/api/v1/entities/"])
            {
                if (path.EndsWith('/') && text.Contains('\0'))
                    continue;
                var url = path + Uri.EscapeDataString(text);
                var answer = (await Timed.WithinAsync(TimeSpan.FromMilliseconds(200), () => owner.Client.ReadAsync(url), url)).Is(200);
                if (!path.StartsWith("/api/v1/entities/x", StringComparison.Ordinal))
                    Assert.DoesNotContain(Names(answer.Json), static n => n.StartsWith("aaaa", StringComparison.Ordinal));
            }
    }

    private static IEnumerable<string> Names(JsonElement answer) => answer.GetProperty("results").EnumerateArray().Select(static r => r.GetProperty("name").GetString()!);

    private static async Task<List<string>> FindAsync(HttpClient client, string text) => [.. Names((await client.ReadAsync($"/api/v1/find/repositories?query={Uri.EscapeDataString(text)}")).Is(200).Json)];

    private static async Task<List<string>> AllAsync(HttpClient client, string text) => [.. Names((await client.ReadAsync($"/api/v1/find/all?query={Uri.EscapeDataString(text)}")).Is(200).Json)];
}
