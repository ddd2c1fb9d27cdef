namespace Wharf.Tests.Server.Organizations;

/// <summary>Superusers with full access in organizations of others.</summary>
public sealed class SuperuserPowerTests(PowerfulRegistry registry) : IClassFixture<PowerfulRegistry>
{
    private HttpClient Root => registry.Client;

    [Fact]
    public async Task Only_superusers_make_organizations_where_that_is_set()
    {
        (await registry.UserClient.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{OrganizationRequests.NewName()}}"}""")).Is(403);
        (await registry.UserClient.SendJsonAsync("POST", "/api/v1/user/convert", $$"""{"adminUser":"admin","adminPassword":"{{registry.AdminPassword}}"}""")).Is(403);
        await Root.CreateOrganizationAsync();
    }

    [Fact]
    public async Task A_superuser_administers_an_organization_without_being_a_member()
    {
        var org = await OrganizationAsync();

        var shown = (await Root.ReadAsync($"/api/v1/organization/{org}")).Is(200).Json;

        Assert.Equal((true, false), (shown.GetProperty("is_admin").GetBoolean(), shown.GetProperty("is_member").GetBoolean()));
        Assert.Equal(["owners"], shown.GetProperty("ordered_teams").Strings());
        await Root.CreateTeamAsync(org, "devs", "member", registry.User.Name);
        // Nor does a superuser leave it without an admin.
        (await Root.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{registry.User.Name}")).Is(400);
    }

    [Fact]
    public async Task What_a_superuser_makes_is_granted_as_the_organization_says()
    {
        var (org, reader) = (await OrganizationAsync(), await registry.CreateUserAsync());
        (await Root.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", $$$"""{"role":"read","delegate":{"name":"{{{reader.Name}}}","kind":"user"}}""")).Is(200);
        (await Root.SendJsonAsync("POST", $"/api/v1/organization/{org}/prototypes", $$$"""{"role":"write","activating_user":{"name":"admin"},"delegate":{"name":"owners","kind":"team"}}""")).Is(200);

        await Root.PushImageAsync($"{org}/app", "v1");

        Assert.Equal("read", await Root.RoleAsync($"{org}/app", "user", reader.Name));
        Assert.Equal("write", await Root.RoleAsync($"{org}/app", "team", "owners"));
    }

    // One that the user alone is an admin of.
    private async Task<string> OrganizationAsync()
    {
        var org = await Root.CreateOrganizationAsync();
        (await Root.SendAsync("PUT", $"/api/v1/organization/{org}/team/owners/members/{registry.User.Name}")).Is(200);
        (await Root.SendAsync("DELETE", $"/api/v1/organization/{org}/team/owners/members/admin")).Is(204);
        return org;
    }
}
