using System.Globalization;
using System.Text.Json;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.AppTokens;

/// <summary>App tokens of people: making, listing and revoking them, what they open and what they do not.</summary>
public sealed class AppTokenTests(AppTokenRegistry registry) : IClassFixture<AppTokenRegistry>
{
    private const string Path = "/api/v1/user/apptoken";

    [Fact]
    public async Task A_token_is_shown_once_and_then_listed_without_itself()
    {
        var user = await registry.CreateUserAsync();
        var made = (await user.Client.SendJsonAsync("POST", Path, """{"title":"my laptop"}""")).Is(200);
        var (code, uuid) = Parts(made);

        await Body.MatchesAsync(made, "createAppToken", (code, "<token>"), (uuid, "<uuid>"));
        Assert.Equal("no-store", made.Header("Cache-Control"));
        await Body.MatchesAsync((await user.Client.ReadAsync($"{Path}/{uuid}")).Is(200), "getAppToken", (uuid, "<uuid>"));
        await Body.MatchesAsync((await user.Client.ReadAsync(Path)).Is(200), "listAppTokens", (uuid, "<uuid>"));
        Assert.Matches("^WHA[A-Z2-7]{61}$", code);
    }

    [Fact]
    public async Task It_pulls_and_pushes_as_the_person_with_Basic_and_the_token_service()
    {
        var user = await registry.CreateUserAsync();
        var repository = $"{user.Name}/app";
        var (code, _) = await MakeAsync(user);
        var client = registry.ClientFor("$app", code);

        await client.PushImageAsync(repository, "v1");
        (await client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        var token = await client.TokenAsync($"repository:{repository}:pull,push");
        (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(202);
        var form = $"grant_type=password&service=wharf&client_id=test&scope=repository:{repository}:pull&username=%24app&password={code}";
        var second = (await registry.Anonymous.SendAsync("POST", "/v2/auth", System.Text.Encoding.UTF8.GetBytes(form), ("Content-Type", "application/x-www-form-urlencoded"))).Is(200);
        (await registry.Anonymous.WithTokenAsync(second.Json.GetProperty("access_token").GetString()!, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
    }

    [Fact]
    public async Task It_is_a_bearer_of_both_APIs()
    {
        var user = await registry.CreateUserAsync();
        var (code, _) = await MakeAsync(user);

        var me = (await registry.Anonymous.WithTokenAsync(code, "GET", "/api/v1/user/")).Is(200);
        Assert.Equal(user.Name, me.Json.GetProperty("username").GetString());
        (await registry.Anonymous.WithTokenAsync(code, "POST", "/api/v1/repository", Json("""{"repository":"app","visibility":"private","description":""}"""), ("Content-Type", "application/json"))).Is(201);
        (await registry.Anonymous.WithTokenAsync(code, "GET", $"/v2/{user.Name}/app/tags/list")).Is(200);
    }

    [Theory]
    [InlineData("GET", Path, null, 403)]
    [InlineData("POST", Path, """{"title":"more"}""", 403)]
    [InlineData("GET", Path + "/{uuid}", null, 403)]
    [InlineData("DELETE", Path + "/{uuid}", null, 403)]
    [InlineData("POST", "/api/v1/user/clientkey", """{"password":"{password}"}""", 403)]
    [InlineData("POST", "/api/v1/signin/verify", """{"password":"{password}"}""", 403)]
    [InlineData("GET", "/api/v1/user/sessions", null, 403)]
    [InlineData("DELETE", "/api/v1/user/sessions", null, 403)]
    [InlineData("PUT", "/api/v1/user/", """{"password":"another password"}""", 403)]
    [InlineData("PUT", "/api/v1/user/", """{"email":"other@example.test"}""", 403)]
    [InlineData("DELETE", "/api/v1/user/", null, 401)]
    public async Task It_does_nothing_that_asks_for_the_person(string method, string path, string? body, int status)
    {
        var user = await registry.CreateUserAsync();
        var (code, uuid) = await MakeAsync(user);
        var (to, json) = (path.Replace("{uuid}", uuid, StringComparison.Ordinal), body?.Replace("{password}", user.Password, StringComparison.Ordinal));

        foreach (var credential in new[] { ("Authorization", "Bearer " + code), Requests.Basic("$app", code) })
        {
            var answer = (await registry.Anonymous.SendAsync(method, to, json is null ? null : Json(json), [credential, .. json is null ? Array.Empty<(string, string)>() : [("Content-Type", "application/json")]])).Is(status);
            Assert.Equal(status == 401 ? "fresh_login_required" : "insufficient_scope", answer.Json.GetProperty("error_type").GetString());
        }
        (await user.Client.ReadAsync($"{Path}/{uuid}")).Is(200);
    }

    [Fact]
    public async Task A_superusers_token_does_nothing_that_superusers_need_a_fresh_login_for()
    {
        var made = (await registry.Client.SendJsonAsync("POST", Path, """{"title":"root"}""")).Is(200);
        var (code, uuid) = Parts(made);

        (await registry.Anonymous.WithTokenAsync(code, "GET", "/api/v1/superuser/users/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(code, "GET", "/api/v1/superuser/apptokens")).Is(403);
        (await registry.Client.SendAsync("DELETE", $"{Path}/{uuid}")).Is(204);
    }

    [Fact]
    public async Task It_opens_no_session()
    {
        var (code, _) = await MakeAsync(await registry.CreateUserAsync());

        (await new Browser(registry.Anonymous).SignInAsync("$app", code)).Is(403);
        (await new Browser(registry.Anonymous).SignInAsync(registry.User.Name, code)).Is(403);
    }

    [Fact]
    public async Task A_session_makes_and_revokes_one_after_a_fresh_login()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);

        var (code, uuid) = Parts((await browser.SendAsync("POST", Path, """{"title":"from a browser"}""")).Is(200));
        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(200);
        (await browser.SendAsync("DELETE", $"{Path}/{uuid}")).Is(204);
        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(401);
    }

    [Fact]
    public async Task What_was_revoked_is_void_at_once_with_the_registry_tokens_made_of_it()
    {
        var user = await registry.CreateUserAsync();
        var ((code, uuid), (other, _)) = (await MakeAsync(user), await MakeAsync(user));
        var (client, token) = (registry.ClientFor("$app", code), await registry.ClientFor("$app", code).TokenAsync());
        var otherToken = await registry.ClientFor("$app", other).TokenAsync();
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(200);

        (await user.Client.SendAsync("DELETE", $"{Path}/{uuid}")).Is(204);

        (await client.ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");
        (await client.ReadAsync("/api/v1/user/")).Is(401);
        (await client.ReadAsync("/v2/auth?service=wharf")).Is(401);
        (await registry.Anonymous.WithTokenAsync(code, "GET", "/api/v1/user/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(otherToken, "GET", "/v2/")).Is(200);
        (await user.Client.ReadAsync($"{Path}/{uuid}")).Is(404);
        (await user.Client.SendAsync("DELETE", $"{Path}/{uuid}")).Is(404);
    }

    [Fact]
    public async Task A_changed_password_leaves_it_and_its_registry_tokens_as_they_are()
    {
        var user = await registry.CreateUserAsync();
        var (code, _) = await MakeAsync(user);
        var (ofToken, ofPassword) = (await registry.ClientFor("$app", code).TokenAsync(), await user.Client.TokenAsync());

        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(200);
        (await registry.Anonymous.WithTokenAsync(ofToken, "GET", "/v2/")).Is(200);
        (await registry.Anonymous.WithTokenAsync(ofPassword, "GET", "/v2/")).Is(401);
    }

    [Fact]
    public async Task It_is_void_while_its_person_is_disabled_and_gone_with_the_person()
    {
        var user = await registry.CreateUserAsync();
        var (code, _) = await MakeAsync(user);
        var (client, token) = (registry.ClientFor("$app", code), await registry.ClientFor("$app", code).TokenAsync());

        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200);
        (await client.ReadAsync("/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":true}""")).Is(200);
        (await client.ReadAsync("/v2/")).Is(200);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{user.Name}")).Is(204);
        (await client.ReadAsync("/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
    }

    [Fact]
    public async Task It_goes_when_its_person_becomes_an_organization()
    {
        var (user, admin) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var (code, _) = await MakeAsync(user);

        (await user.Client.SendJsonAsync("POST", "/api/v1/user/convert", $$"""{"adminUser":"{{admin.Name}}","adminPassword":"{{admin.Password}}"}""")).Is(200);

        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(401);
    }

    [Fact]
    public async Task It_ends_by_itself_with_its_registry_tokens()
    {
        var user = await registry.CreateUserAsync();
        var end = DateTimeOffset.FromUnixTimeSeconds(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() + 3);
        var (code, uuid) = Parts((await user.Client.SendJsonAsync("POST", Path, $$"""{"title":"short","expiration":{{end.ToUnixTimeSeconds()}}}""")).Is(200));
        var (client, token) = (registry.ClientFor("$app", code), await registry.ClientFor("$app", code).TokenAsync());
        (await client.ReadAsync("/v2/")).Is(200);

        await Poll.UntilAsync(async () => (await client.ReadAsync("/v2/")).Status == System.Net.HttpStatusCode.Unauthorized);

        Assert.True(TimeProvider.System.GetUtcNow() >= end);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
        Assert.Equal(end.ToString("ddd, dd MMM yyyy HH:mm:ss '-0000'", CultureInfo.InvariantCulture), (await user.Client.ReadAsync($"{Path}/{uuid}")).Json.GetProperty("token").GetProperty("expiration").GetString());
    }

    [Fact]
    public async Task The_settings_say_when_it_ends_at_the_latest()
    {
        await using var expiring = await Registry.StartAsync<ExpiringTokensRegistry>();
        var now = TimeProvider.System.GetUtcNow();
        var (client, late, soon) = (expiring.UserClient, now.AddDays(31).ToUnixTimeSeconds(), now.AddDays(2).ToUnixTimeSeconds());

        var made = (await client.SendJsonAsync("POST", Path, """{"title":"as long as can be"}""")).Is(200).Json.GetProperty("token").GetProperty("expiration").GetString()!;
        var end = DateTimeOffset.ParseExact(made, "ddd, dd MMM yyyy HH:mm:ss '-0000'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        Assert.InRange(end, now.AddDays(30).AddMinutes(-1), now.AddDays(30).AddMinutes(5));
        Assert.Contains("at most 30 days", (await client.SendJsonAsync("POST", Path, $$"""{"title":"too long","expiration":{{late}}}""")).Is(400).Text, StringComparison.Ordinal);
        (await client.SendJsonAsync("POST", Path, $$"""{"title":"soon","expiration":{{soon}}}""")).Is(200);
        Assert.Equal(["as long as can be", "soon"], Titles((await client.ReadAsync(Path)).Is(200)));
        Assert.Equal(["soon"], Titles((await client.ReadAsync($"{Path}?expiring=true")).Is(200)));
        Assert.Equal(["soon"], Titles((await expiring.Client.ReadAsync("/api/v1/superuser/apptokens?expiring=true")).Is(200)));
    }

    [Fact]
    public async Task When_it_was_last_used_is_noted()
    {
        var user = await registry.CreateUserAsync();
        var (code, uuid) = await MakeAsync(user);

        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(200);

        var used = await Poll.UntilAsync(async () => (await user.Client.ReadAsync($"{Path}/{uuid}")).Is(200).Json.GetProperty("token").GetProperty("last_accessed").GetString());
        Assert.EndsWith("-0000", used, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_has_at_most_a_hundred()
    {
        var user = await registry.CreateUserAsync();
        for (var i = 0; i < 100; i++)
            await MakeAsync(user);

        Assert.Contains("at most 100", (await user.Client.SendJsonAsync("POST", Path, """{"title":"one more"}""")).Is(400).Text, StringComparison.Ordinal);
        var first = (await user.Client.ReadAsync(Path)).Is(200).Json.GetProperty("tokens");
        Assert.Equal(100, first.GetArrayLength());
        (await user.Client.SendAsync("DELETE", $"{Path}/{first[0].GetProperty("uuid").GetString()}")).Is(204);
        await MakeAsync(user);
    }

    [Fact]
    public async Task Nobody_sees_or_revokes_the_token_of_another()
    {
        var (user, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var (code, uuid) = await MakeAsync(user);

        foreach (var client in new[] { other.Client, registry.Client })
        {
            (await client.ReadAsync($"{Path}/{uuid}")).Is(404);
            (await client.SendAsync("DELETE", $"{Path}/{uuid}")).Is(404);
        }
        Assert.Empty(Titles(await other.Client.ReadAsync(Path)));
        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task Superusers_list_those_of_all_page_by_page()
    {
        var user = await registry.CreateUserAsync();
        var (_, first) = await MakeAsync(user);
        var (_, second) = await MakeAsync(user);
        List<JsonElement> seen = [];
        string? next = "";
        while (next is not null)
        {
            var page = (await registry.Client.ReadAsync($"/api/v1/superuser/apptokens?limit=1&next_page={next}")).Is(200).Json;
            seen.Add(Assert.Single(page.GetProperty("tokens").EnumerateArray()));
            next = page.TryGetProperty("next_page", out var token) ? token.GetString() : null;
        }

        var mine = seen.Where(t => t.GetProperty("username").GetString() == user.Name).ToList();
        Assert.Equal([first, second], mine.Select(static t => t.GetProperty("uuid").GetString()!));
        Assert.All(seen, static t => Assert.False(t.TryGetProperty("token_code", out _)));
        foreach (var query in new[] { "limit=0", "limit=x", "limit=1001", "next_page=x", "next_page=-1", "sort=title" })
            (await registry.Client.ReadAsync($"/api/v1/superuser/apptokens?{query}")).Is(400);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"title":null}""")]
    [InlineData("""{"title":1}""")]
    [InlineData("""{"title":""}""")]
    [InlineData("""{"title":"a\u0000b"}""")]
    [InlineData("""{"title":"a\nb"}""")]
    [InlineData("""{"title":"ok","title":"ok"}""")]
    [InlineData("""{"title":"ok","expiration":0}""")]
    [InlineData("""{"title":"ok","expiration":-1}""")]
    [InlineData("""{"title":"ok","expiration":1}""")]
    [InlineData("""{"title":"ok","expiration":9223372036854775807}""")]
    [InlineData("""{"title":"ok","expiration":"tomorrow"}""")]
    public async Task A_malformed_request_is_400(string body) => (await registry.UserClient.SendJsonAsync("POST", Path, body)).Is(400);

    [Fact]
    public async Task A_title_has_a_bound() => (await registry.UserClient.SendJsonAsync("POST", Path, $$"""{"title":"{{new string('x', 256)}}"}""")).Is(400);

    [Theory]
    [InlineData("x")]
    [InlineData("%00")]
    [InlineData("00000000-0000-0000-0000-00000000000g")]
    [InlineData("{00000000-0000-0000-0000-000000000000}")]
    public async Task What_is_no_uuid_is_no_token(string uuid)
    {
        Assert.InRange((int)(await registry.UserClient.ReadAsync($"{Path}/{uuid}")).Status, 400, 404);
        Assert.InRange((int)(await registry.UserClient.SendAsync("DELETE", $"{Path}/{uuid}")).Status, 400, 404);
    }

    [Fact]
    public async Task A_wrong_token_is_refused_and_holds_up_no_right_one()
    {
        var user = await registry.CreateUserAsync();
        var (code, _) = await MakeAsync(user);
        var last = code[^1] == 'A' ? 'B' : 'A';

        foreach (var wrong in new[] { code[..^1] + last, code[..^1], code + "A", code.ToLowerInvariant(), "WHR" + code[3..], "x", user.Password })
            (await registry.ClientFor("$app", wrong).ReadAsync("/v2/")).Is(401);
        for (var i = 0; i < 150; i++)
            (await registry.ClientFor("$app", code[..^1] + last).ReadAsync("/v2/")).Is(401);
        foreach (var name in new[] { user.Name, "$App", "$app ", $"{user.Name}+ci" })
            (await registry.ClientFor(name, code).ReadAsync("/v2/")).Is(401);
        (await registry.ClientFor("$app", code).ReadAsync("/v2/")).Is(200);
    }

    [Fact]
    public async Task A_robots_token_is_no_app_token()
    {
        var token = (await registry.UserClient.SendAsync("PUT", $"/api/v1/user/robots/r{Guid.NewGuid():n}")).Is(201).Json.GetProperty("token").GetString()!;

        (await registry.ClientFor("$app", token).ReadAsync("/v2/")).Is(401);
    }

    private static async Task<(string Code, string Uuid)> MakeAsync(Account user) => Parts((await user.Client.SendJsonAsync("POST", Path, """{"title":"a token"}""")).Is(200));

    private static (string Code, string Uuid) Parts(Answer made) => made.Json.GetProperty("token") is var token ? (token.GetProperty("token_code").GetString()!, token.GetProperty("uuid").GetString()!) : default;

    private static IEnumerable<string> Titles(Answer list) => list.Json.GetProperty("tokens").EnumerateArray().Select(static t => t.GetProperty("title").GetString()!);

    private static byte[] Json(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
