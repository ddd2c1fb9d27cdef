using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Superuser;

/// <summary>What superusers see and do of users and organizations.</summary>
public sealed class SuperuserTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_user_is_made_shown_changed_and_deleted()
    {
        var name = NewName("user");

        var made = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{name}}","email":"{{name}}@example.test"}""")).Is(200);
        var shown = (await registry.Client.ReadAsync($"/api/v1/superuser/users/{name}")).Is(200);
        var changed = (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{name}", $$"""{"email":"{{name}}@new.test","enabled":false}""")).Is(200);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{name}")).Is(204);

        Assert.Equal(["username", "email", "password", "encrypted_password"], made.Json.EnumerateObject().Select(static p => p.Name));
        Assert.Equal("""
            {"kind":"user","name":"NAME","username":"NAME","email":"NAME@example.test","verified":true,"avatar":{"name":"NAME","hash":"HASH","color":"COLOR","kind":"user"},
            "super_user":false,"global_readonly_super_user":false,"enabled":true,"created":"DATE","last_accessed":null}
            """.ReplaceLineEndings(""), shown.Masked((name, "NAME")));
        Assert.Equal("""
            {"kind":"user","name":"NAME","username":"NAME","email":"NAME@new.test","verified":true,"avatar":{"name":"NAME","hash":"HASH","color":"COLOR","kind":"user"},
            "super_user":false,"global_readonly_super_user":false,"enabled":false,"created":"DATE","last_accessed":null}
            """.ReplaceLineEndings(""), changed.Masked((name, "NAME")));
        foreach (var method in new[] { "GET", "PUT", "DELETE" })
            (await registry.Client.SendJsonAsync(method, $"/api/v1/superuser/users/{name}", "{}")).Is(404);
    }

    [Fact]
    public async Task A_new_password_by_a_superuser_ends_what_the_old_one_opened()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);

        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"password":"given by the superuser"}""")).Is(200);

        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await registry.ClientFor(user.Name, "given by the superuser").ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task A_superuser_makes_another_one_who_cannot_be_changed_until_that_is_taken_away()
    {
        var user = await registry.CreateUserAsync();
        Task<Answer> Put(string json) => registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", json);

        Assert.True((await Put("""{"superuser":true}""")).Is(200).Json.GetProperty("super_user").GetBoolean());
        (await user.Client.ReadAsync("/api/v1/superuser/users/")).Is(200);
        foreach (var body in new[] { """{"enabled":false}""", """{"password":"another password"}""", """{"superuser":false,"enabled":false}""" })
            Assert.Equal("Cannot update a superuser", (await Put(body)).Is(400).Json.GetProperty("message").GetString());
        Assert.Equal("Cannot delete a superuser", (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{user.Name}")).Is(400).Json.GetProperty("message").GetString());
        Assert.Equal("Cannot take ownership of a superuser", (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{user.Name}")).Is(400).Json.GetProperty("message").GetString());
        (await user.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"superuser":false}""")).Is(400);
        Assert.False((await Put("""{"superuser":false}""")).Is(200).Json.GetProperty("super_user").GetBoolean());
        (await user.Client.ReadAsync("/api/v1/superuser/users/")).Is(403);
    }

    [Fact]
    public async Task Two_superusers_do_not_take_it_away_from_each_other_at_once()
    {
        for (var round = 0; round < 5; round++)
        {
            Account[] two = [await registry.CreateUserAsync(), await registry.CreateUserAsync()];
            foreach (var user in two)
                (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"superuser":true}""")).Is(200);

            await Task.WhenAll(
                two[0].Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{two[1].Name}", """{"superuser":false}"""),
                two[1].Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{two[0].Name}", """{"superuser":false}"""));

            var left = 0;
            foreach (var user in two)
                left += (await registry.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Json.GetProperty("super_user").GetBoolean() ? 1 : 0;
            Assert.Equal(1, left);
        }
    }

    [Theory]
    [InlineData("""{"password":"short"}""")]
    [InlineData("""{"email":"nobody"}""")]
    [InlineData("""{"enabled":"yes"}""")]
    [InlineData("""{"superuser":1}""")]
    [InlineData("[]")]
    public async Task A_malformed_change_is_400(string body) => (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{registry.User.Name}", body)).Is(400);

    [Fact]
    public async Task Users_are_listed_page_by_page()
    {
        var names = new HashSet<string>();
        for (var i = 0; i < 3; i++)
            names.Add((await registry.CreateUserAsync()).Name);
        var disabled = (await registry.CreateUserAsync()).Name;
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{disabled}", """{"enabled":false}""")).Is(200);

        var (all, pages) = (new List<string>(), 0);
        for (string? next = ""; next is not null; pages++)
        {
            var page = (await registry.Client.ReadAsync($"/api/v1/superuser/users/?limit=2&next_page={next}")).Is(200).Json;
            all.AddRange(page.GetProperty("users").EnumerateArray().Select(static u => u.GetProperty("username").GetString()!));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString() : null;
        }
        var enabled = (await registry.Client.ReadAsync("/api/v1/superuser/users/?disabled=false")).Is(200).Json.GetProperty("users").EnumerateArray().Select(static u => u.GetProperty("username").GetString()!).ToList();

        Assert.True(pages >= 3);
        Assert.Equal(all.Distinct(), all);
        Assert.Superset(names, all.ToHashSet());
        Assert.Contains(disabled, all);
        Assert.DoesNotContain(disabled, enabled);
    }

    [Theory]
    [InlineData("users/?limit=0")]
    [InlineData("users/?limit=1001")]
    [InlineData("users/?limit=x")]
    [InlineData("users/?next_page=x")]
    [InlineData("users/?next_page=-1")]
    [InlineData("users/?sort=sealed_password")]
    [InlineData("organizations/?limit=0")]
    [InlineData("organizations/?next_page=x")]
    public async Task A_malformed_page_is_400(string path) => (await registry.Client.ReadAsync("/api/v1/superuser/" + path)).Is(400);

    [Fact]
    public async Task A_user_with_organizations_is_deleted_and_leaves_nothing_to_who_gets_the_name()
    {
        var user = await registry.CreateUserAsync();
        var organization = await MakeOrganizationAsync(user);
        await ExecuteAsync($"INSERT INTO star (account_id, repository_id, created_ms) SELECT id, 1, 1 FROM namespace WHERE name = '{user.Name}'");
        await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        (await user.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201);

        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{user.Name}")).Is(204);
        // Whoever deleted may give the name away.
        var again = (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{user.Name}}","email":"{{user.Name}}@example.test"}""")).Is(200).Json;
        var client = registry.ClientFor(user.Name, again.GetProperty("password").GetString()!);

        Assert.Empty((await client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("organizations").EnumerateArray());
        (await client.ReadAsync($"/v2/{user.Name}/app/manifests/v1")).Is(404);
        (await client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201);
        (await client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{organization}}","repository":"x","visibility":"private","description":""}""")).Is(403);
    }

    [Fact]
    public async Task Organizations_are_listed_renamed_and_deleted()
    {
        var user = await registry.CreateUserAsync();
        var (name, renamed) = (await MakeOrganizationAsync(user), NewName("org"));
        await user.Client.PushImageAsync($"{name}/app", "v1");

        var listed = (await registry.Client.ReadAsync("/api/v1/superuser/organizations/")).Is(200).Json.GetProperty("organizations").EnumerateArray().Select(static o => o.GetProperty("name").GetString());
        var answer = (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{name}", $$"""{"name":"{{renamed}}"}""")).Is(200);

        Assert.Contains(name, listed);
        Assert.Equal("""{"name":"ORG","email":"","avatar":{"name":"ORG","hash":"HASH","color":"COLOR","kind":"org"}}""", answer.Masked((renamed, "ORG")));
        (await user.Client.ReadAsync($"/v2/{renamed}/app/manifests/v1")).Is(200);
        (await user.Client.ReadAsync($"/v2/{name}/app/manifests/v1")).Is(403);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/organizations/{renamed}")).Is(204);
        (await user.Client.ReadAsync($"/v2/{renamed}/app/manifests/v1")).Is(403);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/organizations/{renamed}")).Is(404);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{renamed}", """{"name":"whatever"}""")).Is(404);
    }

    [Fact]
    public async Task Robots_keep_their_tokens_under_the_new_name_of_their_organization_and_nobody_gets_the_old_one()
    {
        var user = await registry.CreateUserAsync();
        var (name, renamed) = (await MakeOrganizationAsync(user), NewName("org"));
        var token = (await user.Client.SendAsync("PUT", $"/api/v1/organization/{name}/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;

        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{name}", $$"""{"name":"{{renamed}}"}""")).Is(200);

        (await registry.ClientFor($"{renamed}+ci", token).ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await registry.ClientFor($"{name}+ci", token).ReadAsync("/v2/auth?service=wharf")).Is(401);
        var other = await registry.CreateUserAsync();
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{other.Name}", """{"superuser":true}""")).Is(200);
        (await other.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{name}}"}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{name}}"}""")).Is(200);
    }

    [Theory]
    [InlineData("UPPER")]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("a+b")]
    [InlineData("a\\u0000b")]
    [InlineData("admin")]
    public async Task An_organization_gets_no_malformed_or_taken_name(string name)
    {
        var organization = await MakeOrganizationAsync(registry.User);

        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/organizations/{organization}", $$"""{"name":"{{name}}"}""")).Is(400);
    }

    [Fact]
    public async Task A_superuser_takes_an_organization()
    {
        var organization = await MakeOrganizationAsync(registry.User);
        await registry.UserClient.PushImageAsync($"{organization}/app", "v1");
        (await registry.Client.ReadAsync($"/v2/{organization}/app/manifests/v1")).Is(403);

        var taken = (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{organization}")).Is(200);

        Assert.Equal("""{"namespace":"ORG"}""", taken.Masked((organization, "ORG")));
        (await registry.Client.ReadAsync($"/v2/{organization}/app/manifests/v1")).Is(200);
        (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{organization}")).Is(200);
        (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{NewName("org")}")).Is(404);
    }

    [Fact]
    public async Task A_user_that_a_superuser_takes_becomes_an_organization_whose_robots_go_on()
    {
        var user = await registry.CreateUserAsync();
        await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        var browser = await Browser.SignedInAsync(registry, user);
        var robot = registry.ClientFor($"{user.Name}+ci", (await user.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!);

        (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{user.Name}")).Is(200);

        (await registry.Client.ReadAsync($"/v2/{user.Name}/app/manifests/v1")).Is(200);
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await registry.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Is(404);
        Assert.Contains(user.Name, (await registry.Client.ReadAsync("/api/v1/user/")).Json.GetProperty("organizations").EnumerateArray().Select(static o => o.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task A_browser_of_a_superuser_shows_the_password_again()
    {
        var browser = await Browser.SignedInAsync(registry.Anonymous, Registry.Admin, registry.AdminPassword);
        await ExecuteAsync($"UPDATE session SET fresh_ms = fresh_ms - 601000 WHERE id = '{browser.SessionId}'");

        foreach (var (method, path) in new[] { ("GET", "users/"), ("POST", "users/"), ("GET", "users/x"), ("PUT", "users/x"), ("DELETE", "users/x"), ("GET", "organizations/"), ("PUT", "organizations/x"), ("DELETE", "organizations/x"), ("POST", "takeownership/x") })
            Assert.Equal("fresh_login_required", (await browser.SendAsync(method, "/api/v1/superuser/" + path, "{}")).Is(401).Json.GetProperty("error_type").GetString());
    }

    private static async Task<string> MakeOrganizationAsync(Account owner)
    {
        var name = NewName("org");
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(201);
        return name;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }

    private static string NewName(string prefix) => prefix + Guid.NewGuid().ToString("n");
}
