namespace Wharf.Tests.Server.Repositories;

/// <summary>The permissions of one repository: who can be granted what, and what it does at once.</summary>
public sealed class GrantTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Grants_to_people_and_robots_look_as_in_Quay()
    {
        var (company, reader, member) = (await Company.CreateAsync(registry, registry.User), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await company.AddTeamAsync("members", "member", member.Name);
        var permissions = $"/api/v1/repository/{await company.AddRepositoryAsync(registry.User)}/permissions/user";
        (await Me.SendAsync("PUT", $"/api/v1/organization/{company.Name}/robots/ci")).Is(201);
        (string, string)[] masks = [(registry.User.Name, "<me>"), (reader.Name, "<reader>"), (member.Name, "<member>"), (company.Name, "<organization>")];

        await Body.MatchesAsync((await Me.SendJsonAsync("PUT", $"{permissions}/{reader.Name}", """{"role":"read"}""")).Is(200), "changeUserPermissions", masks);
        (await Me.SendJsonAsync("PUT", $"{permissions}/{member.Name}", """{"role":"admin"}""")).Is(200);
        (await Me.SendJsonAsync("PUT", $"{permissions}/{company.Name}+ci", """{"role":"write"}""")).Is(200);

        await Body.MatchesAsync((await Me.ReadAsync($"{permissions}/")).Is(200), "listRepoUserPermissions", masks);
        await Body.MatchesAsync((await Me.ReadAsync($"{permissions}/{company.Name}+ci")).Is(200), "getUserPermissions", masks);
        await Body.MatchesAsync((await Me.ReadAsync($"{permissions}/{reader.Name}/transitive")).Is(200), "getUserTransitivePermission", masks);
    }

    [Fact]
    public async Task Grants_to_teams_look_as_in_Quay_and_count_for_their_members()
    {
        var (company, builder) = (await Company.CreateAsync(registry, registry.User), await registry.CreateUserAsync());
        await company.AddTeamAsync("builders", "member", builder.Name);
        var repository = await company.AddRepositoryAsync(registry.User);
        var permissions = $"/api/v1/repository/{repository}/permissions";
        (await builder.Client.ReadAsync($"/v2/{repository}/tags/list")).Is(403);

        await Body.MatchesAsync((await Me.SendJsonAsync("PUT", $"{permissions}/team/builders", """{"role":"write"}""")).Is(200), "changeTeamPermissions");

        await Body.MatchesAsync((await Me.ReadAsync($"{permissions}/team/")).Is(200), "listRepoTeamPermissions");
        await Body.MatchesAsync((await Me.ReadAsync($"{permissions}/team/builders")).Is(200), "getTeamPermissions");
        Assert.Equal("write", (await Me.ReadAsync($"{permissions}/user/{builder.Name}/transitive")).Is(200).Json.GetProperty("permissions")[0].GetProperty("role").GetString());
        await builder.Client.PushImageAsync(repository, "v1");

        (await Me.SendAsync("DELETE", $"{permissions}/team/builders")).Is(204);

        (await builder.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(403);
        (await Me.SendAsync("DELETE", $"{permissions}/team/builders")).Is(400);
        (await Me.ReadAsync($"{permissions}/team/builders")).Is(400);
        (await Me.ReadAsync($"{permissions}/user/{builder.Name}/transitive")).Is(404);
    }

    [Fact]
    public async Task A_role_that_is_changed_or_taken_away_counts_at_once()
    {
        var (repository, friend) = (registry.NewRepository(), await registry.CreateUserAsync());
        await Me.PushImageAsync(repository, "v1");
        var permission = $"/api/v1/repository/{repository}/permissions/user/{friend.Name}";

        (await Me.SendJsonAsync("PUT", permission, """{"role":"read"}""")).Is(200);
        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        (await friend.Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(403, "DENIED");
        (await Me.SendJsonAsync("PUT", permission, """{"role":"write"}""")).Is(200);
        await friend.Client.PushImageAsync(repository, "v2");
        (await friend.Client.ReadAsync(permission)).Is(403);
        (await Me.SendJsonAsync("PUT", permission, """{"role":"admin"}""")).Is(200);
        (await friend.Client.ReadAsync(permission)).Is(200);
        (await Me.SendAsync("DELETE", permission)).Is(204);
        (await friend.Client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(403);
        (await Me.ReadAsync(permission)).Is(400);
        (await Me.SendAsync("DELETE", permission)).Is(400);
    }

    // Attack R02.
    [Fact]
    public async Task Only_robots_and_teams_of_the_repositorys_own_namespace_can_be_granted_something()
    {
        var (ours, theirs) = (await Company.CreateAsync(registry, registry.User), await Company.CreateAsync(registry, registry.User));
        await theirs.AddTeamAsync("builders", "member");
        var permissions = $"/api/v1/repository/{await ours.AddRepositoryAsync(registry.User)}/permissions";
        (await Me.SendAsync("PUT", $"/api/v1/organization/{theirs.Name}/robots/ci")).Is(201);
        (await Me.SendAsync("PUT", $"/api/v1/user/robots/ci")).Is(201);

        foreach (var path in (string[])[$"user/{theirs.Name}+ci", $"user/{registry.User.Name}+ci", "team/builders"])
            Assert.Equal("invalid_request", (await Me.SendJsonAsync("PUT", $"{permissions}/{path}", """{"role":"read"}""")).Is(400).Json.GetProperty("error_type").GetString());
        Assert.Equal([registry.User.Name], (await Me.ReadAsync($"{permissions}/user/")).Is(200).Json.GetProperty("permissions").EnumerateObject().Select(static p => p.Name));
    }

    [Fact]
    public async Task What_cannot_be_granted_is_400()
    {
        var company = await Company.CreateAsync(registry, registry.User);
        var (repository, friend) = (registry.NewRepository(), await registry.CreateUserAsync());
        await Me.PushImageAsync(repository, "v1");
        var permissions = $"/api/v1/repository/{repository}/permissions";

        foreach (var (path, body) in ((string, string)[])
        [
            ($"user/{registry.User.Name}", """{"role":"read"}"""), ($"user/{company.Name}", """{"role":"read"}"""), ("user/nobody-at-all", """{"role":"read"}"""),
            ("user/UPPER", """{"role":"read"}"""), ("user/a%0Ab", """{"role":"read"}"""), ("user/%F0%9F%98%80", """{"role":"read"}"""), ($"user/{new string('x', 300)}", """{"role":"read"}"""),
            ("team/owners", """{"role":"read"}"""), ("team/%22%7D", """{"role":"read"}"""),
            ($"user/{friend.Name}", """{"role":"owner"}"""), ($"user/{friend.Name}", """{"role":null}"""), ($"user/{friend.Name}", "{}"), ($"user/{friend.Name}", "[]"), ($"user/{friend.Name}", ""),
        ])
            (await Me.SendJsonAsync("PUT", $"{permissions}/{path}", body)).Is(400);
        (await Me.SendAsync("DELETE", $"{permissions}/user/{registry.User.Name}")).Is(400);
        (await Me.ReadAsync($"{permissions}/user/?next_page=x")).Is(400);
        (await Me.ReadAsync($"{permissions}/user/?sort=name")).Is(400);
        (await Me.ReadAsync($"/api/v1/repository/{registry.NewRepository()}/permissions/user/")).Is(404);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{registry.NewRepository()}/permissions/user/{friend.Name}", """{"role":"read"}""")).Is(404);
    }

    [Fact]
    public async Task Owners_and_admins_of_an_organization_are_admins_of_its_repositories_in_the_transitive_view()
    {
        var (company, admin) = (await Company.CreateAsync(registry, registry.User), await registry.CreateUserAsync());
        await company.AddTeamAsync("heads", "admin", admin.Name);
        var repository = await company.AddRepositoryAsync(registry.User);

        var roles = (await Me.ReadAsync($"/api/v1/repository/{repository}/permissions/user/{admin.Name}/transitive")).Is(200).Json.GetProperty("permissions");

        Assert.Equal(["admin"], roles.EnumerateArray().Select(static r => r.GetProperty("role").GetString()));
    }
}
