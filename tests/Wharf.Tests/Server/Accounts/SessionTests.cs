using System.Text.Json;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Accounts;

/// <summary>Signing in with a browser: cookies, CSRF tokens, and what ends a session.</summary>
public sealed class SessionTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    [Fact]
    public async Task A_browser_signs_in_and_out()
    {
        var browser = new Browser(registry.Anonymous);

        var signedIn = (await browser.SignInAsync(registry.User.Name, registry.User.Password)).Is(200);
        var me = (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
        var signedOut = (await browser.SendAsync("POST", "/api/v1/signout")).Is(200);

        Assert.Equal("""{"success":true}""", signedIn.Text);
        Assert.Equal(registry.User.Name, me.Json.GetProperty("username").GetString());
        Assert.Equal("""{"success":true}""", signedOut.Text);
        Assert.Null(browser.Cookie);
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task A_session_that_was_signed_out_is_over_even_with_its_cookie()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);
        var cookie = browser.Cookie;

        (await browser.SendAsync("POST", "/api/v1/signout")).Is(200);
        browser.Cookie = cookie;

        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task The_cookie_of_a_plain_connection_is_http_only_and_lax()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);

        Assert.Contains("; path=/", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; httponly", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=lax", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("; secure", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("domain", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Signing_in_needs_the_token_of_ones_own_cookie()
    {
        var (mine, theirs) = (new Browser(registry.Anonymous), new Browser(registry.Anonymous));
        var credentials = JsonSerializer.Serialize(new { username = registry.User.Name, password = registry.User.Password });
        await mine.SendAsync("GET", "/csrf_token");
        var other = (await theirs.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString()!;

        foreach (var token in new[] { null, "", "x", other, other[..^2], new string('A', 43), new string('A', 5000) })
        {
            mine.Csrf = token;
            Csrf(await mine.SendAsync("POST", "/api/v1/signin", credentials));
        }
        Csrf(await new Browser(registry.Anonymous) { Csrf = other }.SendAsync("POST", "/api/v1/signin", credentials));
    }

    [Fact]
    public async Task What_changes_something_in_a_session_needs_its_token()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);
        var stranger = (await new Browser(registry.Anonymous).SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();
        var right = browser.Csrf;

        foreach (var token in new[] { null, stranger, right![..^3] + "AAA" })
        {
            browser.Csrf = token;
            Csrf(await browser.SendAsync("POST", "/api/v1/repository", """{"repository":"forged","visibility":"private","description":""}"""));
            Csrf(await browser.SendAsync("DELETE", "/api/v1/user/sessions"));
            Csrf(await browser.SendAsync("POST", "/api/v1/signout"));
        }
        browser.Csrf = right;
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
        (await browser.SendAsync("POST", "/api/v1/repository", $$"""{"repository":"r{{Guid.NewGuid():n}}","visibility":"private","description":""}""")).Is(201);
    }

    [Fact]
    public async Task A_page_of_another_site_does_not_use_the_password_that_a_browser_remembers()
    {
        (await registry.UserClient.SendAsync("DELETE", "/api/v1/user/sessions", null, ("Sec-Fetch-Site", "cross-site"))).Is(403);
        (await registry.UserClient.SendAsync("DELETE", "/api/v1/user/sessions", null, ("Sec-Fetch-Site", "same-site"))).Is(403);
        (await registry.UserClient.SendAsync("DELETE", "/api/v1/user/sessions", null, ("Sec-Fetch-Site", "same-origin"))).Is(204);
        (await registry.UserClient.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
    }

    [Fact]
    public async Task A_wrong_password_an_unknown_user_and_a_robot_are_refused_in_one_way()
    {
        var robot = (await registry.UserClient.SendAsync("PUT", $"/api/v1/user/robots/r{Guid.NewGuid():n}")).Is(201).Json;
        var names = new (string, string)[]
        {
            (registry.User.Name, "wrong password"), ("nobody" + Guid.NewGuid().ToString("n"), "wrong password"), ("nobody@example.test", "wrong password"), (registry.User.Name, ""), ("", ""),
            (robot.GetProperty("name").GetString()!, robot.GetProperty("token").GetString()!),
        };
        foreach (var (name, password) in names)
        {
            var answer = (await new Browser(registry.Anonymous).SignInAsync(name, password)).Is(403);
            Assert.Equal("""{"needsEmailVerification":false,"invalidCredentials":true,"message":"Invalid Username or Password"}""", answer.Text);
            Assert.Null(answer.Header("Set-Cookie"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"username":"x"}""")]
    [InlineData("""{"username":null,"password":"x"}""")]
    [InlineData("""{"username":1,"password":"x"}""")]
    [InlineData("""{"username":"x","password":"y","password":"z"}""")]
    public async Task A_malformed_sign_in_is_400(string body)
    {
        var browser = new Browser(registry.Anonymous);
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();

        (await browser.SendAsync("POST", "/api/v1/signin", body)).Is(400);
    }

    [Fact]
    public async Task The_e_mail_address_signs_in_as_the_name_does()
    {
        var user = await registry.CreateUserAsync("with" + Guid.NewGuid().ToString("n"));

        var browser = await Browser.SignedInAsync(registry.Anonymous, $"{user.Name}@example.test", user.Password);
        var basic = await registry.ClientFor($"{user.Name}@example.test", user.Password).TokenAsync();

        Assert.Equal(user.Name, (await browser.SendAsync("GET", "/api/v1/user/")).Json.GetProperty("username").GetString());
        Assert.NotEmpty(basic);
    }

    [Fact]
    public async Task A_session_is_nothing_to_the_registry_itself()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);

        (await browser.SendAsync("GET", "/v2/")).Is(401);
        (await browser.SendAsync("GET", "/V2/")).Is(404);
        (await browser.SendAsync("GET", $"/v2/auth?service=wharf&scope=repository:{registry.NewRepository()}:push")).Is(200);
        (await browser.SendAsync("GET", "/v2/auth?service=wharf")).Is(401);
    }

    [Theory]
    [InlineData("x")]
    [InlineData(".")]
    [InlineData("00000000000000000000000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("ZZ000000000000000000000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("00000000000000000000000000000000.!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!")]
    public async Task A_cookie_that_is_no_session_is_nobody(string cookie)
    {
        var browser = new Browser(registry.Anonymous) { Cookie = cookie };

        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await browser.SendAsync("GET", "/csrf_token")).Is(200);
    }

    [Fact]
    public async Task The_id_of_a_session_without_its_secret_opens_nothing()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);

        var thief = new Browser(registry.Anonymous) { Cookie = browser.SessionId + "." + new string('A', 43) };

        (await thief.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task The_database_does_not_hold_what_the_cookie_holds()
    {
        var browser = await Browser.SignedInAsync(registry, registry.User);
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = $"SELECT secret FROM session WHERE id = '{browser.SessionId}'";

        var stored = (byte[])(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;

        Assert.Equal(32, stored.Length);
        Assert.DoesNotContain(Convert.ToBase64String(stored).TrimEnd('='), browser.Cookie!.Replace('-', '+').Replace('_', '/'), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended_one_by_one_and_together()
    {
        var user = await registry.CreateUserAsync();
        var (one, two, three) = (await Browser.SignedInAsync(registry, user), await Browser.SignedInAsync(registry, user), await Browser.SignedInAsync(registry, user));

        var listed = (await one.SendAsync("GET", "/api/v1/user/sessions")).Is(200).Json.GetProperty("sessions").EnumerateArray().ToList();
        (await one.SendAsync("DELETE", $"/api/v1/user/sessions/{two.SessionId}")).Is(204);
        (await one.SendAsync("DELETE", $"/api/v1/user/sessions/{two.SessionId}")).Is(404);

        Assert.Equal(3, listed.Count);
        Assert.Equal([one.SessionId], listed.Where(s => s.GetProperty("current").GetBoolean()).Select(s => s.GetProperty("id").GetString()!));
        Assert.Equal(["id", "created", "last_used", "expires", "address", "user_agent", "current"], listed[0].EnumerateObject().Select(static p => p.Name));
        Assert.Equal("127.0.0.1", listed[0].GetProperty("address").GetString());
        (await two.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await one.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
        (await three.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await one.SendAsync("GET", "/api/v1/user/")).Is(200);
        (await user.Client.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
        (await one.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task Nobody_sees_or_ends_the_sessions_of_others()
    {
        var (user, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var browser = await Browser.SignedInAsync(registry, user);

        (await other.Client.SendAsync("DELETE", $"/api/v1/user/sessions/{browser.SessionId}")).Is(404);
        (await other.Client.SendAsync("DELETE", "/api/v1/user/sessions/x")).Is(404);

        Assert.Empty((await other.Client.ReadAsync("/api/v1/user/sessions")).Json.GetProperty("sessions").EnumerateArray());
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task An_account_keeps_its_latest_hundred_sessions()
    {
        var user = await registry.CreateUserAsync();
        var first = await Browser.SignedInAsync(registry, user);
        // The next one may begin in the same millisecond.
        await using (var database = await registry.OpenDatabaseAsync())
            await Wharf.Tests.Server.Replicas.FirstSchema.ExecuteAsync(database, $"UPDATE session SET seen_ms = seen_ms - 1000 WHERE account_id = (SELECT id FROM namespace WHERE name = '{user.Name}')");
        for (var i = 0; i < 100; i++)
            await Browser.SignedInAsync(registry, user);

        Assert.Equal(100, (await user.Client.ReadAsync("/api/v1/user/sessions")).Json.GetProperty("sessions").GetArrayLength());
        (await first.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions_and_goes_on_with_a_new_one()
    {
        var user = await registry.CreateUserAsync();
        var (mine, other) = (await Browser.SignedInAsync(registry, user), await Browser.SignedInAsync(registry, user));
        var (before, csrf) = (mine.Cookie, mine.Csrf);
        var token = await user.Client.TokenAsync();

        (await mine.SendAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        Assert.NotEqual(before, mine.Cookie);
        Assert.NotEqual(csrf, mine.Csrf);
        (await mine.SendAsync("GET", "/api/v1/user/")).Is(200);
        (await mine.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
        (await other.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await new Browser(registry.Anonymous) { Cookie = before }.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
        await Browser.SignedInAsync(registry.Anonymous, user.Name, "another password");
    }

    [Fact]
    public async Task A_disabled_account_has_no_sessions_and_has_none_when_it_is_enabled_again()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);

        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200);
        var disabled = await browser.SendAsync("GET", "/api/v1/user/");
        var refused = await new Browser(registry.Anonymous).SignInAsync(user.Name, user.Password);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":true}""")).Is(200);

        disabled.Is(401);
        refused.Is(403);
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task What_is_dangerous_needs_a_password_shown_in_the_last_ten_minutes()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);
        await AgeAsync(browser);

        var stale = await browser.SendAsync("PUT", "/api/v1/user/", """{"email":"new@example.test"}""");
        (await browser.SendAsync("POST", "/api/v1/signin/verify", """{"password":"wrong password"}""")).Is(403);
        var (cookie, _) = (browser.Cookie, (await browser.SendAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{user.Password}}"}""")).Is(200));

        Assert.Equal("fresh_login_required", stale.Is(401).Json.GetProperty("error_type").GetString());
        Assert.NotEqual(cookie, browser.Cookie);
        (await browser.SendAsync("PUT", "/api/v1/user/", $$"""{"email":"{{user.Name}}@fresh.test"}""")).Is(200);
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{user.Name}}@basic.test"}""")).Is(200);
    }

    [Fact]
    public async Task Verify_says_whether_the_password_is_right()
    {
        Assert.Equal("""{"message":"Invalid Username or Password","invalidCredentials":true}""",
            (await registry.UserClient.SendJsonAsync("POST", "/api/v1/signin/verify", """{"password":"wrong password"}""")).Is(403).Text);
        var right = (await registry.UserClient.SendJsonAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{registry.User.Password}}"}""")).Is(200);
        Assert.Equal("""{"success":true}""", right.Text);
        Assert.Null(right.Header("Set-Cookie"));
        (await registry.UserClient.SendJsonAsync("POST", "/api/v1/signin/verify", "{}")).Is(400);
        (await registry.Anonymous.SendJsonAsync("POST", "/api/v1/signin/verify", "{}")).Is(401);
    }

    [Fact]
    public async Task A_session_ends_at_its_time()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);
        await ExecuteAsync($"UPDATE session SET expires_ms = 1 WHERE id = '{browser.SessionId}'");

        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        Assert.Empty((await user.Client.ReadAsync("/api/v1/user/sessions")).Json.GetProperty("sessions").EnumerateArray());
    }

    [Fact]
    public async Task Without_a_session_signing_out_changes_nothing()
    {
        var answer = (await registry.Anonymous.SendAsync("POST", "/api/v1/signout")).Is(200);

        Assert.Equal("""{"success":true}""", answer.Text);
        Assert.Null(answer.Header("Set-Cookie"));
        (await registry.UserClient.SendAsync("POST", "/api/v1/signout")).Is(200);
    }

    // Before the first request with its cookie, when only the database knows of the session.
    private Task AgeAsync(Browser browser) => ExecuteAsync($"UPDATE session SET fresh_ms = fresh_ms - 601000 WHERE id = '{browser.SessionId}'");

    private async Task ExecuteAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }

    private static void Csrf(Answer answer)
    {
        Assert.Equal("CSRF token was invalid or missing.", answer.Is(403).Json.GetProperty("message").GetString());
        Assert.Null(answer.Header("Set-Cookie"));
    }
}
