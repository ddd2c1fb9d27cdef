namespace Wharf.Tests.Server.Organizations;

/// <summary>People who become organizations.</summary>
public sealed class ConversionTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_person_becomes_an_organization_with_its_repositories_and_robots()
    {
        var (person, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var image = await person.Client.PushImageAsync($"{person.Name}/app", "v1");
        var token = (await person.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        await person.Client.GrantAsync($"{person.Name}/app", $"{person.Name}+ci", "read");
        var bearer = await person.Client.TokenAsync($"repository:{person.Name}/app:pull");

        (await Convert(person, admin.Name, admin.Password)).Is(200).Shows("""{"success":true}""");

        (await person.Client.ReadAsync("/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{person.Name}/app/manifests/v1")).Is(401);
        Assert.Equal(["owners"], (await admin.Client.ReadAsync($"/api/v1/organization/{person.Name}")).Is(200).Json.GetProperty("ordered_teams").Strings());
        Assert.Equal(image.Manifest, (await admin.Client.ReadAsync($"/v2/{person.Name}/app/manifests/v1")).Is(200).Body);
        Assert.Equal(image.Manifest, (await registry.ClientFor($"{person.Name}+ci", token).ReadAsync($"/v2/{person.Name}/app/manifests/v1")).Is(200).Body);
        (await admin.Client.ReadAsync($"/api/v1/organization/{person.Name}/robots/ci")).Is(200);
        (await registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{person.Name}}"}""")).Is(400);
    }

    [Fact]
    public async Task What_the_person_was_granted_elsewhere_ends()
    {
        var (person, admin, owner) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        await owner.Client.CreateRepositoryAsync(owner.Name, "app");
        await owner.Client.GrantAsync($"{owner.Name}/app", person.Name, "write");

        (await Convert(person, admin.Name, admin.Password)).Is(200);

        Assert.Null(await owner.Client.RoleAsync($"{owner.Name}/app", "user", person.Name));
        (await admin.Client.ReadAsync($"/v2/{owner.Name}/app/tags/list")).Is(403);
    }

    [Fact]
    public async Task The_admin_is_another_person_whose_password_is_shown()
    {
        var (person, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var token = (await person.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;

        Assert.Equal("The admin user credentials are not valid", (await Convert(person, admin.Name, "wrong password")).Is(400).Json.GetProperty("detail").GetString());
        Assert.Equal("The admin user is not valid", (await Convert(person, person.Name, person.Password)).Is(400).Json.GetProperty("detail").GetString());
        (await Convert(person, $"{person.Name}+ci", token)).Is(400);
        (await Convert(person, "", "")).Is(400);
        (await person.Client.SendJsonAsync("POST", "/api/v1/user/convert", "{}")).Is(400);
        (await person.Client.ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task A_member_of_an_organization_leaves_it_first()
    {
        var (person, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = await admin.Client.CreateOrganizationAsync();
        await admin.Client.CreateTeamAsync(org, "devs", "member", person.Name);

        (await Convert(person, admin.Name, admin.Password)).Is(400);
        (await admin.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/members/{person.Name}")).Is(204);
        (await Convert(person, admin.Name, admin.Password)).Is(200);
    }

    [Fact]
    public async Task Two_people_who_make_each_other_the_admin_at_the_same_moment_are_not_both_organizations()
    {
        for (var i = 0; i < 5; i++)
        {
            var (one, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());

            var answers = await Task.WhenAll(Convert(one, other.Name, other.Password), Convert(other, one.Name, one.Password));

            Assert.Single(answers, static a => (int)a.Status == 200);
            Assert.Single(answers, static a => (int)a.Status is 400 or 401);
        }
    }

    [Fact]
    public async Task A_superuser_does_not_become_an_organization()
    {
        var (person, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{person.Name}", """{"superuser":true}""")).Is(200);

        (await Convert(person, admin.Name, admin.Password)).Is(400);

        (await person.Client.ReadAsync("/api/v1/superuser/users/")).Is(200);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{person.Name}", """{"superuser":false}""")).Is(200);
        (await Convert(person, admin.Name, admin.Password)).Is(200);
    }

    private static Task<Answer> Convert(Account person, string admin, string password) =>
        person.Client.SendJsonAsync("POST", "/api/v1/user/convert", $$"""{"adminUser":"{{admin}}","adminPassword":"{{password}}"}""");
}
