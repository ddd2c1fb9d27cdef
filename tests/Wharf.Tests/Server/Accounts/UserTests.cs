using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Accounts;

/// <summary>What people see and change of themselves, and see of each other.</summary>
public sealed class UserTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task The_own_account_is_shown_as_Quay_shows_it()
    {
        var user = await registry.CreateUserAsync();
        var organization = await MakeOrganizationAsync(user);

        var body = (await user.Client.ReadAsync("/api/v1/user/")).Is(200);

        Assert.Equal("""
            {"anonymous":false,"username":"NAME","avatar":{"name":"NAME","hash":"HASH","color":"COLOR","kind":"user"},"can_create_repo":true,"is_me":true,"verified":true,"email":"NAME@example.test",
            "logins":[],"invoice_email":false,"invoice_email_address":null,"preferred_namespace":false,"tag_expiration_s":1209600,"prompts":[],"company":null,"family_name":null,"given_name":null,
            "location":null,"is_free_account":true,"has_password_set":true,"organizations":[{"name":"ORG","avatar":{"name":"ORG","hash":"HASH","color":"COLOR","kind":"org"},"can_create_repo":true,
            "public":false,"is_org_admin":true,"preferred_namespace":false}]}
            """.ReplaceLineEndings(""), body.Masked((user.Name, "NAME"), (organization, "ORG")));
        Assert.Equal("no-store", body.Header("Cache-Control"));
    }

    [Fact]
    public async Task A_superuser_is_told_so()
    {
        Assert.True((await registry.Client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("super_user").GetBoolean());
        Assert.False((await registry.UserClient.ReadAsync("/api/v1/user/")).Is(200).Json.TryGetProperty("super_user", out _));
    }

    [Fact]
    public async Task Others_see_the_name_only()
    {
        var user = await registry.CreateUserAsync();

        var (stranger, anonymous) = ((await registry.UserClient.ReadAsync($"/api/v1/users/{user.Name}")).Is(200), (await registry.Anonymous.ReadAsync($"/api/v1/users/{user.Name}")).Is(200));

        Assert.Equal("""{"anonymous":false,"username":"NAME","avatar":{"name":"NAME","hash":"HASH","color":"COLOR","kind":"user"}}""", stranger.Masked((user.Name, "NAME")));
        Assert.Equal(stranger.Text, anonymous.Text);
        Assert.Equal($"{user.Name}@example.test", (await user.Client.ReadAsync($"/api/v1/users/{user.Name}")).Is(200).Json.GetProperty("email").GetString());
        (await registry.UserClient.ReadAsync($"/api/v1/users/nobody{Guid.NewGuid():n}")).Is(404);
        foreach (var name in new[] { "a%2Bb", "UPPER", "x", "%20", "%F0%9F%90%B3" })
            (await registry.UserClient.ReadAsync("/api/v1/users/" + name)).Is(404);
    }

    [Fact]
    public async Task A_robot_has_no_account_to_look_at()
    {
        var robot = (await registry.UserClient.SendAsync("PUT", $"/api/v1/user/robots/r{Guid.NewGuid():n}")).Is(201).Json;
        var client = registry.ClientFor(robot.GetProperty("name").GetString()!, robot.GetProperty("token").GetString()!);

        (await client.ReadAsync("/api/v1/user/")).Is(403);
        (await client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(403);
        (await client.ReadAsync("/api/v1/user/sessions")).Is(403);
    }

    [Fact]
    public async Task The_e_mail_address_and_the_time_for_what_was_deleted_are_changed()
    {
        var user = await registry.CreateUserAsync();

        var changed = (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{user.Name}}@new.test","tag_expiration_s":86400}""")).Is(200).Json;

        Assert.Equal(($"{user.Name}@new.test", 86400), (changed.GetProperty("email").GetString(), changed.GetProperty("tag_expiration_s").GetInt32()));
    }

    [Fact]
    public async Task What_one_says_of_oneself_is_kept_until_it_is_taken_away_and_shown_to_nobody_else()
    {
        var user = await registry.CreateUserAsync();

        var said = (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"given_name":" Zoë ","family_name":"O'Neil","company":"Acme","location":"Zürich"}""")).Is(200).Json;
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"company":"","location":null}""")).Is(200);

        Assert.Equal(("Zoë", "O'Neil", "Acme", "Zürich"), Of(said));
        Assert.Equal(("Zoë", "O'Neil", null, "Zürich"), Of((await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json));
        foreach (var client in new[] { registry.UserClient, registry.Client })
            Assert.DoesNotContain("Neil", (await client.ReadAsync($"/api/v1/users/{user.Name}")).Is(200).Text, StringComparison.Ordinal);
        var told = (await user.Client.ReadAsync("/api/v1/user/logs?kinds=user_change_metadata")).Is(200);
        Assert.Equal(2, told.Json.GetProperty("logs").GetArrayLength());
        Assert.DoesNotContain("Neil", told.Text, StringComparison.Ordinal);
        // What changes nothing is told to nobody.
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"given_name":"Zoë"}""")).Is(200);
        Assert.Equal(2, (await user.Client.ReadAsync("/api/v1/user/logs?kinds=user_change_metadata")).Is(200).Json.GetProperty("logs").GetArrayLength());

        static (string?, string?, string?, string?) Of(System.Text.Json.JsonElement own) =>
            (own.GetProperty("given_name").GetString(), own.GetProperty("family_name").GetString(), own.GetProperty("company").GetString(), own.GetProperty("location").GetString());
    }

    [Fact]
    public async Task What_one_says_of_oneself_is_bounded()
    {
        var user = await registry.CreateUserAsync();

        foreach (var name in new[] { "given_name", "family_name", "company", "location" })
            foreach (var text in new[] { new string('x', 256), "a\\nb", "a\\u0000", "\\u001b[31m" })
                Assert.Contains("255 characters", (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"{{name}}":"{{text}}"}""")).Is(400).Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"company":"{{new string('x', 255)}}"}""")).Is(200);
    }

    [Fact]
    public async Task An_address_is_one_persons_only()
    {
        var (user, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());

        Assert.Equal("E-mail address already used", (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{other.Name}}@example.test"}""")).Is(400).Json.GetProperty("message").GetString());
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{user.Name}}@example.test"}""")).Is(200);
    }

    [Theory]
    [InlineData("""{"password":"short"}""")]
    [InlineData("""{"password":""}""")]
    [InlineData("""{"email":"nobody"}""")]
    [InlineData("""{"email":"a\u0000@b.test"}""")]
    [InlineData("""{"email":"a@b.test\ud800"}""")]
    [InlineData("""{"tag_expiration_s":-1}""")]
    [InlineData("""{"tag_expiration_s":9223372036854775807}""")]
    [InlineData("""{"tag_expiration_s":1e99}""")]
    [InlineData("""{"tag_expiration_s":"1"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task A_malformed_change_is_400_and_changes_nothing(string body)
    {
        var before = (await registry.UserClient.ReadAsync("/api/v1/user/")).Text;

        (await registry.UserClient.SendJsonAsync("PUT", "/api/v1/user/", body)).Is(400);

        Assert.Equal(before, (await registry.UserClient.ReadAsync("/api/v1/user/")).Is(200).Text);
    }

    [Fact]
    public async Task What_is_not_for_the_user_to_change_is_left_alone()
    {
        var user = await registry.CreateUserAsync();
        var before = (await user.Client.ReadAsync("/api/v1/user/")).Text;

        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """
            {"id":1,"username":"somebody","verified":false,"superuser":true,"super_user":true,"is_admin":true,"has_admin_role":true,"enabled":false,"kind":"organization"}
            """)).Is(200);

        Assert.Equal(before, (await user.Client.ReadAsync("/api/v1/user/")).Is(200).Text);
        (await user.Client.ReadAsync("/api/v1/superuser/users/")).Is(403);
    }

    [Fact]
    public async Task Private_repositories_are_counted()
    {
        var user = await registry.CreateUserAsync();
        foreach (var (name, visibility) in new[] { ("one", "private"), ("two", "private"), ("three", "public") })
            (await user.Client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"repository":"{{name}}","visibility":"{{visibility}}","description":""}""")).Is(201);

        Assert.Equal("""{"privateCount":2,"privateAllowed":true}""", (await user.Client.ReadAsync("/api/v1/user/private")).Is(200).Text);
    }

    [Fact]
    public async Task Whoever_deletes_the_own_account_is_gone_and_the_name_stays_reserved()
    {
        var user = await registry.CreateUserAsync();
        var robot = (await user.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        var browser = await Browser.SignedInAsync(registry, user);
        var image = $"{user.Name}/app";
        await user.Client.PushImageAsync(image, "v1");
        var token = await user.Client.TokenAsync($"repository:{image}:pull");

        (await browser.SendAsync("DELETE", "/api/v1/user/")).Is(204);

        Assert.Null(browser.Cookie);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{image}/manifests/v1")).Is(401);
        (await registry.ClientFor($"{user.Name}+ci", robot).ReadAsync("/v2/")).Is(401);
        (await registry.Anonymous.ReadAsync($"/api/v1/users/{user.Name}")).Is(404);
        (await registry.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Is(404);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{user.Name}}"}""")).Is(400);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"n{{Guid.NewGuid():n}}","email":"{{user.Name}}@example.test"}""")).Is(200);
    }

    [Fact]
    public async Task The_only_admin_of_an_organization_stays()
    {
        var (user, second) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var organization = await MakeOrganizationAsync(user);

        Assert.Contains(organization, (await user.Client.SendAsync("DELETE", "/api/v1/user/")).Is(400).Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await ExecuteAsync($"INSERT INTO team_member (team_id, account_id) SELECT t.id, a.id FROM team t JOIN namespace n ON n.id = t.namespace_id, namespace a WHERE n.name = '{organization}' AND a.name = '{second.Name}'");
        (await user.Client.SendAsync("DELETE", "/api/v1/user/")).Is(204);
        (await second.Client.SendAsync("DELETE", "/api/v1/user/")).Is(400);
    }

    [Fact]
    public async Task Two_admins_who_leave_at_once_do_not_leave_an_organization_to_nobody()
    {
        for (var round = 0; round < 5; round++)
        {
            var (user, second) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
            var organization = await MakeOrganizationAsync(user);
            await ExecuteAsync($"INSERT INTO team_member (team_id, account_id) SELECT t.id, a.id FROM team t JOIN namespace n ON n.id = t.namespace_id, namespace a WHERE n.name = '{organization}' AND a.name = '{second.Name}'");

            var answers = await Task.WhenAll(user.Client.SendAsync("DELETE", "/api/v1/user/"), second.Client.SendAsync("DELETE", "/api/v1/user/"));

            Assert.Equal([204, 400], answers.Select(static a => (int)a.Status).Order());
        }
    }

    [Fact]
    public async Task A_superuser_does_not_delete_the_own_account() =>
        (await registry.Client.SendAsync("DELETE", "/api/v1/user/")).Is(400);

    [Fact]
    public async Task Accounts_are_made_by_superusers_only_unless_the_settings_say_otherwise() =>
        (await new Browser(registry.Anonymous).SendAsync("POST", "/api/v1/user/", """{"username":"newcomer","password":"password1"}""")).Is(404);

    [Fact]
    public async Task The_configuration_tells_clients_what_there_is()
    {
        var answer = (await registry.Anonymous.ReadAsync("/config")).Is(200);

        Assert.Equal("application/json", answer.ContentHeaders.ContentType?.MediaType);
        Assert.Equal(["config", "features", "external_login", "oauth", "registry_state", "account_recovery_mode", "version_number", "awaits_first_user"], answer.Json.EnumerateObject().Select(static p => p.Name));
        Assert.Equal("Database", answer.Json.GetProperty("config").GetProperty("AUTHENTICATION_TYPE").GetString());
        Assert.Equal(registry.Host, answer.Json.GetProperty("config").GetProperty("SERVER_HOSTNAME").GetString());
        Assert.False(answer.Json.GetProperty("features").GetProperty("USER_CREATION").GetBoolean());
        Assert.True(answer.Json.GetProperty("features").GetProperty("ANONYMOUS_ACCESS").GetBoolean());
        Assert.False(answer.Json.GetProperty("features").GetProperty("MAILING").GetBoolean());
    }

    [Fact]
    public async Task Without_mail_there_is_no_recovery_by_mail()
    {
        (await registry.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", """{"email":"a@b.test"}""")).Is(404);
        (await registry.Client.SendJsonAsync("POST", $"/api/v1/superusers/users/{registry.User.Name}/sendrecovery", "{}")).Is(404);
    }

    private static async Task<string> MakeOrganizationAsync(Account owner)
    {
        var name = "org" + Guid.NewGuid().ToString("n");
        (await owner.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(201);
        return name;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }
}
