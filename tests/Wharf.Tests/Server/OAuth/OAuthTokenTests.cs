using System.Text;
using Wharf.Oci;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.AppTokens;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.OAuth;

/// <summary>What an OAuth token opens: no more than its person may, and no more than its scopes say, wherever it is shown.</summary>
public sealed class OAuthTokenTests(AppTokenRegistry registry) : IClassFixture<AppTokenRegistry>
{
    [Fact]
    public async Task It_signs_in_to_both_APIs_as_a_bearer_with_Basic_and_through_the_token_service()
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync("repo:read user:read");
        await owner.Client.PushImageAsync($"{org}/app", "v1");
        var basic = registry.ClientFor("$oauthtoken", token);

        foreach (var client in new[] { registry.BearerOf(token), basic })
        {
            Assert.Equal(owner.Name, (await client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("username").GetString());
            (await client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);
        }
        var jwt = await basic.TokenAsync($"repository:{org}/app:pull,push");
        (await registry.Anonymous.WithTokenAsync(jwt, "GET", $"/v2/{org}/app/manifests/v1")).Is(200);
        (await registry.Anonymous.WithTokenAsync(jwt, "POST", $"/v2/{org}/app/blobs/uploads/", [])).Is(401);
        var form = $"grant_type=password&service=wharf&client_id=test&scope=repository:{org}/app:pull&username=%24oauthtoken&password={token}";
        var second = (await registry.Anonymous.SendAsync("POST", "/v2/auth", Encoding.UTF8.GetBytes(form), ("Content-Type", "application/x-www-form-urlencoded"))).Is(200);
        (await registry.Anonymous.WithTokenAsync(second.Json.GetProperty("access_token").GetString()!, "GET", $"/v2/{org}/app/manifests/v1")).Is(200);
    }

    [Theory]
    [InlineData("user:read", 403, 403, 403)]
    [InlineData("repo:create", 403, 403, 403)]
    [InlineData("repo:read", 200, 403, 403)]
    [InlineData("repo:write", 200, 202, 403)]
    [InlineData("repo:admin", 200, 202, 200)]
    public async Task Repositories_are_open_as_far_as_the_scope_goes(string scope, int pull, int push, int administer)
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync(scope);
        await owner.Client.PushImageAsync($"{org}/app", "v1");
        var client = registry.ClientFor("$oauthtoken", token);

        (await client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(pull);
        (await client.ReadAsync($"/api/v1/repository/{org}/app")).Is(pull);
        (await client.SendAsync("POST", $"/v2/{org}/app/blobs/uploads/", [])).Is(push);
        (await client.ReadAsync($"/api/v1/repository/{org}/app/permissions/user/")).Is(administer);
        Assert.Equal(pull == 200, (await client.ReadAsync("/v2/_catalog")).Is(200).Json.GetProperty("repositories").Strings().Contains($"{org}/app"));
        Assert.Equal(pull == 200, (await client.ReadAsync($"/api/v1/repository?namespace={org}")).Is(200).Text.Contains("\"app\"", StringComparison.Ordinal));
        Assert.Equal(pull == 200, (await client.ReadAsync($"/api/v1/find/repositories?query={org}/app")).Is(200).Text.Contains($"\"{org}\"", StringComparison.Ordinal));
        Assert.Equal(pull == 200 || scope == "user:read", (await client.ReadAsync($"/api/v1/find/all?query={org}")).Is(200).Text.Contains($"\"{org}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_public_needs_no_scope()
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync("user:read");
        await owner.Client.PushImageAsync($"{org}/app", "v1");
        await owner.Client.SetPublicAsync($"{org}/app", true);
        var client = registry.ClientFor("$oauthtoken", token);

        (await client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);
        (await client.ReadAsync($"/api/v1/repository/{org}/app")).Is(200);
        (await client.SendAsync("POST", $"/v2/{org}/app/blobs/uploads/", [])).Is(403);
        (await client.SendAsync("DELETE", $"/v2/{org}/app/manifests/v1")).Is(403);
        Assert.Contains($"{org}/app", (await client.ReadAsync("/v2/_catalog")).Is(200).Json.GetProperty("repositories").Strings());
        Assert.Contains("\"app\"", (await client.ReadAsync($"/api/v1/repository?namespace={org}&public=true")).Is(200).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("repo:read", 403, 403)]
    [InlineData("repo:write", 403, 403)]
    [InlineData("repo:admin", 403, 403)]
    [InlineData("repo:create", 201, 403)]
    [InlineData("repo:create repo:write", 201, 201)]
    public async Task Making_repositories_is_a_scope_of_its_own(string scope, int api, int push)
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync(scope);
        var client = registry.ClientFor("$oauthtoken", token);

        (await client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{org}}","repository":"new","visibility":"private","description":""}""")).Is(api);
        (await client.SendAsync("POST", $"/v2/{org}/pushed/blobs/uploads/?digest={Digest.Of([1])}", [1])).Is(push);
        Assert.Equal(push == 201 ? 1 : 0, await Company.OneAsync(registry, $"SELECT count(*) FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE n.name = '{org}' AND r.name = 'pushed'"));
    }

    [Theory]
    [InlineData("repo:admin user:admin repo:read", 404, 403)]
    [InlineData("repo:create", 200, 403)]
    [InlineData("org:admin", 200, 200)]
    public async Task Organizations_are_open_with_their_scope(string scope, int see, int administer)
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, token, _) = await owner.MintAsync(scope);
        var bearer = registry.BearerOf(token);

        (await bearer.ReadAsync($"/api/v1/organization/{org}")).Is(see);
        (await bearer.ReadAsync($"/api/v1/organization/{org}/members")).Is(administer);
        (await bearer.ReadAsync($"/api/v1/organization/{org}/robots")).Is(administer);
        (await bearer.SendAsync("PUT", $"/api/v1/organization/{org}/robots/ci")).Is(administer == 200 ? 201 : administer);
        (await bearer.ReadAsync($"/api/v1/organization/{org}/applications/{client}")).Is(administer);
        (await bearer.ReadAsync($"/api/v1/entities/ci?namespace={org}")).Is(200);
    }

    [Fact]
    public async Task It_makes_others_with_no_more_than_its_own_scopes()
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, token, _) = await owner.MintAsync("org:admin repo:write");
        var bearer = registry.BearerOf(token);
        var path = $"/api/v1/organization/{org}/applications/{client}/tokens";

        (await bearer.SendJsonAsync("POST", path, """{"name":"a","scope":"repo:read"}""")).Is(200);
        (await bearer.SendJsonAsync("POST", path, """{"name":"a","scope":"repo:admin"}""")).Is(403);
        (await bearer.SendJsonAsync("POST", path, """{"name":"a","scope":"repo:read user:admin"}""")).Is(403);
        (await owner.Client.SendJsonAsync("POST", path, """{"name":"a","scope":"super:user"}""")).Is(403);
    }

    [Fact]
    public async Task What_it_makes_ends_with_it_at_the_latest()
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, _, _) = await owner.MintAsync("user:read");
        var path = $"/api/v1/organization/{org}/applications/{client}/tokens";
        var parent = (await owner.Client.SendJsonAsync("POST", path, """{"name":"parent","scope":"org:admin","expiration":60}""")).Is(200).Json;
        var bearer = registry.BearerOf(parent.GetProperty("token").GetString()!);

        (await bearer.SendJsonAsync("POST", path, """{"name":"a","scope":"org:admin","expiration":61}""")).Is(400);
        var child = (await bearer.SendJsonAsync("POST", path, """{"name":"a","scope":"org:admin"}""")).Is(200).Json;
        Assert.True(child.GetProperty("expires_at").GetDateTimeOffset() <= parent.GetProperty("expires_at").GetDateTimeOffset());
    }

    [Theory]
    [InlineData("it is revoked")]
    [InlineData("its application is deleted")]
    public async Task What_it_makes_is_void_when(string change)
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, token, uuid) = await owner.MintAsync("org:admin user:read");
        var (other, _) = await owner.Client.CreateApplicationAsync(org, "other");
        var child = (await registry.BearerOf(token).MintAsync(org, other, "org:admin user:read")).GetProperty("token").GetString()!;
        var mine = (await owner.Client.MintAsync(org, other, "user:read")).GetProperty("token").GetString()!;
        (await registry.BearerOf(child).ReadAsync("/api/v1/user/")).Is(200);
        (await registry.BearerOf(child).SendJsonAsync("POST", $"/api/v1/organization/{org}/applications/{other}/tokens", """{"name":"a","scope":"user:read"}""")).Is(400);

        var path = $"/api/v1/organization/{org}/applications/{client}";
        (await owner.Client.SendAsync("DELETE", change == "it is revoked" ? $"{path}/tokens/{uuid}" : path)).Is(204);

        (await registry.BearerOf(child).ReadAsync("/api/v1/user/")).Is(401);
        (await registry.BearerOf(mine).ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task An_app_token_makes_none()
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, _, _) = await owner.MintAsync("user:read");
        var app = (await owner.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"build"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;

        (await registry.ClientFor("$app", app).SendJsonAsync("POST", $"/api/v1/organization/{org}/applications/{client}/tokens", """{"name":"a","scope":"repo:read"}""")).Is(403);
    }

    [Theory]
    [InlineData("GET", "/api/v1/user/apptoken", null)]
    [InlineData("POST", "/api/v1/user/apptoken", """{"title":"more"}""")]
    [InlineData("POST", "/api/v1/user/clientkey", """{"password":"{password}"}""")]
    [InlineData("POST", "/api/v1/signin/verify", """{"password":"{password}"}""")]
    [InlineData("GET", "/api/v1/user/sessions", null)]
    [InlineData("PUT", "/api/v1/user/", """{"password":"another password"}""")]
    [InlineData("PUT", "/api/v1/user/", """{"email":"other@example.test"}""")]
    public async Task With_every_scope_it_still_is_not_the_person(string method, string path, string? body)
    {
        var owner = await registry.CreateUserAsync();
        var (_, _, token, _) = await owner.MintAsync("org:admin repo:admin repo:create user:admin");
        var bearer = registry.BearerOf(token);

        var answer = (await (body is null ? bearer.SendAsync(method, path) : bearer.SendJsonAsync(method, path, body.Replace("{password}", owner.Password, StringComparison.Ordinal)))).Is(403);
        Assert.Equal("insufficient_scope", answer.Json.GetProperty("error_type").GetString());
        (await new Browser(registry.Anonymous).SignInAsync("$oauthtoken", token)).Is(403);
        (await new Browser(registry.Anonymous).SignInAsync(owner.Name, token)).Is(403);
    }

    [Fact]
    public async Task A_superusers_token_is_one_only_with_the_scope_for_it()
    {
        var root = new Account(Registry.Admin, registry.AdminPassword, registry.Client);
        var (org, client, token, _) = await root.MintAsync("org:admin repo:admin repo:create user:admin");
        var full = (await root.Client.MintAsync(org, client, "super:user")).GetProperty("token").GetString()!;

        (await registry.BearerOf(token).ReadAsync("/api/v1/superuser/users/")).Is(403);
        (await registry.BearerOf(token).SendJsonAsync("POST", "/api/v1/superuser/users/", """{"username":"somebody"}""")).Is(403);
        Assert.False((await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200).Json.TryGetProperty("super_user", out _));
        (await registry.BearerOf(token).SendAsync("DELETE", "/api/v1/user/")).Is(400);
        (await registry.BearerOf(full).ReadAsync("/api/v1/superuser/users/")).Is(200);
        (await registry.BearerOf(full).ReadAsync("/api/v1/user/")).Is(403);
    }

    [Fact]
    public async Task Explaining_tells_of_oneself_what_the_token_leaves()
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync("repo:read");
        await owner.Client.CreateRepositoryAsync(org, "app");
        var path = $"/api/v1/permission/explain?repository={org}/app&action=push";

        var limited = (await registry.BearerOf(token).ReadAsync(path)).Is(200).Json;
        Assert.False(limited.GetProperty("allowed").GetBoolean());
        Assert.Equal("read", limited.GetProperty("role").GetString());
        Assert.Contains("repo:read", Assert.Single(limited.GetProperty("limits").Strings()), StringComparison.Ordinal);
        Assert.True((await owner.Client.ReadAsync(path)).Is(200).Json.GetProperty("allowed").GetBoolean());
        (await registry.BearerOf(token).ReadAsync($"{path}&subject={registry.User.Name}")).Is(403);
    }

    [Fact]
    public async Task It_loses_what_its_person_loses_at_once()
    {
        var (owner, member) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = await owner.Client.CreateOrganizationAsync();
        await owner.Client.CreateTeamAsync(org, "admins", "admin", member.Name);
        await owner.Client.PushImageAsync($"{org}/app", "v1");
        var (_, _, token, _) = await member.MintAsync("org:admin repo:admin", org);
        var client = registry.ClientFor("$oauthtoken", token);
        var jwt = await client.TokenAsync($"repository:{org}/app:pull");
        (await client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(200);

        (await owner.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/team/admins/members/{member.Name}")).Is(204);

        (await client.ReadAsync($"/v2/{org}/app/manifests/v1")).Is(403);
        (await registry.Anonymous.WithTokenAsync(jwt, "GET", $"/v2/{org}/app/manifests/v1")).Is(401);
        (await client.ReadAsync($"/api/v1/organization/{org}/applications")).Is(403);
    }

    [Theory]
    [InlineData("the application is deleted")]
    [InlineData("the organization is deleted")]
    [InlineData("the person is disabled")]
    [InlineData("the person is deleted")]
    [InlineData("the token is revoked")]
    [InlineData("the person withdraws it")]
    public async Task It_is_void_at_once_when(string change)
    {
        var (owner, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var org = await owner.Client.CreateOrganizationAsync();
        await owner.Client.CreateTeamAsync(org, "admins", "admin", admin.Name);
        var (_, client, token, uuid) = await admin.MintAsync("repo:read", org);
        var basic = registry.ClientFor("$oauthtoken", token);
        var jwt = await basic.TokenAsync();
        (await basic.ReadAsync("/v2/")).Is(200);
        (await registry.Anonymous.WithTokenAsync(jwt, "GET", "/v2/")).Is(200);

        await (change switch
        {
            "the application is deleted" => DeleteAsync(owner.Client, $"/api/v1/organization/{org}/applications/{client}"),
            "the organization is deleted" => DeleteAsync(owner.Client, $"/api/v1/organization/{org}"),
            "the person is disabled" => registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{admin.Name}", """{"enabled":false}"""),
            "the person is deleted" => DeleteAsync(registry.Client, $"/api/v1/superuser/users/{admin.Name}"),
            "the token is revoked" => DeleteAsync(owner.Client, $"/api/v1/organization/{org}/applications/{client}/tokens/{uuid}"),
            _ => DeleteAsync(admin.Client, $"/api/v1/user/authorizations/{uuid}"),
        });

        (await basic.ReadAsync("/v2/")).Is(401);
        (await registry.BearerOf(token).ReadAsync("/api/v1/find/repositories?query=a")).Is(401);
        (await registry.Anonymous.WithTokenAsync(jwt, "GET", "/v2/")).Is(401);

        static async Task<Answer> DeleteAsync(HttpClient by, string path) => (await by.SendAsync("DELETE", path)).Is(204);
    }

    [Fact]
    public async Task With_a_restored_organization_it_is_good_again()
    {
        var owner = await registry.CreateUserAsync();
        var (org, _, token, _) = await owner.MintAsync("user:read");
        (await owner.Client.SendAsync("DELETE", $"/api/v1/organization/{org}")).Is(204);
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(401);

        (await owner.Client.SendAsync("POST", $"/api/v1/organization/{org}/restore", [])).Is(204);

        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task A_changed_password_leaves_it_and_its_end_ends_it()
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, token, _) = await owner.MintAsync("user:read");
        var path = $"/api/v1/organization/{org}/applications/{client}/tokens";
        var brief = (await owner.Client.SendJsonAsync("POST", path, """{"name":"brief","scope":"user:read","expiration":1}""")).Is(200).Json.GetProperty("token").GetString()!;

        (await owner.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200);
        await Poll.UntilAsync(async () => (await registry.BearerOf(brief).ReadAsync("/api/v1/user/")).Status == System.Net.HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Its_last_use_is_noted()
    {
        var owner = await registry.CreateUserAsync();
        var (org, client, token, _) = await owner.MintAsync("user:read");
        var path = $"/api/v1/organization/{org}/applications/{client}/tokens";
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200);

        await Poll.UntilAsync(async () => (await owner.Client.ReadAsync(path)).Json.GetProperty("tokens")[0].GetProperty("last_accessed").ValueKind != System.Text.Json.JsonValueKind.Null, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_forged_or_cut_one_is_none()
    {
        var owner = await registry.CreateUserAsync();
        var (_, _, token, _) = await owner.MintAsync("user:read");

        foreach (var wrong in new[] { token[..^1] + (token[^1] == 'A' ? 'B' : 'A'), token[..^1], token.ToLowerInvariant(), "WHA" + token[3..], "WHR" + token[3..], "WHC" + token[3..] })
        {
            (await registry.BearerOf(wrong).ReadAsync("/api/v1/user/")).Is(401);
            (await registry.ClientFor("$oauthtoken", wrong).ReadAsync("/api/v1/user/")).Is(401);
        }
        (await registry.ClientFor("$app", token).ReadAsync("/api/v1/user/")).Is(401);
        (await registry.ClientFor(owner.Name, token).ReadAsync("/api/v1/user/")).Is(401);
    }
}
