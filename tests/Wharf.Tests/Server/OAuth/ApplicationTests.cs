using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.OAuth;

/// <summary>Applications of organizations and the tokens that their admins make: the operations themselves.</summary>
public sealed class ApplicationTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Owner => registry.UserClient;

    [Fact]
    public async Task An_application_is_made_shown_changed_and_deleted()
    {
        var (org, path) = await OrganizationAsync();
        var made = (await Owner.SendJsonAsync("POST", path, """
            {"name":"Build bot","description":"Builds ☃","application_uri":"https://bot.example.test/","redirect_uri":"https://bot.example.test/back","avatar_email":"bot@example.test"}
            """)).Is(200);
        var (client, secret) = (made.Json.GetProperty("client_id").GetString()!, made.Json.GetProperty("client_secret").GetString()!);

        Assert.Matches("^[A-Z0-9]{20}$", client);
        Assert.Matches("^[A-Z0-9]{40}$", secret);
        await Body.MatchesAsync(made, "createOrganizationApplication", (client, "<client>"), (secret, "<secret>"));
        await Body.MatchesAsync((await Owner.ReadAsync($"{path}/{client}")).Is(200), "getOrganizationApplication", (client, "<client>"), (secret, "<secret>"));
        await Body.MatchesAsync((await Owner.ReadAsync(path)).Is(200), "getOrganizationApplications", (client, "<client>"), (secret, "<secret>"));
        await Body.MatchesAsync((await registry.Anonymous.ReadAsync($"/api/v1/app/{client}")).Is(200), "getApplicationInformation", (org, "<org>"));
        await Body.MatchesAsync((await Owner.SendJsonAsync("PUT", $"{path}/{client}", """{"name":"Bot","application_uri":"","redirect_uri":"com.example.bot:/back"}""")).Is(200),
            "updateOrganizationApplication", (client, "<client>"), (secret, "<secret>"));
        (await Owner.SendAsync("DELETE", $"{path}/{client}")).Is(204);
        (await Owner.ReadAsync($"{path}/{client}")).Is(404);
        (await registry.Anonymous.ReadAsync($"/api/v1/app/{client}")).Is(404);
    }

    [Fact]
    public async Task A_new_secret_takes_the_place_of_the_former_one()
    {
        var (org, path) = await OrganizationAsync();
        var (client, secret) = await Owner.CreateApplicationAsync(org);

        var reset = (await Owner.SendAsync("POST", $"{path}/{client}/resetclientsecret", [])).Is(200);
        var now = reset.Json.GetProperty("client_secret").GetString()!;

        await Body.MatchesAsync(reset, "resetOrganizationApplicationClientSecret", (client, "<client>"), (now, "<secret>"));
        Assert.NotEqual(secret, now);
        Assert.Equal(now, (await Owner.ReadAsync($"{path}/{client}")).Is(200).Json.GetProperty("client_secret").GetString());
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"name":""}""")]
    [InlineData("""{"name":" "}""")]
    [InlineData("""{"name":"a\u0000b"}""")]
    [InlineData("""{"name":null}""")]
    [InlineData("""{"name":"a","redirect_uri":"not a url"}""")]
    [InlineData("""{"name":"a","redirect_uri":"/relative"}""")]
    [InlineData("""{"name":"a","redirect_uri":"https://example.test/#part"}""")]
    [InlineData("""{"name":"a","redirect_uri":"https://user@example.test/"}""")]
    [InlineData("""{"name":"a","redirect_uri":"javascript:alert(1)"}""")]
    [InlineData("""{"name":"a","redirect_uri":"data:text/html,hello"}""")]
    [InlineData("""{"name":"a","redirect_uri":"https://example.test/\r\nSet-Cookie: a=b"}""")]
    [InlineData("""{"name":"a","application_uri":"javascript:alert(1)"}""")]
    [InlineData("""{"name":"a","description":"\u0000"}""")]
    [InlineData("""{"name":"a","avatar_email":"a b"}""")]
    public async Task What_no_application_can_be_is_refused(string body)
    {
        var (org, path) = await OrganizationAsync();
        (await Owner.SendJsonAsync("POST", path, body)).Is(400);
        var (client, _) = await Owner.CreateApplicationAsync(org);
        (await Owner.SendJsonAsync("PUT", $"{path}/{client}", body)).Is(400);
    }

    [Fact]
    public async Task An_application_is_found_only_in_its_own_organization()
    {
        var (org, _) = await OrganizationAsync();
        var (_, other) = await OrganizationAsync();
        var (client, _) = await Owner.CreateApplicationAsync(org);
        var uuid = (await Owner.MintAsync(org, client, "repo:read")).GetProperty("uuid").GetString();

        foreach (var (method, path, body) in ((string, string, string?)[])[
            ("GET", $"{other}/{client}", null), ("PUT", $"{other}/{client}", """{"name":"a","application_uri":"","redirect_uri":""}"""), ("DELETE", $"{other}/{client}", null),
            ("POST", $"{other}/{client}/resetclientsecret", "{}"), ("GET", $"{other}/{client}/tokens", null), ("POST", $"{other}/{client}/tokens", """{"name":"a","scope":"repo:read"}"""),
            ("DELETE", $"{other}/{client}/tokens/{uuid}", null), ("GET", $"{other}/nothing", null)])
            (await (body is null ? Owner.SendAsync(method, path) : Owner.SendJsonAsync(method, path, body))).Is(404);
    }

    [Fact]
    public async Task A_token_is_shown_once_listed_and_revoked()
    {
        var (org, path) = await OrganizationAsync();
        var (client, _) = await Owner.CreateApplicationAsync(org);
        var made = (await Owner.SendJsonAsync("POST", $"{path}/{client}/tokens", """{"name":" ci ","scope":"repo:write,repo:read","expiration":3600}""")).Is(200);
        var (token, uuid) = (made.Json.GetProperty("token").GetString()!, made.Json.GetProperty("uuid").GetString()!);
        var (created, expires) = (made.Json.GetProperty("created").GetString()!, made.Json.GetProperty("expires_at").GetString()!);

        await Body.MatchesAsync(made, "createOrganizationApplicationToken", (token, "<token>"), (uuid, "<uuid>"), (created, "<created>"), (expires, "<created and an hour>"), (registry.User.Name, "<user>"));
        Assert.Equal(TimeSpan.FromHours(1), DateTimeOffset.Parse(expires, null) - DateTimeOffset.Parse(created, null));
        Assert.Matches("^WHO[A-Z2-7]{61}$", token);
        await Body.MatchesAsync((await Owner.ReadAsync($"{path}/{client}/tokens")).Is(200), "listOrganizationApplicationTokens",
            (uuid, "<uuid>"), (created, "<created>"), (expires, "<created and an hour>"), (registry.User.Name, "<user>"));
        (await registry.BearerOf(token).ReadAsync("/v2/")).Is(200);
        (await Owner.SendAsync("DELETE", $"{path}/{client}/tokens/{uuid}")).Is(204);
        (await Owner.SendAsync("DELETE", $"{path}/{client}/tokens/{uuid}")).Is(404);
        (await registry.BearerOf(token).ReadAsync("/v2/")).Is(401);
    }

    [Theory]
    [InlineData("""{"name":"a"}""")]
    [InlineData("""{"scope":"repo:read"}""")]
    [InlineData("""{"name":" ","scope":"repo:read"}""")]
    [InlineData("""{"name":"a\n","scope":"repo:read b"}""")]
    [InlineData("""{"name":"a","scope":""}""")]
    [InlineData("""{"name":"a","scope":"repo:read direct_user_login"}""")]
    [InlineData("""{"name":"a","scope":"repo:read","expiration":0}""")]
    [InlineData("""{"name":"a","scope":"repo:read","expiration":-1}""")]
    [InlineData("""{"name":"a","scope":"repo:read","expiration":1e300}""")]
    [InlineData("""{"name":"a","scope":"repo:read","expiration":400000000}""")]
    [InlineData("""{"name":"a","scope":"repo:read","expiration":"tomorrow"}""")]
    public async Task What_no_token_can_be_is_refused(string body)
    {
        var (org, path) = await OrganizationAsync();
        var (client, _) = await Owner.CreateApplicationAsync(org);
        (await Owner.SendJsonAsync("POST", $"{path}/{client}/tokens", body)).Is(400);
    }

    [Fact]
    public async Task Lists_go_on_where_a_page_ended()
    {
        var (org, path) = await OrganizationAsync();
        for (var i = 0; i < 101; i++)
            await Owner.CreateApplicationAsync(org, $"app{i}");
        var first = (await Owner.ReadAsync(path)).Is(200).Json;
        var second = (await Owner.ReadAsync($"{path}?next_page={first.GetProperty("next_page").GetString()}")).Is(200).Json;

        Assert.Equal(100, first.GetProperty("applications").GetArrayLength());
        Assert.Equal(["app100"], second.GetProperty("applications").EnumerateArray().Select(a => a.GetProperty("name").GetString()!));
        Assert.False(second.TryGetProperty("next_page", out _));
        (await Owner.ReadAsync($"{path}?next_page=abc")).Is(400);
    }

    [Fact]
    public async Task The_person_sees_and_withdraws_what_acts_for_him()
    {
        var person = await registry.CreateUserAsync();
        var (org, client, token, uuid) = await person.MintAsync("repo:read user:admin");

        var list = (await person.Client.ReadAsync("/api/v1/user/authorizations")).Is(200);
        await Body.MatchesAsync(list, "listUserAuthorizations", (uuid, "<uuid>"), (org, "<org>"));
        await Body.MatchesAsync((await person.Client.ReadAsync($"/api/v1/user/authorizations/{uuid}")).Is(200), "getUserAuthorization", (uuid, "<uuid>"), (org, "<org>"));
        (await Owner.ReadAsync($"/api/v1/user/authorizations/{uuid}")).Is(404);
        (await Owner.SendAsync("DELETE", $"/api/v1/user/authorizations/{uuid}")).Is(404);
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200);
        (await person.Client.SendAsync("DELETE", $"/api/v1/user/authorizations/{uuid}")).Is(204);
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(401);
        Assert.Empty((await person.Client.ReadAsync($"/api/v1/organization/{org}/applications/{client}/tokens")).Is(200).Json.GetProperty("tokens").EnumerateArray());
    }

    private async Task<(string Name, string Path)> OrganizationAsync()
    {
        var name = await Owner.CreateOrganizationAsync();
        return (name, $"/api/v1/organization/{name}/applications");
    }
}
