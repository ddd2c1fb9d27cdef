namespace Wharf.Tests.Server.Organizations;

/// <summary>People who are asked into a team; and names that are free at once.</summary>
public sealed class InviteTests(InvitingRegistry registry) : IClassFixture<InvitingRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Who_is_not_in_the_organization_is_invited_and_may_accept()
    {
        var (org, guest) = (await OrganizationAsync(), await registry.CreateUserAsync());
        (string, string)[] names = [("guest", guest.Name), ("org", org), ("me", registry.User.Name)];

        (await InviteAsync(org, guest.Name)).Is(200).Shows("""
            {"name":"{guest}","kind":"user","is_robot":false,"avatar":{"name":"{guest}","hash":"*","color":"*","kind":"user"},"invited":true}
            """, names);
        (await InviteAsync(org, guest.Name)).Is(200);

        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/members")).Is(200).Json.GetProperty("members").EnumerateArray());
        Assert.True((await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/members?includePending=true")).Is(200).Json.GetProperty("members").EnumerateArray().Single().GetProperty("invited").GetBoolean());
        var invites = (await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200);
        invites.Shows("""{"invites":[{"code":"*","org":"{org}","team":"devs","inviter":"{me}","created":"*"}]}""", names);

        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{Code(invites)}")).Is(200).Shows("""{"org":"{org}","team":"devs"}""", names);

        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200);
        Assert.Empty((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray());
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{Code(invites)}")).Is(404);
    }

    [Fact]
    public async Task An_invitation_is_for_one_person_whoever_knows_its_code()
    {
        var (org, guest, thief) = (await OrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await InviteAsync(org, guest.Name)).Is(200);
        var code = Code((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200));

        (await thief.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(404);
        (await thief.Client.SendAsync("DELETE", $"/api/v1/teaminvite/{code}")).Is(400);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(200);
    }

    [Fact]
    public async Task What_is_declined_or_taken_back_cannot_be_accepted()
    {
        var (org, guest) = (await OrganizationAsync(), await registry.CreateUserAsync());
        (await InviteAsync(org, guest.Name)).Is(200);
        var declined = Code((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200));
        (await guest.Client.SendAsync("DELETE", $"/api/v1/teaminvite/{declined}")).Is(204);
        (await InviteAsync(org, guest.Name)).Is(200);
        var withdrawn = Code((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200));
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/members/{guest.Name}")).Is(204);

        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{declined}")).Is(404);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{withdrawn}")).Is(404);
        (await guest.Client.SendAsync("DELETE", $"/api/v1/teaminvite/{withdrawn}")).Is(400);
    }

    [Fact]
    public async Task An_invitation_ends_with_its_team_and_with_the_removal_of_the_person()
    {
        var (org, guest) = (await OrganizationAsync(), await registry.CreateUserAsync());
        (await InviteAsync(org, guest.Name)).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs")).Is(204);
        Assert.Empty((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray());

        await Me.CreateTeamAsync(org, "devs", "member");
        (await InviteAsync(org, guest.Name)).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{guest.Name}")).Is(204);
        Assert.Empty((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray());
    }

    [Fact]
    public async Task Members_and_robots_of_the_organization_are_not_asked()
    {
        var (org, guest) = (await OrganizationAsync(), await registry.CreateUserAsync());
        await registry.CreateRobotAsync(Me, org, "ci");
        await Me.CreateTeamAsync(org, "ops", "member");
        (await InviteAsync(org, guest.Name)).Is(200);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{Code((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200))}")).Is(200);

        Assert.False((await Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/ops/members/{guest.Name}")).Is(200).Json.GetProperty("invited").GetBoolean());
        Assert.False((await InviteAsync(org, $"{org}+ci")).Is(200).Json.GetProperty("invited").GetBoolean());
    }

    [Fact]
    public async Task An_invitation_to_a_deleted_organization_waits_for_its_return()
    {
        var (org, guest) = (await OrganizationAsync(), await registry.CreateUserAsync());
        (await InviteAsync(org, guest.Name)).Is(200);
        var code = Code((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200));
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(404);
        Assert.Empty((await guest.Client.ReadAsync("/api/v1/user/teaminvites")).Is(200).Json.GetProperty("invites").EnumerateArray());
        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(204);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(200);
    }

    [Fact]
    public async Task Where_names_are_free_at_once_somebody_else_may_take_one_and_gets_nothing_with_it()
    {
        var (org, other) = (await OrganizationAsync(), await registry.CreateUserAsync());
        var robot = await registry.CreateRobotAsync(Me, org, "ci");
        await Me.PushImageAsync($"{org}/app", "v1");
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        await other.Client.CreateOrganizationAsync(org);

        (await other.Client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(404);
        (await Me.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        (await robot.ReadAsync("/v2/")).Is(401);
        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(400);
        // The robot of the former organization has none of the new one's name either.
        await registry.CreateRobotAsync(other.Client, org, "ci");
        (await robot.ReadAsync("/v2/")).Is(401);
    }

    private async Task<string> OrganizationAsync()
    {
        var org = await Me.CreateOrganizationAsync();
        await Me.CreateTeamAsync(org, "devs", "member");
        return org;
    }

    private Task<Answer> InviteAsync(string org, string name) => Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/members/{name}");

    private static string Code(Answer invites) => invites.Json.GetProperty("invites").EnumerateArray().Single().GetProperty("code").GetString()!;
}
