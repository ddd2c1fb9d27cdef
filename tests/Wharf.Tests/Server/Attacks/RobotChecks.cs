using System.Text;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

internal sealed class RobotChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("R01")]
    public async Task A_robot_that_gives_itself_more()
    {
        var organization = await Client.CreateOrganizationAsync();
        var (repository, name) = ($"{organization}/app", $"{organization}+ci");
        await Client.CreateRepositoryAsync(organization, "app");
        await Client.CreateTeamAsync(organization, "makers", "creator");
        var robot = await Registry.CreateRobotAsync(Client, organization, "ci");
        // Even one that administers the repository and makes others.
        foreach (var role in new[] { "read", "write" })
        {
            await Client.GrantAsync(repository, name, role);
            foreach (var (method, path, body) in ((string, string, string)[])[
                ("PUT", $"/api/v1/organization/{organization}/robots/second", ""), ("PUT", "/api/v1/user/robots/second", ""), ("POST", $"/api/v1/organization/{organization}/robots/ci/regenerate", ""), ("PATCH", $"/api/v1/organization/{organization}/robots/ci", """{"expiration":0}"""),
                ("GET", $"/api/v1/organization/{organization}/robots/ci", ""), ("GET", $"/api/v1/organization/{organization}/robots/ci/credentials/docker-config", ""),
                ("PUT", $"/api/v1/repository/{repository}/permissions/user/{name}", """{"role":"admin"}"""), ("DELETE", $"/api/v1/repository/{repository}/permissions/user/{name}", ""), ("POST", $"/api/v1/repository/{repository}/changevisibility", """{"visibility":"public"}"""),
                ("PUT", $"/api/v1/organization/{organization}/team/owners/members/{name}", ""), ("PUT", $"/api/v1/organization/{organization}/team/makers", """{"role":"admin"}"""), ("POST", $"/api/v1/organization/{organization}/prototypes", $$$"""{"role":"admin","delegate":{"name":"{{{name}}}","kind":"user"}}"""),
                ("PUT", $"/api/v1/organization/{organization}", """{"robot_secrets":"sealed"}"""), ("POST", "/api/v1/organization/", $$"""{"name":"{{OrganizationRequests.NewName()}}"}"""), ("PUT", "/api/v1/user/", """{"password":"a new password"}"""), ("POST", "/api/v1/user/convert", "{}"), ("DELETE", "/api/v1/user/", "")])
                (body.Length == 0 ? await robot.SendAsync(method, path) : await robot.SendJsonAsync(method, path, body)).Is(403);
        }
        await Client.GrantAsync(repository, name, "admin");
        (await robot.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/second")).Is(403);
        (await robot.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/team/makers", """{"role":"admin"}""")).Is(403);
        Assert.Single((await Client.ReadAsync($"/api/v1/organization/{organization}/robots")).Is(200).Json.GetProperty("robots").EnumerateArray());
    }

    [Attack("R02")]
    public async Task A_robot_of_another_organization()
    {
        var (mine, other) = (await Client.CreateOrganizationAsync(), await Registry.CreateUserAsync());
        var theirs = await other.Client.CreateOrganizationAsync();
        await Client.CreateRepositoryAsync(mine, "app");
        await Client.CreateTeamAsync(mine, "devs", "admin");
        var robot = await Registry.CreateRobotAsync(other.Client, theirs, "ci");
        foreach (var (method, path, body) in ((string, string, string)[])[
            ("PUT", $"/api/v1/repository/{mine}/app/permissions/user/{theirs}+ci", """{"role":"admin"}"""), ("PUT", $"/api/v1/organization/{mine}/team/devs/members/{theirs}+ci", "{}"),
            ("POST", $"/api/v1/organization/{mine}/prototypes", $$$"""{"role":"admin","delegate":{"name":"{{{theirs}}}+ci","kind":"user"}}"""),
            ("POST", $"/api/v1/organization/{mine}/prototypes", $$$"""{"role":"admin","activating_user":{"name":"{{{theirs}}}+ci"},"delegate":{"name":"{{{User}}}","kind":"user"}}""")])
            IsOneOf(await Client.SendJsonAsync(method, path, body), 400, 403, 404);
        IsOneOf(await robot.ReadAsync($"/v2/{mine}/app/tags/list"), 401, 403);
    }

    [Attack("R03")]
    public async Task The_admin_of_one_repository_makes_a_robot_of_the_organization()
    {
        var (admin, organization) = (await Registry.CreateUserAsync(), await Client.CreateOrganizationAsync());
        await Client.CreateRepositoryAsync(organization, "app");
        await Client.CreateTeamAsync(organization, "makers", "creator", admin.Name);
        await Client.GrantAsync($"{organization}/app", admin.Name, "admin");
        await Registry.CreateRobotAsync(Client, organization, "ci");
        foreach (var (method, path) in ((string, string)[])[("PUT", "new"), ("GET", "ci"), ("PATCH", "ci"), ("DELETE", "ci"), ("POST", "ci/regenerate"), ("GET", "ci/credentials/docker-config")])
            (await admin.Client.SendJsonAsync(method, $"/api/v1/organization/{organization}/robots/{path}", "{}")).Is(403);
        Assert.DoesNotContain("token", (await admin.Client.ReadAsync($"/api/v1/organization/{organization}/robots?token=true")).Text, StringComparison.Ordinal);
        // What they may do is to let an existing one into their repository.
        (await admin.Client.SendJsonAsync("PUT", $"/api/v1/repository/{organization}/app/permissions/user/{organization}+ci", """{"role":"read"}""")).Is(200);
    }

    [Attack("R06")]
    public async Task Names_of_robots()
    {
        var organization = await Client.CreateOrganizationAsync();
        foreach (var name in new[] { "ab", "a1", "ci-build", "ci_build", "ci.build", "0day", new string('a', 255 - organization.Length - 1) })
        {
            var made = (await Client.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/{name}")).Is(201).Json;
            (await Registry.ClientFor($"{organization}+{name}", made.GetProperty("token").GetString()!).ReadAsync("/v2/auth?service=wharf")).Is(200);
        }
        foreach (var name in new[] { "a+b", "a%b", "a%2bb", "a b", "ä", "Ａ", "A", "a/b", "a\\b", "a\0", "a\r\n", "a:b", "-a", "a-", "a..b", "\u202Eab", "a" + new string('b', 255), "$oauthtoken", "<script>" })
        {
            IsOneOf(await Client.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/{Uri.EscapeDataString(name)}"), 400, 404, 405);
            foreach (var method in new[] { "GET", "DELETE" })
                IsOneOf(await Client.SendAsync(method, $"/api/v1/organization/{organization}/robots/{Uri.EscapeDataString(name)}"), 400, 404, 405);
            (await Registry.ClientFor($"{organization}+{name}", "whatever").ReadAsync("/v2/")).Is(401);
        }
    }

    [Attack("R07")]
    public async Task The_token_of_a_robot_in_the_database()
    {
        var organization = await Client.CreateOrganizationAsync();
        var tokens = new List<string>();
        foreach (var (kind, name) in ((string, string)[])[("sealed", "one"), ("hashed", "two")])
        {
            (await Client.SendJsonAsync("PUT", $"/api/v1/organization/{organization}", $$"""{"robot_secrets":"{{kind}}"}""")).Is(200);
            tokens.Add((await Client.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/{name}")).Is(201).Json.GetProperty("token").GetString()!);
        }
        var dump = await DatabaseDump.ReadAsync(Registry);
        Assert.True(dump.Contains(organization));
        foreach (var token in tokens)
        {
            // Its beginning finds the row; the rest is what is secret.
            foreach (var form in new[] { token, token[24..], Convert.ToBase64String(Encoding.ASCII.GetBytes(token))[..40], Convert.ToHexString(Encoding.ASCII.GetBytes(token)), Convert.ToHexStringLower(Encoding.ASCII.GetBytes(token)) })
                Assert.False(dump.Contains(form), "The token is in the database.");
            // A plain hash would do for whoever has the database: there is nothing to guess but a token from elsewhere could be recognized.
            Assert.False(dump.Contains(System.Security.Cryptography.SHA256.HashData(Encoding.ASCII.GetBytes(token))), "A hash without a key is in the database.");
        }
    }
}
