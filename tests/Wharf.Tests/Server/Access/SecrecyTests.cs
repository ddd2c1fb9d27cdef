using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Access;

/// <summary>Answers about what is somebody else's are the same whether it exists or not.</summary>
public sealed class SecrecyTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task Explaining_does_not_tell_that_a_repository_exists_by_its_state()
    {
        var stranger = await registry.CreateUserAsync();
        var (there, missing) = (registry.NewRepository(), registry.NewRepository());
        await Me.CreateRepositoryAsync(registry.User.Name, there.Split('/')[1]);
        (await Me.SendJsonAsync("PUT", $"/api/v1/repository/{there}/changestate", """{"state":"READ_ONLY"}""")).Is(200);

        foreach (var action in (string[])["pull", "push", "delete", "admin"])
        {
            var about = (await stranger.Client.ReadAsync($"/api/v1/permission/explain?repository={there}&action={action}")).Is(200).Text;
            var none = (await stranger.Client.ReadAsync($"/api/v1/permission/explain?repository={missing}&action={action}")).Is(200).Text;

            Assert.Equal(none, about.Replace(there, missing, StringComparison.Ordinal));
        }
        Assert.Single((await Me.ReadAsync($"/api/v1/permission/explain?repository={there}&action=push")).Is(200).Json.GetProperty("limits").Strings());
    }

    [Fact]
    public async Task Nothing_tells_whether_another_namespace_has_a_robot()
    {
        var org = await Me.CreateOrganizationAsync();
        await registry.CreateRobotAsync(Me, org, "ci");
        var stranger = await registry.CreateUserAsync();
        var own = await stranger.Client.CreateOrganizationAsync();
        await stranger.Client.CreateRepositoryAsync(own, "app");

        foreach (var (method, path, body) in ((string, string, string?)[])[
            ("GET", $"/api/v1/permission/explain?repository={own}/app&action=pull&subject={{0}}", null),
            ("PUT", $"/api/v1/repository/{own}/app/permissions/user/{{0}}", """{"role":"read"}"""),
            ("DELETE", $"/api/v1/repository/{own}/app/permissions/user/{{0}}", null),
            ("GET", $"/api/v1/repository/{own}/app/permissions/user/{{0}}/transitive", null),
            ("PUT", $"/api/v1/organization/{own}/team/owners/members/{{0}}", null),
            ("DELETE", $"/api/v1/organization/{own}/team/owners/members/{{0}}", null),
            ("GET", $"/api/v1/organization/{own}/members/{{0}}", null),
            ("POST", $"/api/v1/organization/{own}/prototypes", """{"role":"read","delegate":{"name":"{0}","kind":"user"}}"""),
            ("POST", $"/api/v1/organization/{own}/prototypes", """{"role":"read","activating_user":{"name":"{0}"},"delegate":{"name":"owners","kind":"team"}}""")])
        {
            var (there, missing) = (await AskAsync("ci"), await AskAsync("no"));

            Assert.InRange((int)there.Status, 400, 404);
            Assert.Equal(Plain(missing, "no"), Plain(there, "ci"));

            async Task<Answer> AskAsync(string robot)
            {
                var name = $"{org}+{robot}";
                var answer = body is null
                    ? await stranger.Client.SendAsync(method, path.Replace("{0}", Uri.EscapeDataString(name), StringComparison.Ordinal))
                    : await stranger.Client.SendJsonAsync(method, path.Replace("{0}", name, StringComparison.Ordinal), body.Replace("{0}", name, StringComparison.Ordinal));
                return answer;
            }
        }

        string Plain(Answer answer, string robot) => $"{answer.Status} {answer.Json.GetProperty("detail").GetString()!.Replace($"{org}+{robot}", "it", StringComparison.Ordinal)}";
    }

    [Theory]
    [InlineData("/API/v1/repository/-")]
    [InlineData("/api/V1/repository/-/permissions/user")]
    [InlineData("/api/v1/Repository/-/tokens")]
    [InlineData("/api/v1/REPOSITORY/-/permissions/team/x")]
    [InlineData("/API/V1/user/")]
    public async Task An_operation_is_reached_by_its_own_spelling_only(string path)
    {
        (await registry.Anonymous.ReadAsync(path)).Is(404);
        (await Me.ReadAsync(path)).Is(404);
        (await registry.Client.SendJsonAsync("PUT", path, "{}")).Is(404);
    }
}
