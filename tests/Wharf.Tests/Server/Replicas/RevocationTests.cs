using System.Net;
using System.Security.Cryptography;
using Wharf.Oci;
using Wharf.Tests.Server.OAuth;

namespace Wharf.Tests.Server.Replicas;

/// <summary>What is taken away at one replica ends at the other within 5 seconds, for credentials and tokens that are in use there (contract 9).</summary>
public sealed class RevocationTests(Replicas replicas) : IClassFixture<Replicas>
{
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(5);

    public static TheoryData<string> Changes() =>
    [
        "the grant is deleted", "the grant is lowered from write", "the team's grant is deleted", "the member leaves the team", "the team is deleted", "the team's role is lowered from admin",
        "the repository is made private", "the repository becomes read-only", "the repository is deleted", "the organization is deleted",
        "the robot is deleted", "the robot gets a new token", "the robot expires", "the person is disabled", "the person gets another password",
        "the app token is revoked", "the app token's person is disabled", "the app token's person is deleted",
        "the OAuth token is revoked", "the OAuth token's application is deleted", "the OAuth token's organization is deleted", "the OAuth token's person is disabled",
    ];

    [Theory, MemberData(nameof(Changes))]
    public async Task Within_5_seconds_the_other_replica_knows_that(string change)
    {
        var world = await WorldAsync();
        var (user, org, owner) = (world.User, world.Organization, replicas.User.Client);
        var repository = $"{org}/app";
        var (api, push) = ($"/api/v1/organization/{org}", false);
        var client = replicas.Two.ClientFor(user.Name, user.Password);
        async Task GrantAsync(string role) => (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{user.Name}", $$"""{"role":"{{role}}"}""")).Is(200);
        async Task TeamAsync(string role, bool grant)
        {
            (await owner.SendJsonAsync("PUT", $"{api}/team/crew", $$"""{"role":"{{role}}"}""")).Is(200);
            (await owner.SendJsonAsync("PUT", $"{api}/team/crew/members/{user.Name}", "{}")).Is(200);
            if (grant)
                (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/team/crew", """{"role":"read"}""")).Is(200);
        }
        async Task RobotAsync()
        {
            var token = (await owner.SendAsync("PUT", $"{api}/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
            (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{org}+ci", """{"role":"read"}""")).Is(200);
            client = replicas.Two.ClientFor($"{org}+ci", token);
        }
        Func<Task> revoke;
        switch (change)
        {
            case "the grant is deleted":
                await GrantAsync("read");
                revoke = async () => (await owner.SendAsync("DELETE", $"/api/v1/repository/{repository}/permissions/user/{user.Name}")).Is(204);
                break;
            case "the grant is lowered from write":
                push = true;
                await GrantAsync("write");
                revoke = () => GrantAsync("read");
                break;
            case "the team's grant is deleted":
                await TeamAsync("member", grant: true);
                revoke = async () => (await owner.SendAsync("DELETE", $"/api/v1/repository/{repository}/permissions/team/crew")).Is(204);
                break;
            case "the member leaves the team":
                await TeamAsync("member", grant: true);
                revoke = async () => (await owner.SendAsync("DELETE", $"{api}/team/crew/members/{user.Name}")).Is(204);
                break;
            case "the team is deleted":
                await TeamAsync("member", grant: true);
                revoke = async () => (await owner.SendAsync("DELETE", $"{api}/team/crew")).Is(204);
                break;
            case "the team's role is lowered from admin":
                await TeamAsync("admin", grant: false);
                revoke = async () => (await owner.SendJsonAsync("PUT", $"{api}/team/crew", """{"role":"member"}""")).Is(200);
                break;
            case "the repository is made private":
                await owner.SetPublicAsync(repository, true);
                revoke = () => owner.SetPublicAsync(repository, false);
                break;
            case "the repository becomes read-only":
                push = true;
                await GrantAsync("write");
                revoke = async () => (await owner.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/changestate", """{"state":"READ_ONLY"}""")).Is(200);
                break;
            case "the repository is deleted":
                await GrantAsync("read");
                revoke = async () => (await owner.SendAsync("DELETE", $"/api/v1/repository/{repository}")).Is(204);
                break;
            case "the organization is deleted":
                await GrantAsync("read");
                revoke = async () => (await owner.SendAsync("DELETE", api)).Is(204);
                break;
            case "the robot is deleted":
                await RobotAsync();
                revoke = async () => (await owner.SendAsync("DELETE", $"{api}/robots/ci")).Is(204);
                break;
            case "the robot gets a new token":
                await RobotAsync();
                revoke = async () => (await owner.SendAsync("POST", $"{api}/robots/ci/regenerate", [])).Is(200);
                break;
            case "the robot expires":
                await RobotAsync();
                revoke = async () => (await owner.SendJsonAsync("PATCH", $"{api}/robots/ci", """{"expiration":1}""")).Is(200);
                break;
            case "the person is disabled":
                await GrantAsync("read");
                revoke = async () => (await replicas.One.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200);
                break;
            case "the person gets another password":
                await GrantAsync("read");
                revoke = async () => (await replicas.One.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"password":"another password"}""")).Is(200);
                break;
            case "the app token is revoked" or "the app token's person is disabled" or "the app token's person is deleted":
                await GrantAsync("read");
                var made = (await user.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"build"}""")).Is(200).Json.GetProperty("token");
                client = replicas.Two.ClientFor("$app", made.GetProperty("token_code").GetString()!);
                revoke = change switch
                {
                    "the app token is revoked" => async () => (await user.Client.SendAsync("DELETE", $"/api/v1/user/apptoken/{made.GetProperty("uuid").GetString()}")).Is(204),
                    "the app token's person is deleted" => async () => (await user.Client.SendAsync("DELETE", "/api/v1/user/")).Is(204),
                    _ => async () => (await replicas.One.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200),
                };
                break;
            case "the OAuth token is revoked" or "the OAuth token's application is deleted" or "the OAuth token's organization is deleted" or "the OAuth token's person is disabled":
                await GrantAsync("read");
                var (own, application, secret, uuid) = await user.MintAsync("repo:read");
                client = replicas.Two.ClientFor("$oauthtoken", secret);
                revoke = change switch
                {
                    "the OAuth token is revoked" => async () => (await user.Client.SendAsync("DELETE", $"/api/v1/organization/{own}/applications/{application}/tokens/{uuid}")).Is(204),
                    "the OAuth token's application is deleted" => async () => (await user.Client.SendAsync("DELETE", $"/api/v1/organization/{own}/applications/{application}")).Is(204),
                    "the OAuth token's organization is deleted" => async () => (await user.Client.SendAsync("DELETE", $"/api/v1/organization/{own}")).Is(204),
                    _ => async () => (await replicas.One.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200),
                };
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change));
        }
        var token = await client.TokenAsync($"repository:{repository}:pull,push");
        // In use, and so in the memory of that replica.
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await WorksAsync());
            Assert.True(await TokenWorksAsync());
        }

        await revoke();

        await Poll.UntilAsync(async () => !await WorksAsync() && !await TokenWorksAsync(), s_bound);
        Assert.False(await WorksAsync());
        Assert.False(await TokenWorksAsync());

        async Task<bool> WorksAsync() => (push
            ? await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])
            : await client.ReadAsync($"/v2/{repository}/manifests/v1", ("Accept", MediaTypes.OciManifest))).Status is HttpStatusCode.OK or HttpStatusCode.Accepted;

        async Task<bool> TokenWorksAsync() => (push
            ? await replicas.Two.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])
            : await replicas.Two.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1", null, ("Accept", MediaTypes.OciManifest))).Status is HttpStatusCode.OK or HttpStatusCode.Accepted;
    }

    [Fact]
    public async Task What_is_granted_at_one_replica_counts_at_the_other_at_once()
    {
        var world = await WorldAsync();
        var repository = $"{world.Organization}/app";
        var client = replicas.Two.ClientFor(world.User.Name, world.User.Password);
        (await client.ReadAsync($"/v2/{repository}/tags/list")).Is(403);

        (await replicas.User.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{world.User.Name}", """{"role":"read"}""")).Is(200);
        (await client.ReadAsync($"/v2/{repository}/tags/list")).Is(200);
        (await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(403);
        (await replicas.User.Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{world.User.Name}", """{"role":"write"}""")).Is(200);
        (await client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202);
    }

    private async Task<(Account User, string Organization)> WorldAsync()
    {
        var user = await replicas.One.CreateUserAsync();
        var org = "org" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
        (await replicas.User.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{org}}","email":"{{org}}@example.test"}""")).Is(201);
        await replicas.User.Client.PushImageAsync($"{org}/app", "v1");
        return (user, org);
    }
}
