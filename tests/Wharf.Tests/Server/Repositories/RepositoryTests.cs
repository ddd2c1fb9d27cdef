using System.Text.Json;

namespace Wharf.Tests.Server.Repositories;

/// <summary>Repositories by Quay's operations: listed, shown, described, deleted and had back.</summary>
public sealed class RepositoryTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    private string MyName => registry.User.Name;

    [Fact]
    public async Task A_repository_is_shown_as_in_Quay()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "v1");

        var shown = (await Me.ReadAsync($"/api/v1/repository/{repository}?includeStats=true")).Is(200);

        await Body.MatchesAsync(shown, "getRepo", (repository[(MyName.Length + 1)..], "<name>"), (MyName, "<me>"), (image.Digest.ToString(), "<digest>"), (TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), "<day>"));
        Assert.False((await Me.ReadAsync($"/api/v1/repository/{repository}?includeTags=false")).Is(200).Json.TryGetProperty("tags", out _));
    }

    [Fact]
    public async Task What_a_caller_may_do_with_a_repository_is_told_with_it()
    {
        var (reader, company) = (await registry.CreateUserAsync(), await Company.CreateAsync(registry, registry.User));
        var repository = await company.AddRepositoryAsync(registry.User, isPublic: true);

        var mine = (await Me.ReadAsync($"/api/v1/repository/{repository}")).Is(200).Json;
        var theirs = (await reader.Client.ReadAsync($"/api/v1/repository/{repository}")).Is(200).Json;
        var anonymous = (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}")).Is(200).Json;

        Assert.Equal((true, true, true), (Flag(mine, "can_write"), Flag(mine, "can_admin"), Flag(mine, "is_organization")));
        Assert.Equal((false, false, false, false), (Flag(theirs, "can_write"), Flag(theirs, "can_admin"), Flag(anonymous, "can_write"), Flag(anonymous, "can_admin")));
    }

    [Fact]
    public async Task Making_a_repository_and_showing_it_to_all_answer_as_in_Quay()
    {
        var repository = registry.NewRepository();
        var create = $$"""{"repository":"{{repository[(MyName.Length + 1)..]}}","visibility":"private","description":"","repo_kind":null}""";

        await Body.MatchesAsync((await Me.SendJsonAsync("POST", "/api/v1/repository", create)).Is(201), "createRepo", (repository[(MyName.Length + 1)..], "<name>"), (MyName, "<me>"));
        await Body.MatchesAsync((await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/changevisibility", """{"visibility":"public"}""")).Is(200), "changeRepoVisibility");
        Assert.Equal("Repository already exists", (await Me.SendJsonAsync("POST", "/api/v1/repository", create)).Is(400).Json.GetProperty("error_message").GetString());
        (await Me.SendJsonAsync("POST", "/api/v1/repository", create.Replace("null", "\"application\"", StringComparison.Ordinal))).Is(400);
        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{registry.NewRepository()}/changevisibility", """{"visibility":"public"}""")).Is(404);
        (await Me.SendJsonAsync("POST", $"/api/v1/repository/{repository}/changevisibility", """{"visibility":"shared"}""")).Is(400);
    }

    [Fact]
    public async Task A_description_is_changed_by_whoever_may_write_and_is_bounded()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        var path = $"/api/v1/repository/{repository}";
        var reader = await registry.CreateUserAsync();
        await Me.SendJsonAsync("PUT", $"{path}/permissions/user/{reader.Name}", """{"role":"read"}""");

        await Body.MatchesAsync((await Me.SendJsonAsync("PUT", path, """{"description":"# Title"}""")).Is(200), "updateRepo");
        var shown = (await Me.ReadAsync(path)).Is(200).Json;
        Assert.Equal(("# Title", "<h1>Title</h1>\n"), (shown.GetProperty("description").GetString(), shown.GetProperty("description_html").GetString()));
        (await reader.Client.SendJsonAsync("PUT", path, """{"description":"mine"}""")).Is(403);
        (await Me.SendJsonAsync("PUT", path, $$"""{"description":"{{new string('x', 65_536)}}"}""")).Is(200);
        (await Me.SendJsonAsync("PUT", path, $$"""{"description":"{{new string('x', 65_537)}}"}""")).Is(400);
        (await Me.SendJsonAsync("PUT", path, """{"description":"a\u0000b"}""")).Is(400);
        (await Me.SendJsonAsync("PUT", path, "{}")).Is(400);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{registry.NewRepository()}", """{"description":"x"}""")).Is(404);
    }

    [Fact]
    public async Task A_deleted_repository_is_gone_for_everyone_and_comes_back_with_all_that_it_had()
    {
        var repository = registry.NewRepository();
        var image = await Me.PushImageAsync(repository, "v1");
        var (path, friend) = ($"/api/v1/repository/{repository}", await registry.CreateUserAsync());
        (await Me.SendJsonAsync("PUT", $"{path}/permissions/user/{friend.Name}", """{"role":"read"}""")).Is(200);
        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);

        (await Me.SendAsync("DELETE", path)).Is(204);

        (await Me.SendAsync("DELETE", path)).Is(404);
        (await Me.ReadAsync(path)).Is(404);
        (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(404);
        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(403);
        Assert.DoesNotContain(repository, await NamesAsync(Me, $"namespace={MyName}"));
        await Body.MatchesAsync(new Answer(default, null!, null!, JsonSerializer.SerializeToUtf8Bytes(new { repositories = await DeletedAsync(repository) })), "listDeletedUserRepositories",
            (repository[(MyName.Length + 1)..], "<name>"), (MyName, "<me>"));

        (await friend.Client.SendAsync("POST", $"{path}/restore", [])).Is(403);
        await Body.MatchesAsync((await Me.SendAsync("POST", $"{path}/restore", [])).Is(200), "restoreRepository");

        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await Me.ReadAsync($"/v2/{repository}/manifests/{image.Digest}")).Is(200);
        Assert.Empty(await DeletedAsync(repository));
        (await Me.SendAsync("POST", $"{path}/restore", [])).Is(404);
    }

    // Attack Z10.
    [Fact]
    public async Task A_new_repository_of_a_deleted_ones_name_has_nothing_of_it_and_stands_in_the_way_of_its_return()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        var (path, friend) = ($"/api/v1/repository/{repository}", await registry.CreateUserAsync());
        (await Me.SendJsonAsync("PUT", $"{path}/permissions/user/{friend.Name}", """{"role":"write"}""")).Is(200);
        (await friend.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{MyName}}","repository":"{{repository[(MyName.Length + 1)..]}}"}""")).Is(201);
        (await Me.SendAsync("DELETE", path)).Is(204);

        await Me.PushBlobAsync(repository, Requests.RandomBytes(10));

        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
        (await friend.Client.ReadAsync($"/v2/{repository}/tags/list")).Is(403);
        Assert.Empty((await friend.Client.ReadAsync("/api/v1/user/starred")).Is(200).Json.GetProperty("repositories").EnumerateArray());
        Assert.Equal([MyName], (await Me.ReadAsync($"{path}/permissions/user/")).Is(200).Json.GetProperty("permissions").EnumerateObject().Select(static p => p.Name));
        (await Me.SendAsync("POST", $"{path}/restore", [])).Is(400);
        (await Me.SendAsync("DELETE", path)).Is(204);
        (await Me.SendAsync("POST", $"{path}/restore", [])).Is(200);
        // The last one that was deleted.
        (await Me.ReadAsync($"/v2/{repository}/manifests/v1")).Is(404);
    }

    [Fact]
    public async Task Past_the_namespaces_window_a_deleted_repository_is_not_had_back()
    {
        var owner = await registry.CreateUserAsync();
        await owner.Client.PushImageAsync($"{owner.Name}/app", "v1");
        (await owner.Client.SendAsync("DELETE", $"/api/v1/repository/{owner.Name}/app")).Is(204);
        await Company.OneAsync(registry, $"UPDATE namespace SET tag_expiration_s = 0 WHERE name = '{owner.Name}' RETURNING id");

        (await owner.Client.SendAsync("POST", $"/api/v1/repository/{owner.Name}/app/restore", [])).Is(404);
        Assert.Empty((await owner.Client.ReadAsync("/api/v1/user/deletedrepositories")).Is(200).Json.GetProperty("repositories").EnumerateArray());
    }

    [Fact]
    public async Task Only_admins_of_an_organization_see_and_restore_what_was_deleted_there()
    {
        var (admin, creator) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var company = await Company.CreateAsync(registry, registry.User);
        await company.AddTeamAsync("makers", "creator", creator.Name);
        var repository = await company.AddRepositoryAsync(registry.User);
        var path = $"/api/v1/repository/{repository}";
        (await Me.SendJsonAsync("PUT", $"{path}/permissions/user/{admin.Name}", """{"role":"admin"}""")).Is(200);
        (await admin.Client.SendAsync("DELETE", path)).Is(204);

        var listed = (await Me.ReadAsync($"/api/v1/organization/{company.Name}/deletedrepositories")).Is(200);
        await Body.MatchesAsync(listed, "listDeletedRepositories", (repository[(company.Name.Length + 1)..], "<name>"), (company.Name, "<organization>"), (admin.Name, "<admin>"));
        foreach (var other in (HttpClient[])[admin.Client, creator.Client])
        {
            (await other.ReadAsync($"/api/v1/organization/{company.Name}/deletedrepositories")).Is(403);
            (await other.SendAsync("POST", $"{path}/restore", [])).Is(403);
        }
        (await Me.SendAsync("POST", $"{path}/restore", [])).Is(200);
        (await admin.Client.ReadAsync(path)).Is(200);
    }

    [Fact]
    public async Task A_name_has_one_repository_however_many_are_made_and_restored_at_once()
    {
        var repository = registry.NewRepository();
        var (path, name) = ($"/api/v1/repository/{repository}", repository[(MyName.Length + 1)..]);
        var create = $$"""{"repository":"{{name}}","visibility":"private","description":""}""";
        for (var round = 0; round < 5; round++)
        {
            (await Me.SendJsonAsync("POST", "/api/v1/repository", create)).Is(201);
            (await Me.SendAsync("DELETE", path)).Is(204);

            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => i % 2 == 0 ? Me.SendAsync("POST", $"{path}/restore", []) : Me.SendJsonAsync("POST", "/api/v1/repository", create)));

            Assert.Single(answers, static a => (int)a.Status is 200 or 201);
            Assert.All(answers, static a => Assert.Contains((int)a.Status, (int[])[200, 201, 400, 404]));
            Assert.Equal(1, await Company.OneAsync(registry, $"SELECT count(*) FROM repository WHERE name = '{name}' AND deleted_ms IS NULL"));
            (await Me.SendAsync("DELETE", path)).Is(204);
        }
    }

    [Fact]
    public async Task Every_change_leaves_an_event_that_says_who_made_it()
    {
        var (repository, friend) = (registry.NewRepository(), await registry.CreateUserAsync());
        var path = $"/api/v1/repository/{repository}";
        await Me.PushImageAsync(repository, "v1");
        var id = await Company.OneAsync(registry, $"SELECT id FROM repository WHERE name = '{repository[(MyName.Length + 1)..]}'");
        var me = await Company.OneAsync(registry, $"SELECT id FROM namespace WHERE name = '{MyName}'");

        foreach (var (method, resource, body, kind) in ((string, string, string, string)[])
        [
            ("PUT", "", """{"description":"x"}""", "repository.described"), ("POST", "/changevisibility", """{"visibility":"public"}""", "repository.visibility"),
            ("PUT", "/changestate", """{"state":"READ_ONLY"}""", "repository.state"), ("PUT", $"/permissions/user/{friend.Name}", """{"role":"read"}""", "repository.grant"),
            ("DELETE", $"/permissions/user/{friend.Name}", "", "repository.grant"), ("DELETE", "", "", "repository.deleted"), ("POST", "/restore", "", "repository.restored"),
        ])
        {
            Assert.InRange((int)(await Me.SendJsonAsync(method, path + resource, body)).Status, 200, 204);
            await using var connection = await registry.OpenDatabaseAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = $"SELECT kind, payload FROM event WHERE repository_id = {id} ORDER BY id DESC LIMIT 1";
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            Assert.True(await reader.ReadAsync(TestContext.Current.CancellationToken));
            Assert.Equal(kind, reader.GetString(0));
            Assert.Equal(me, JsonDocument.Parse(reader.GetString(1)).RootElement.GetProperty("by").GetInt64());
        }
    }

    [Fact]
    public async Task Visibility_changes_at_once_also_for_tokens_that_were_made_before()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        await Me.SetPublicAsync(repository, true);
        var token = await registry.Anonymous.TokenAsync($"repository:{repository}:pull");
        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(200);

        await Me.SetPublicAsync(repository, false);

        // Attack Z12.
        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(401);
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}")).Is(401);
        Assert.DoesNotContain(repository, await NamesAsync(registry.Anonymous, "public=true"));
    }

    [Fact]
    public async Task What_Quay_has_no_longer_or_not_without_its_flags_is_refused_as_there()
    {
        var repository = registry.NewRepository();
        await Me.PushImageAsync(repository, "v1");
        var path = $"/api/v1/repository/{repository}";

        foreach (var (method, resource) in ((string, string)[])[("GET", "tokens/"), ("POST", "tokens/"), ("GET", "tokens/abc"), ("PUT", "tokens/abc"), ("DELETE", "tokens/abc")])
            await Body.MatchesAsync(Masked((await Me.SendJsonAsync(method, $"{path}/{resource}", "{}")).Is(410)), "listRepoTokens");
        (await Me.SendJsonAsync("POST", $"{path}/changetrust", """{"trust_enabled":true}""")).Is(404);
        (await Me.ReadAsync($"{path}/authorizedemail/a@b.test")).Is(404);
        (await Me.SendAsync("POST", $"{path}/authorizedemail/a@b.test", [])).Is(404);
    }

    // The number of the request differs each time.
    private static Answer Masked(Answer answer)
    {
        var members = answer.Json.EnumerateObject().Where(static p => p.Name != "request_id").ToDictionary(static p => p.Name, static p => p.Value);
        return answer with { Body = JsonSerializer.SerializeToUtf8Bytes(members) };
    }

    private async Task<List<JsonElement>> DeletedAsync(string repository) =>
        [.. (await Me.ReadAsync("/api/v1/user/deletedrepositories")).Is(200).Json.GetProperty("repositories").EnumerateArray().Where(r => $"{MyName}/{r.GetProperty("name").GetString()}" == repository)];

    private static async Task<List<string>> NamesAsync(HttpClient client, string query) =>
        [.. (await client.ReadAsync($"/api/v1/repository?{query}")).Is(200).Json.GetProperty("repositories").EnumerateArray().Select(static r => $"{r.GetProperty("namespace").GetString()}/{r.GetProperty("name").GetString()}")];

    private static bool Flag(JsonElement json, string name) => json.GetProperty(name).GetBoolean();
}
