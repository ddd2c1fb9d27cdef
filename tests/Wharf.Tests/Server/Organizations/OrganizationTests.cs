using System.Text.Json;

namespace Wharf.Tests.Server.Organizations;

/// <summary>Making, seeing, changing, deleting and restoring organizations.</summary>
public sealed class OrganizationTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task An_organization_is_made_with_its_maker_as_the_owner()
    {
        var name = OrganizationRequests.NewName();

        var made = (await Me.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}","email":"{{name}}@example.test"}""")).Is(201);

        Assert.Equal("Created", made.Json.GetString());
        (await Me.ReadAsync($"/api/v1/organization/{name}")).Is(200).Shows("""
            {
              "name": "{org}", "email": "{org}@example.test", "avatar": {"name":"{org}","hash":"*","color":"*","kind":"org"},
              "is_admin": true, "is_member": true, "is_org_creator": true,
              "teams": {"owners": {"name":"owners","description":"","role":"admin","avatar":{"name":"owners","hash":"*","color":"*","kind":"team"},"can_view":true,"repo_count":0,"member_count":1,"is_synced":false}},
              "ordered_teams": ["owners"], "tag_expiration_s": 1209600, "robot_secrets": "sealed", "invoice_email": false, "is_free_account": true
            }
            """, ("org", name));
    }

    [Theory]
    [InlineData("""{"name":"Capital"}"""), InlineData("""{"name":"a"}"""), InlineData("""{"name":"a--b"}"""), InlineData("""{"name":"a\u0000b"}"""), InlineData("""{}"""), InlineData("""{"name":null}""")]
    [InlineData("""{"name":"goodname","email":"none"}"""), InlineData("""{"name":"goodname","email":"a\u0000@b"}"""), InlineData("[]"), InlineData("")]
    public async Task What_cannot_be_an_organization_is_400(string body) =>
        Assert.Equal("invalid_request", (await Me.SendJsonAsync("POST", "/api/v1/organization/", body)).Is(400).Json.GetProperty("error_type").GetString());

    [Fact]
    public async Task A_name_that_a_user_or_an_organization_has_is_400()
    {
        var name = await Me.CreateOrganizationAsync();

        (await Me.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(400);
        (await Me.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{registry.User.Name}}"}""")).Is(400);
    }

    [Fact]
    public async Task A_member_sees_all_teams_but_into_the_own_ones_only_and_no_settings()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "member", member.Name);

        (await member.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200).Shows("""
            {
              "name": "{org}", "email": "", "avatar": {"name":"{org}","hash":"*","color":"*","kind":"org"}, "is_admin": false, "is_member": true, "is_org_creator": false,
              "teams": {
                "owners": {"name":"owners","description":"","role":"admin","avatar":{"name":"owners","hash":"*","color":"*","kind":"team"},"can_view":false,"repo_count":0,"member_count":1,"is_synced":false},
                "devs": {"name":"devs","description":"","role":"member","avatar":{"name":"devs","hash":"*","color":"*","kind":"team"},"can_view":true,"repo_count":0,"member_count":1,"is_synced":false}
              },
              "ordered_teams": ["owners", "devs"]
            }
            """, ("org", org));
    }

    [Fact]
    public async Task A_superuser_without_full_access_sees_that_it_exists_and_a_stranger_does_not()
    {
        var (org, stranger) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());

        (await registry.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200).Shows("""
            {"name":"{org}","email":"","avatar":{"name":"{org}","hash":"*","color":"*","kind":"org"},"is_admin":false,"is_member":false,"is_org_creator":false}
            """, ("org", org));
        var there = (await stranger.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404).Json.GetProperty("detail").GetString();
        var nowhere = (await stranger.Client.ReadAsync($"/api/v1/organization/{OrganizationRequests.NewName()}")).Is(404).Json.GetProperty("detail").GetString();
        Assert.Equal(nowhere, there);
    }

    [Fact]
    public async Task A_change_concerns_what_is_given_and_nothing_else()
    {
        var org = await Me.CreateOrganizationAsync();
        (await Change(org, """{"email":"team@example.test"}""")).Is(200);

        var changed = (await Change(org, """{"tag_expiration_s":86400}""")).Is(200).Json;

        Assert.Equal(("team@example.test", 86400), (changed.GetProperty("email").GetString(), changed.GetProperty("tag_expiration_s").GetInt32()));
        Assert.Equal("", (await Change(org, """{"email":""}""")).Is(200).Json.GetProperty("email").GetString());
    }

    [Theory]
    [InlineData("""{"email":"nowhere"}"""), InlineData("""{"tag_expiration_s":-1}"""), InlineData("""{"tag_expiration_s":99999999999}"""), InlineData("""{"tag_expiration_s":"1d"}""")]
    [InlineData("""{"robot_secrets":"plain"}"""), InlineData("null")]
    public async Task A_change_that_makes_no_sense_is_400(string body) => (await Change(await Me.CreateOrganizationAsync(), body)).Is(400);

    [Fact]
    public async Task An_organization_that_turns_to_hashes_shows_no_token_any_more_and_its_robots_go_on()
    {
        var org = await Me.CreateOrganizationAsync();
        var robot = await registry.CreateRobotAsync(Me, org, "ci");
        (await Change(org, """{"robot_secrets":"hashed"}""")).Is(200);

        var read = (await Me.ReadAsync($"/api/v1/organization/{org}/robots/ci")).Is(200).Json;

        Assert.False(read.TryGetProperty("token", out _));
        (await robot.ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await Change(org, """{"robot_secrets":"sealed"}""")).Is(200);
        Assert.False((await Me.ReadAsync($"/api/v1/organization/{org}/robots/ci")).Is(200).Json.TryGetProperty("token", out _));
        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/robots/ci/regenerate")).Is(200);
        Assert.True((await Me.ReadAsync($"/api/v1/organization/{org}/robots/ci")).Is(200).Json.TryGetProperty("token", out _));
    }

    [Fact]
    public async Task A_deleted_organization_is_gone_with_its_repositories_and_robots_and_comes_back_with_them()
    {
        // Of one's own, since the list of what was deleted is to have nothing else.
        var (owner, member) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = await owner.Client.CreateOrganizationAsync();
        await owner.Client.CreateTeamAsync(org, "devs", "creator", member.Name);
        var robot = await registry.CreateRobotAsync(owner.Client, org, "ci");
        var image = await member.Client.PushImageAsync($"{org}/app", "v1");
        await owner.Client.GrantAsync($"{org}/app", $"{org}+ci", "read");
        (await robot.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);

        (await owner.Client.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        (await owner.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        (await robot.ReadAsync("/v2/")).Is(401);
        Assert.NotEqual(200, (int)(await member.Client.ReadAsync($"/v2/{org}/app/manifests/v1")).Status);
        (await owner.Client.ReadAsync("/api/v1/user/deletedorganizations")).Is(200).Shows("""
            {"organizations":[{"name":"{org}","deleted":"*","deleted_by":"{me}","restorable_until":"*"}]}
            """, ("org", org), ("me", owner.Name));

        (await owner.Client.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(204);

        Assert.Equal(image.Manifest, (await robot.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200).Body);
        (await member.Client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);
        Assert.Empty((await owner.Client.ReadAsync("/api/v1/user/deletedorganizations")).Is(200).Json.GetProperty("organizations").EnumerateArray());
        (await owner.Client.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(404);
    }

    [Fact]
    public async Task Only_who_deleted_it_or_a_superuser_restores_an_organization()
    {
        var (org, other) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "bosses", "admin", other.Name);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        (await other.Client.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(404);
        Assert.Empty((await other.Client.ReadAsync("/api/v1/user/deletedorganizations")).Is(200).Json.GetProperty("organizations").EnumerateArray());
        (await registry.Client.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(204);
    }

    [Fact]
    public async Task What_was_deleted_too_long_ago_is_not_restored()
    {
        var org = await Me.CreateOrganizationAsync();
        (await Change(org, """{"tag_expiration_s":0}""")).Is(200);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(404);
    }

    [Fact]
    public async Task A_name_is_kept_for_who_deleted_the_organization_and_gets_nothing_of_the_former_one()
    {
        var (org, member) = (await Me.CreateOrganizationAsync(), await registry.CreateUserAsync());
        await Me.CreateTeamAsync(org, "devs", "admin", member.Name);
        var robot = await registry.CreateRobotAsync(Me, org, "ci");
        await Me.PushImageAsync($"{org}/app", "v1");
        await Me.GrantAsync($"{org}/app", $"{org}+ci", "write");
        await Me.GrantAsync($"{org}/app", member.Name, "write");
        (await member.Client.SendJsonAsync("POST", "/api/v1/user/starred", $$"""{"namespace":"{{org}}","repository":"app"}""")).Is(201);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);

        (await member.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}"}""")).Is(400);
        Assert.NotEqual(202, (int)(await member.Client.SendAsync("POST", $"/v2/{org}/app/blobs/uploads/", [])).Status);
        await Me.CreateOrganizationAsync(org);
        await Me.CreateRepositoryAsync(org, "app");

        Assert.NotEqual(200, (int)(await Me.ReadAsync($"/v2/{org}/app/manifests/v1")).Status);
        (await member.Client.ReadAsync($"/api/v1/repository/{org}/app")).Is(403);
        (await member.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        (await robot.ReadAsync("/v2/")).Is(401);
        Assert.Empty((await member.Client.ReadAsync("/api/v1/user/starred")).Is(200).Json.GetProperty("repositories").EnumerateArray());
        Assert.Equal(["owners"], (await Me.ReadAsync($"/api/v1/organization/{org}")).Is(200).Json.GetProperty("ordered_teams").Strings());
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{org}/robots")).Is(200).Json.GetProperty("robots").EnumerateArray());
        await registry.CreateRobotAsync(Me, org, "ci");
        (await Me.SendAsync("POST", $"/api/v1/organization/{org}/restore")).Is(400);
    }

    [Fact]
    public async Task A_list_of_deleted_organizations_goes_on_where_it_ended()
    {
        var owner = await registry.CreateUserAsync();
        var names = new List<string>();
        for (var i = 0; i < 102; i++)
        {
            names.Add(await owner.Client.CreateOrganizationAsync());
            (await owner.Client.SendAsync("DELETE", $"/api/v1/organization/{names[^1]}")).Is(204);
        }

        var first = (await owner.Client.ReadAsync("/api/v1/user/deletedorganizations")).Is(200).Json;
        var second = (await owner.Client.ReadAsync($"/api/v1/user/deletedorganizations?next_page={first.GetProperty("next_page").GetString()}")).Is(200).Json;

        Assert.Equal(names, Names(first).Concat(Names(second)));
        Assert.False(second.TryGetProperty("next_page", out _));
        (await owner.Client.ReadAsync("/api/v1/user/deletedorganizations?next_page=x")).Is(400);

        static IEnumerable<string> Names(JsonElement page) => page.GetProperty("organizations").EnumerateArray().Select(static o => o.GetProperty("name").GetString()!);
    }

    private Task<Answer> Change(string org, string body) => Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}", body);
}
