using System.Text.Json;

namespace Wharf.Tests.Server.Repositories;

/// <summary>listRepos, the catalog of the distribution API, and stars: everyone sees what is theirs to see, in pages that miss nothing.</summary>
public sealed class RepositoryListTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_list_looks_as_in_Quay()
    {
        var owner = await registry.CreateUserAsync();
        await owner.Client.PushImageAsync($"{owner.Name}/app", "v1");

        var listed = (await owner.Client.ReadAsync($"/api/v1/repository?namespace={owner.Name}&last_modified=true&popularity=true")).Is(200);

        await Body.MatchesAsync(listed, "listRepos", (owner.Name, "<me>"));
    }

    [Fact]
    public async Task Each_caller_sees_what_each_way_to_a_repository_gives_and_nothing_else()
    {
        var (owner, member, granted, teamed, stranger) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var company = await Company.CreateAsync(registry, owner);
        await company.AddTeamAsync("members", "member", member.Name);
        await company.AddTeamAsync("builders", "member", teamed.Name);
        var (hidden, shared, built, open) = (await company.AddRepositoryAsync(owner), await company.AddRepositoryAsync(owner), await company.AddRepositoryAsync(owner), await company.AddRepositoryAsync(owner, isPublic: true));
        (await owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{shared}/permissions/user/{granted.Name}", """{"role":"read"}""")).Is(200);
        (await owner.Client.SendJsonAsync("PUT", $"/api/v1/repository/{built}/permissions/team/builders", """{"role":"write"}""")).Is(200);

        await SeesAsync(owner, [hidden, shared, built, open], [hidden, shared, built, open]);
        await SeesAsync(member, [], [open]);
        await SeesAsync(granted, [shared], [shared, open]);
        await SeesAsync(teamed, [built], [built, open]);
        await SeesAsync(stranger, [], [open]);
        Assert.Equal([open], await NamesAsync(registry.Anonymous, $"namespace={company.Name}&public=true"));
        Assert.Equal([], await NamesAsync(registry.Anonymous, $"namespace={company.Name}"));
        Assert.Equal([], await NamesAsync(registry.Anonymous, $"namespace={Company.NewName("none")}&public=true"));

        async Task SeesAsync(Account caller, string[] own, string[] all)
        {
            Assert.Equal(own, await NamesAsync(caller.Client, $"namespace={company.Name}"));
            Assert.Equal(all, await NamesAsync(caller.Client, $"namespace={company.Name}&public=true"));
            Assert.Equal(all, (await NamesAsync(caller.Client, "public=true")).Where(n => n.StartsWith(company.Name, StringComparison.Ordinal)));
            Assert.Equal(all.Order(StringComparer.Ordinal), (await CatalogAsync(caller.Client)).Where(n => n.StartsWith(company.Name, StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Pages_hold_every_repository_once_whichever_ways_lead_to_it()
    {
        var (owner, builder) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var (one, two) = (await Company.CreateAsync(registry, owner), await Company.CreateAsync(registry, owner));
        await one.AddTeamAsync("builders", "member", builder.Name);
        // Numbers of the two organizations alternate; every third is public, every fourth is the team's, every fifth the builder's own.
        foreach (var company in (Company[])[one, two])
            await Company.OneAsync(registry, $"""
                INSERT INTO repository (namespace_id, name, public, description, created_ms)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
                SELECT {company.Id}, 'r' || i, CASE WHEN i % 3 = 0 THEN 1 ELSE 0 END, '', 1 FROM n RETURNING id
                """);
        await Company.OneAsync(registry, $"""
            INSERT INTO team_grant (namespace_id, repository_id, team_id, role, granted_by, granted_ms)
            SELECT r.namespace_id, r.id, t.id, 1, 0, 0 FROM repository r JOIN team t ON t.namespace_id = r.namespace_id AND t.name = 'builders' WHERE r.namespace_id = {one.Id} AND r.id % 4 = 0 RETURNING team_id
            """);
        await Company.OneAsync(registry, $"""
            INSERT INTO account_grant (namespace_id, repository_id, account_id, role, granted_by, granted_ms)
            SELECT r.namespace_id, r.id, n.id, 1, 0, 0 FROM repository r JOIN namespace n ON n.name = '{builder.Name}' WHERE r.namespace_id IN ({one.Id}, {two.Id}) AND r.id % 5 = 0 RETURNING account_id
            """);

        var all = await IdsAsync("1 = 1");
        Assert.Equal(300, all.Count);
        Assert.Equal(all, await PagesAsync(owner.Client, "public=true"));
        Assert.Equal(await IdsAsync($"(r.public = 1 OR (r.namespace_id = {one.Id} AND r.id % 4 = 0) OR r.id % 5 = 0)"), await PagesAsync(builder.Client, "public=true"));
        Assert.Equal(await IdsAsync($"r.namespace_id = {one.Id} AND (r.id % 4 = 0 OR r.id % 5 = 0)"), await PagesAsync(builder.Client, $"namespace={one.Name}"));
        Assert.Equal(await IdsAsync($"r.namespace_id = {two.Id}"), await PagesAsync(owner.Client, $"namespace={two.Name}"));

        async Task<List<string>> IdsAsync(string condition)
        {
            await using var connection = await registry.OpenDatabaseAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT n.name || '/' || r.name FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.id IN ({one.Id}, {two.Id}) AND {condition} ORDER BY r.id";
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var names = new List<string>();
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                names.Add(reader.GetString(0));
            return names;
        }

        async Task<List<string>> PagesAsync(HttpClient client, string query)
        {
            var (names, next) = (new List<string>(), "");
            do
            {
                var page = (await client.ReadAsync($"/api/v1/repository?{query}&next_page={next}")).Is(200).Json;
                Assert.InRange(page.GetProperty("repositories").GetArrayLength(), 0, 100);
                names.AddRange(Names(page).Where(n => n.StartsWith(one.Name, StringComparison.Ordinal) || n.StartsWith(two.Name, StringComparison.Ordinal)));
                next = page.TryGetProperty("next_page", out var token) ? token.GetString()! : "";
            }
            while (next.Length > 0);
            return names;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("starred=false")]
    [InlineData("public=true&next_page=abc")]
    [InlineData("public=true&next_page=-1")]
    [InlineData("public=true&next_page=99999999999999999999")]
    [InlineData("public=true&repo_kind=other")]
    // Attack Z04.
    [InlineData("public=true&sort=id")]
    [InlineData("public=true&fields=description")]
    [InlineData("public=true&q=a")]
    public async Task What_a_list_does_not_take_is_400(string query) =>
        Assert.Equal("invalid_request", (await registry.UserClient.ReadAsync($"/api/v1/repository?{query}")).Is(400).Json.GetProperty("error_type").GetString());

    [Fact]
    public async Task Odd_parameters_find_nothing_and_harm_nothing()
    {
        foreach (var name in (string[])["%00", "%F0%9F%98%80", "a%2Fb", "UPPER", "'%3B--", new string('a', 2000)])
            Assert.Empty(await NamesAsync(registry.UserClient, $"namespace={name}"));
        Assert.Empty(await NamesAsync(registry.UserClient, $"namespace={registry.User.Name}&repo_kind=application"));
        (await registry.Anonymous.ReadAsync("/api/v1/repository?starred=true")).Is(400);
    }

    [Fact]
    public async Task A_deleted_or_disabled_namespaces_repositories_are_in_no_list()
    {
        var (owner, viewer) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var company = await Company.CreateAsync(registry, owner);
        var open = await company.AddRepositoryAsync(owner, isPublic: true);
        await owner.Client.PushImageAsync($"{owner.Name}/app", "v1");
        await owner.Client.SetPublicAsync($"{owner.Name}/app", true);
        Assert.Equal([open, $"{owner.Name}/app"], (await NamesAsync(viewer.Client, "public=true")).Intersect([open, $"{owner.Name}/app"]));

        await Company.OneAsync(registry, $"UPDATE namespace SET deleted_ms = 1 WHERE id = {company.Id} RETURNING id");
        await Company.OneAsync(registry, $"UPDATE account SET enabled = 0 WHERE id = (SELECT id FROM namespace WHERE name = '{owner.Name}') RETURNING id");

        Assert.Empty((await NamesAsync(viewer.Client, "public=true")).Intersect([open, $"{owner.Name}/app"]));
        Assert.Empty((await CatalogAsync(viewer.Client)).Intersect([open, $"{owner.Name}/app"]));
    }

    [Fact]
    public async Task Stars_are_the_callers_own_and_show_only_what_he_may_still_see()
    {
        var (owner, fan) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await owner.Client.PushImageAsync($"{owner.Name}/app", "v1");
        var star = $$"""{"namespace":"{{owner.Name}}","repository":"app"}""";
        (await fan.Client.SendJsonAsync("POST", "/api/v1/user/starred", star)).Is(404);
        await owner.Client.SetPublicAsync($"{owner.Name}/app", true);

        await Body.MatchesAsync((await fan.Client.SendJsonAsync("POST", "/api/v1/user/starred", star)).Is(201), "createStar", (owner.Name, "<owner>"));
        (await fan.Client.SendJsonAsync("POST", "/api/v1/user/starred", star)).Is(201);

        await Body.MatchesAsync((await fan.Client.ReadAsync("/api/v1/user/starred")).Is(200), "listStarredRepos", (owner.Name, "<owner>"));
        Assert.Equal([$"{owner.Name}/app"], await NamesAsync(fan.Client, "starred=true"));
        Assert.Empty(await NamesAsync(owner.Client, "starred=true"));
        Assert.True((await fan.Client.ReadAsync($"/api/v1/repository/{owner.Name}/app")).Is(200).Json.GetProperty("is_starred").GetBoolean());

        await owner.Client.SetPublicAsync($"{owner.Name}/app", false);
        Assert.Empty(await NamesAsync(fan.Client, "starred=true"));
        // It is still his, and the name of what he cannot see tells him no more than any other.
        (await fan.Client.SendAsync("DELETE", $"/api/v1/user/starred/{owner.Name}/app")).Is(204);
        (await fan.Client.SendAsync("DELETE", $"/api/v1/user/starred/{owner.Name}/app")).Is(404);
        (await fan.Client.SendAsync("DELETE", $"/api/v1/user/starred/{owner.Name}/other")).Is(404);
        (await fan.Client.SendAsync("DELETE", "/api/v1/user/starred/UPPER")).Is(400);
        (await fan.Client.SendJsonAsync("POST", "/api/v1/user/starred", """{"namespace":"UPPER","repository":"x"}""")).Is(400);
        (await fan.Client.SendJsonAsync("POST", "/api/v1/user/starred", "{}")).Is(400);
    }

    private static IEnumerable<string> Names(JsonElement page) => page.GetProperty("repositories").EnumerateArray().Select(static r => $"{r.GetProperty("namespace").GetString()}/{r.GetProperty("name").GetString()}");

    private static async Task<List<string>> NamesAsync(HttpClient client, string query)
    {
        var (names, next) = (new List<string>(), "");
        do
        {
            var page = (await client.ReadAsync($"/api/v1/repository?{query}&next_page={next}")).Is(200).Json;
            names.AddRange(Names(page));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString()! : "";
        }
        while (next.Length > 0);
        return names;
    }

    private static async Task<List<string>> CatalogAsync(HttpClient client) =>
        [.. (await client.ReadAsync("/v2/_catalog?n=1000")).Is(200).Json.GetProperty("repositories").Strings()];
}
