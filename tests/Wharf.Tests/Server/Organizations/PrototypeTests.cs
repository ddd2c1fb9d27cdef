namespace Wharf.Tests.Server.Organizations;

/// <summary>Default permissions, and the repositories that are made under them.</summary>
public sealed class PrototypeTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task A_default_permission_is_made_shown_changed_and_removed()
    {
        var (org, guest) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "devs", "member");
        (string, string)[] names = [("org", org), ("guest", guest.Name), ("me", registry.User.Name)];

        var made = (await CreateAsync(org, $$$"""{"role":"write","activating_user":{"name":"{{{registry.User.Name}}}"},"delegate":{"name":"{{{guest.Name}}}","kind":"user"}}""")).Is(200);
        made.Shows("""
            {"activating_user":{"name":"{me}","kind":"user","avatar":{"name":"{me}","hash":"*","color":"*","kind":"user"},"is_robot":false,"is_org_member":true},
             "delegate":{"name":"{guest}","kind":"user","avatar":{"name":"{guest}","hash":"*","color":"*","kind":"user"},"is_robot":false,"is_org_member":false},"role":"write","id":"*"}
            """, names);
        (await CreateAsync(org, """{"role":"read","delegate":{"name":"devs","kind":"team"}}""")).Is(200);
        (await CreateAsync(org, $$$"""{"role":"admin","delegate":{"name":"{{{org}}}+ci","kind":"user"}}""")).Is(200);
        var path = $"/api/v1/organization/{org}/prototypes/{made.Json.GetProperty("id").GetString()}";
        Assert.Equal("read", (await Me.SendJsonAsync("PUT", path, """{"role":"read"}""")).Is(200).Json.GetProperty("role").GetString());
        (await Me.ReadAsync($"/api/v1/organization/{org}/prototypes")).Is(200).Shows("""
            {"prototypes":[
              {"activating_user":{"name":"{me}","kind":"user","avatar":{"name":"{me}","hash":"*","color":"*","kind":"user"},"is_robot":false,"is_org_member":true},
               "delegate":{"name":"{guest}","kind":"user","avatar":{"name":"{guest}","hash":"*","color":"*","kind":"user"},"is_robot":false,"is_org_member":false},"role":"read","id":"*"},
              {"activating_user":null,"delegate":{"name":"devs","kind":"team","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"}},"role":"read","id":"*"},
              {"activating_user":null,"delegate":{"name":"{org}+ci","kind":"user","avatar":{"name":"{org}+ci","hash":"*","color":"*","kind":"robot"},"is_robot":true,"is_org_member":true},"role":"admin","id":"*"}]}
            """, names);

        (await Me.SendAsync("DELETE", path)).Is(204);

        (await Me.SendAsync("DELETE", path)).Is(404);
        (await Me.SendJsonAsync("PUT", path, """{"role":"read"}""")).Is(404);
        Assert.Equal(2, (await Me.ReadAsync($"/api/v1/organization/{org}/prototypes")).Is(200).Json.GetProperty("prototypes").GetArrayLength());
    }

    [Fact]
    public async Task What_cannot_be_a_default_permission_is_400()
    {
        var (org, other) = (await Me.CreateOrganizationAsync(), await Me.CreateOrganizationAsync());
        await registry.CreateRobotAsync(Me, other, "ci");
        await Me.CreateTeamAsync(other, "elsewhere", "member");
        var me = $$"""{"name":"{{registry.User.Name}}","kind":"user"}""";

        foreach (var body in (string[])[
            $$"""{"role":"owner","delegate":{{me}}}""", """{"role":"read"}""", $$"""{"delegate":{{me}}}""", """{"role":"read","delegate":{"name":"nobody1","kind":"user"}}""",
            """{"role":"read","delegate":{"name":"elsewhere","kind":"team"}}""", $$$"""{"role":"read","delegate":{"name":"{{{other}}}+ci","kind":"user"}}""",
            $$$"""{"role":"read","delegate":{"name":"{{{other}}}","kind":"user"}}""", $$$"""{"role":"read","delegate":{"name":"{{{registry.User.Name}}}","kind":"group"}}""",
            $$$"""{"role":"read","activating_user":{"name":"nobody1"},"delegate":{{{me}}}}""", $$$"""{"role":"read","activating_user":{"name":"{{{other}}}+ci"},"delegate":{{{me}}}}""",
            $$$"""{"role":"read","activating_user":{"name":"a\u0000b"},"delegate":{{{me}}}}"""])
            (await CreateAsync(org, body)).Is(400);
    }

    [Fact]
    public async Task A_default_permission_of_another_organization_is_not_found()
    {
        var (org, other) = (await Me.CreateOrganizationAsync(), await Me.CreateOrganizationAsync());
        var id = (await CreateAsync(other, $$$"""{"role":"read","delegate":{"name":"{{{registry.User.Name}}}","kind":"user"}}""")).Is(200).Json.GetProperty("id").GetString();

        (await Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}/prototypes/{id}", """{"role":"admin"}""")).Is(404);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/prototypes/{id}")).Is(404);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/prototypes/1")).Is(404);
    }

    [Fact]
    public async Task What_a_person_makes_is_granted_to_those_that_the_organization_says()
    {
        var (org, maker, reader) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "makers", "creator", maker.Name);
        await Me.CreateTeamAsync(org, "devs", "member");
        (await CreateAsync(org, $$$"""{"role":"read","delegate":{"name":"{{{reader.Name}}}","kind":"user"}}""")).Is(200);
        (await CreateAsync(org, """{"role":"write","delegate":{"name":"devs","kind":"team"}}""")).Is(200);

        await maker.Client.CreateRepositoryAsync(org, "made");
        await maker.Client.PushImageAsync($"{org}/pushed", "v1");

        foreach (var repository in (string[])[$"{org}/made", $"{org}/pushed"])
        {
            Assert.Equal("read", await Me.RoleAsync(repository, "user", reader.Name));
            Assert.Equal("admin", await Me.RoleAsync(repository, "user", maker.Name));
            Assert.Equal("write", await Me.RoleAsync(repository, "team", "devs"));
        }
        (await reader.Client.ReadAsync($"/v2/{org}/pushed/manifests/v1")).Is(200);
    }

    [Fact]
    public async Task What_a_robot_makes_is_too()
    {
        var (org, reader) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        var robot = await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "makers", "creator", $"{org}+ci");
        (await CreateAsync(org, $$$"""{"role":"read","delegate":{"name":"{{{reader.Name}}}","kind":"user"}}""")).Is(200);
        (await CreateAsync(org, $$$"""{"role":"write","activating_user":{"name":"{{{org}}}+ci"},"delegate":{"name":"owners","kind":"team"}}""")).Is(200);

        await robot.PushImageAsync($"{org}/app", "v1");

        Assert.Equal("read", await Me.RoleAsync($"{org}/app", "user", reader.Name));
        Assert.Equal("write", await Me.RoleAsync($"{org}/app", "team", "owners"));
        Assert.Equal("admin", await Me.RoleAsync($"{org}/app", "user", $"{org}+ci"));
    }

    [Fact]
    public async Task A_rule_for_who_makes_it_goes_before_one_for_anyone_to_the_same_account()
    {
        var (org, maker, guest, other) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "makers", "creator", maker.Name, other.Name);
        (await CreateAsync(org, $$$"""{"role":"admin","delegate":{"name":"{{{guest.Name}}}","kind":"user"}}""")).Is(200);
        (await CreateAsync(org, $$$"""{"role":"read","activating_user":{"name":"{{{maker.Name}}}"},"delegate":{"name":"{{{guest.Name}}}","kind":"user"}}""")).Is(200);

        await maker.Client.CreateRepositoryAsync(org, "bymaker");
        await other.Client.CreateRepositoryAsync(org, "byother");

        Assert.Equal("read", await Me.RoleAsync($"{org}/bymaker", "user", guest.Name));
        Assert.Equal("admin", await Me.RoleAsync($"{org}/byother", "user", guest.Name));
    }

    [Fact]
    public async Task A_default_permission_changes_no_repository_that_is_there()
    {
        var (org, guest) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateRepositoryAsync(org, "before");

        (await CreateAsync(org, $$$"""{"role":"read","delegate":{"name":"{{{guest.Name}}}","kind":"user"}}""")).Is(200);

        Assert.Null(await Me.RoleAsync($"{org}/before", "user", guest.Name));
    }

    private Task<Answer> CreateAsync(string org, string body) => Me.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", body);
}
