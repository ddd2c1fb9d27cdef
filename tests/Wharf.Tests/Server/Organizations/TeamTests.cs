namespace Wharf.Tests.Server.Organizations;

/// <summary>Teams, and who is in them.</summary>
public sealed class TeamTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task A_team_is_made_and_changed_by_the_same_request()
    {
        var org = await Me.CreateOrganizationAsync();

        (await Put(org, "devs", """{"role":"member","description":"who writes it"}""")).Is(200).Shows("""
            {"name":"devs","description":"who writes it","can_view":true,"role":"member","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"},"new_team":true}
            """);
        (await Put(org, "devs", """{"role":"creator"}""")).Is(200).Shows("""
            {"name":"devs","description":"who writes it","can_view":true,"role":"creator","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"},"new_team":false}
            """);
        Assert.Equal("", (await Put(org, "devs", """{"role":"creator","description":""}""")).Is(200).Json.GetProperty("description").GetString());
    }

    [Theory]
    [InlineData("devs", """{"role":"owner"}"""), InlineData("devs", "{}"), InlineData("devs", """{"role":"member","description":"a\u0000b"}"""), InlineData("Devs", """{"role":"member"}"""), InlineData("d", """{"role":"member"}""")]
    public async Task What_cannot_be_a_team_is_400(string name, string body) => (await Put(await Me.CreateOrganizationAsync(), name, body)).Is(400);

    [Fact]
    public async Task Members_are_people_and_robots_of_the_organization()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "devs", "member");

        (await Add(org, "devs", member.Name)).Is(200).Shows("""
            {"name":"{member}","kind":"user","is_robot":false,"avatar":{"name":"{member}","hash":"*","color":"*","kind":"user"},"invited":false}
            """, ("member", member.Name));
        (await Add(org, "devs", member.Name)).Is(200);
        (await Add(org, "devs", $"{org}+ci")).Is(200);

        (await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/members?includePending=true")).Is(200).Shows("""
            {"name":"devs","members":[
              {"name":"{member}","kind":"user","is_robot":false,"avatar":{"name":"{member}","hash":"*","color":"*","kind":"user"},"invited":false},
              {"name":"{org}+ci","kind":"user","is_robot":true,"avatar":{"name":"{org}+ci","hash":"*","color":"*","kind":"robot"},"invited":false}],
             "can_edit":true}
            """, ("member", member.Name), ("org", org));
    }

    [Fact]
    public async Task Who_cannot_be_in_a_team_is_refused()
    {
        var (org, other) = (await Me.CreateOrganizationAsync(), await Me.CreateOrganizationAsync());
        await registry.CreateRobotAsync(Me, other, "ci");
        await Me.CreateTeamAsync(org, "devs", "member");

        foreach (var name in (string[])[OrganizationRequests.NewName(), other, $"{other}+ci", $"{org}+ci", "Capital", "a%00b"])
            (await Add(org, "devs", name)).Is(400);
        (await Add(org, "nobodies", registry.User.Name)).Is(404);
        (await Remove(org, "nobodies", registry.User.Name)).Is(404);
        (await Remove(org, "devs", OrganizationRequests.NewName())).Is(404);
        (await Remove(org, "devs", registry.User.Name)).Is(400);
    }

    [Fact]
    public async Task A_team_of_another_organization_of_the_same_name_is_another_team()
    {
        var (org, other, member) = (await Me.CreateOrganizationAsync(), await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "creator", member.Name);
        await Me.CreateTeamAsync(other, "devs", "creator");

        (await member.Client.SendAsync("POST", $"/v2/{other}/app/blobs/uploads/", [])).Is(403);
        (await Remove(other, "devs", member.Name)).Is(400);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{other}/team/devs")).Is(204);
        (await member.Client.SendAsync("POST", $"/v2/{org}/app/blobs/uploads/", [])).Is(202);
    }

    [Fact]
    public async Task Members_of_a_team_see_who_is_in_it_and_other_members_do_not()
    {
        var (org, member, other) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);
        await Me.CreateTeamAsync(org, "ops", "member", other.Name);

        Assert.False((await member.Client.ReadAsync($"/api/v1/organization/{org}/team/devs/members")).Is(200).Json.GetProperty("can_edit").GetBoolean());
        (await other.Client.ReadAsync($"/api/v1/organization/{org}/team/devs/members")).Is(403);
        (await other.Client.ReadAsync($"/api/v1/organization/{org}/team/nobodies/members")).Is(403);
        (await Me.ReadAsync($"/api/v1/organization/{org}/team/nobodies/members")).Is(404);
        (await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/members?next_page=-1")).Is(400);
    }

    [Fact]
    public async Task A_role_is_there_at_once_and_gone_at_once()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "admin", member.Name);
        await Me.CreateRepositoryAsync(org, "app");
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(200);

        await Me.CreateTeamAsync(org, "devs", "member");
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
        await Me.CreateTeamAsync(org, "devs", "admin");
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(200);
        (await Remove(org, "devs", member.Name)).Is(204);
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
    }

    [Fact]
    public async Task A_team_goes_with_its_grants_and_one_of_the_same_name_has_none_of_them()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);
        await Me.CreateRepositoryAsync(org, "app");
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{org}/app/permissions/team/devs", """{"role":"write"}""")).Is(200);
        (await Me.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", """{"role":"read","delegate":{"name":"devs","kind":"team"}}""")).Is(200);
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(200);
        (await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/permissions")).Is(200).Shows("""
            {"permissions":[{"repository":{"name":"app","is_public":false},"role":"write"}]}
            """);

        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs")).Is(204);
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);

        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/permissions")).Is(200).Json.GetProperty("permissions").EnumerateArray());
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{org}/prototypes")).Is(200).Json.GetProperty("prototypes").EnumerateArray());
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/nobodies")).Is(400);
        (await Me.ReadAsync($"/api/v1/organization/{org}/team/nobodies/permissions")).Is(404);
    }

    [Fact]
    public async Task An_organization_keeps_an_admin()
    {
        var (org, other) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await registry.CreateRobotAsync(Me, org, "ci");
        (await Add(org, "owners", $"{org}+ci")).Is(200);

        // A robot does not count: nobody can sign in as one to make somebody an admin again.
        (await Remove(org, "owners", registry.User.Name)).Is(400);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners")).Is(400);
        (await Put(org, "owners", """{"role":"creator"}""")).Is(400);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{registry.User.Name}")).Is(400);

        await Me.CreateTeamAsync(org, "bosses", "admin", other.Name);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners")).Is(204);
        (await other.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/team/bosses/members/{other.Name}")).Is(400);
    }

    [Fact]
    public async Task Two_admins_who_remove_each_other_at_the_same_moment_leave_one()
    {
        for (var i = 0; i < 10; i++)
        {
            var (org, other) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
            await Me.CreateTeamAsync(org, "bosses", "admin", other.Name);

            var answers = await Task.WhenAll(
                other.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners/members/{registry.User.Name}"),
                Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/bosses"));

            Assert.Single(answers, static a => (int)a.Status == 204);
            Assert.Single(answers, static a => (int)a.Status is 400 or 403);
        }
    }

    [Fact]
    public async Task Mail_is_not_sent_yet_and_so_not_there_as_in_Quay_without_it()
    {
        var org = await Me.CreateOrganizationAsync();

        (await Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/owners/invite/a@example.test")).Is(404);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners/invite/a@example.test")).Is(404);
    }

    private Task<Answer> Put(string org, string team, string body) => Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/{team}", body);

    private Task<Answer> Add(string org, string team, string name) => Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/{team}/members/{name}");

    private Task<Answer> Remove(string org, string team, string name) => Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/{team}/members/{name}");
}
