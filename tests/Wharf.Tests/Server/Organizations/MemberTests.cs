namespace Wharf.Tests.Server.Organizations;

/// <summary>The people of an organization: in it, and outside with grants.</summary>
public sealed class MemberTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Members_are_shown_with_their_teams_and_repositories_and_collaborators_apart()
    {
        var (org, member, outsider) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);
        await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "devs", "member", $"{org}+ci");
        await Me.CreateRepositoryAsync(org, "app");
        await Me.GrantAsync($"{org}/app", member.Name, "read");
        await Me.GrantAsync($"{org}/app", outsider.Name, "write");
        await Me.GrantAsync($"{org}/app", $"{org}+ci", "write");
        (string, string)[] names = [("org", org), ("me", registry.User.Name), ("member", member.Name), ("outsider", outsider.Name)];

        (await Me.ReadAsync($"/api/v1/organization/{org}/members")).Is(200).Shows("""
            {"members":[
              {"name":"{me}","kind":"user","avatar":{"name":"{me}","hash":"*","color":"*","kind":"user"},"teams":[{"name":"owners","avatar":{"name":"owners","hash":"*","color":"*","kind":"team"}}],"repositories":["app"]},
              {"name":"{member}","kind":"user","avatar":{"name":"{member}","hash":"*","color":"*","kind":"user"},"teams":[{"name":"devs","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"}}],"repositories":["app"]}]}
            """, names);
        (await Me.ReadAsync($"/api/v1/organization/{org}/collaborators")).Is(200).Shows("""
            {"collaborators":[{"kind":"user","name":"{outsider}","avatar":{"name":"{outsider}","hash":"*","color":"*","kind":"user"},"repositories":["app"]}]}
            """, names);
        (await Me.ReadAsync($"/api/v1/organization/{org}/members/{org}+ci")).Is(200).Shows("""
            {"name":"{org}+ci","kind":"robot","avatar":{"name":"{org}+ci","hash":"*","color":"*","kind":"robot"},"teams":[{"name":"devs","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"}}],"repositories":["app"]}
            """, names);
        Assert.Equal(["app"], (await Me.ReadAsync($"/api/v1/organization/{org}/members/{member.Name}")).Is(200).Json.GetProperty("repositories").Strings());
        (await Me.ReadAsync($"/api/v1/organization/{org}/members/{outsider.Name}")).Is(404);
        (await Me.ReadAsync($"/api/v1/organization/{org}/members/{OrganizationRequests.NewName()}")).Is(404);
        (await member.Client.ReadAsync($"/api/v1/organization/{org}/members")).Is(403);
    }

    [Fact]
    public async Task Who_is_removed_loses_teams_grants_and_default_permissions()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "creator", member.Name);
        await Me.CreateRepositoryAsync(org, "app");
        await Me.GrantAsync($"{org}/app", member.Name, "write");
        (await Me.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", $$$"""{"role":"admin","delegate":{"name":"{{{member.Name}}}","kind":"user"}}""")).Is(200);
        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(200);

        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{member.Name}")).Is(204);

        (await member.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
        (await member.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        await Me.CreateRepositoryAsync(org, "later");
        (await member.Client.ReadAsync($"/v2/{org}/later/tags/list")).Is(403);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{member.Name}")).Is(404);
    }

    [Fact]
    public async Task Removing_somebody_leaves_what_they_have_in_other_organizations()
    {
        var (org, other, member) = (await Me.CreateOrganizationAsync(), await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);
        await Me.CreateTeamAsync(other, "devs", "member", member.Name);
        await Me.CreateRepositoryAsync(other, "app");
        await Me.GrantAsync($"{other}/app", member.Name, "read");

        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{member.Name}")).Is(204);

        (await member.Client.ReadAsync($"/v2/{other}/app/tags/list")).Is(200);
        (await member.Client.ReadAsync($"/api/v1/organization/{other}")).Is(200);
    }

    [Fact]
    public async Task A_collaborator_is_removed_in_the_same_way()
    {
        var (org, outsider) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateRepositoryAsync(org, "app");
        await Me.GrantAsync($"{org}/app", outsider.Name, "write");
        (await outsider.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(200);

        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{outsider.Name}")).Is(204);

        (await outsider.Client.ReadAsync($"/v2/{org}/app/tags/list")).Is(403);
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{org}/collaborators")).Is(200).Json.GetProperty("collaborators").EnumerateArray());
    }
}
