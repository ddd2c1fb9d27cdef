using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Web;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Repositories;

namespace Wharf.Tests.Server.OAuth;

/// <summary>How an application gets a token with a person's consent: the pages, the redirections, codes, PKCE, and what must not work.</summary>
public sealed partial class OAuthFlowTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const string Redirect = "https://app.example.test/callback";
    private const string Verifier = "a-verifier-that-is-long-enough-to-be-one-of-RFC-7636";

    private static string Challenge => Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    [Fact]
    public async Task A_code_becomes_a_token_once()
    {
        var (owner, _, client, secret) = await ApplicationAsync();
        var page = await AskAsync(owner, client);
        var sent = (await SubmitAsync(page)).Is(302);
        var back = Query(sent.Location);

        Assert.StartsWith(Redirect + "?code=", sent.Location, StringComparison.Ordinal);
        Assert.Equal("a b&c", back["state"]);
        Assert.Equal(registry.Url.GetLeftPart(UriPartial.Authority), back["iss"]);
        Assert.Equal("no-referrer", sent.Header("Referrer-Policy"));
        var made = (await ExchangeAsync(client, back["code"]!, ("client_secret", secret))).Is(200);
        var token = made.Json.GetProperty("access_token").GetString()!;
        Assert.Equal("Bearer", made.Json.GetProperty("token_type").GetString());
        Assert.Equal("repo:read user:read", made.Json.GetProperty("scope").GetString());
        Assert.Equal(3653 * 86400, made.Json.GetProperty("expires_in").GetInt64());
        Assert.Equal("no-store", made.Header("Cache-Control"));
        Assert.Equal("no-cache", made.Header("Pragma"));
        Assert.Equal(owner.Name, (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("username").GetString());

        // Whoever comes with it again has stolen it, or the first one has.
        Refused(await ExchangeAsync(client, back["code"]!, ("client_secret", secret)), "invalid_grant");
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task Of_two_that_exchange_one_code_at_once_nobody_keeps_a_token()
    {
        var (owner, _, client, secret) = await ApplicationAsync();
        var code = await CodeAsync(owner, client);

        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ExchangeAsync(client, code, ("client_secret", secret))));

        var token = Assert.Single(answers, static a => a.Status == System.Net.HttpStatusCode.OK).Json.GetProperty("access_token").GetString()!;
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(401);
    }

    [Fact]
    public async Task The_secret_may_come_as_Basic_and_must_be_right()
    {
        var (owner, org, client, secret) = await ApplicationAsync();
        var code = await CodeAsync(owner, client);

        var refused = await ExchangeAsync(client, code, basic: $"{client}:wrong");
        Refused(refused, "invalid_client", 401);
        Assert.StartsWith("Basic", refused.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Refused(await ExchangeAsync(client, code, ("client_secret", "wrong")), "invalid_client");
        Refused(await ExchangeAsync(client, code), "invalid_client");
        Refused(await ExchangeAsync("ABCDEFGHIJKLMNOPQRST", code, ("client_secret", secret)), "invalid_client");
        Refused(await ExchangeAsync(client, code, basic: $"{client}:{secret}", fields: ("client_secret", secret)), "invalid_request");
        (await ExchangeAsync(client, code, basic: $"{client}:{secret}")).Is(200);

        var second = await CodeAsync(owner, client);
        var now = (await owner.Client.SendAsync("POST", $"/api/v1/organization/{org}/applications/{client}/resetclientsecret", [])).Is(200).Json.GetProperty("client_secret").GetString()!;
        Refused(await ExchangeAsync(client, second, ("client_secret", secret)), "invalid_client");
        (await ExchangeAsync(client, second, ("client_secret", now))).Is(200);
    }

    [Fact]
    public async Task With_PKCE_the_verifier_is_needed_and_stands_for_the_secret()
    {
        var (owner, _, client, secret) = await ApplicationAsync();

        foreach (var (fields, error) in ((ValueTuple<string, string>[], string?)[])[
            ([("client_secret", secret)], "invalid_grant"), ([("client_secret", secret), ("code_verifier", Verifier + "x")], "invalid_grant"), ([("code_verifier", "short")], "invalid_grant"),
            ([("code_verifier", Challenge)], "invalid_grant"), ([("client_secret", "wrong"), ("code_verifier", Verifier)], "invalid_client"), ([("code_verifier", Verifier)], null)])
        {
            var code = await CodeAsync(owner, client, ("code_challenge", Challenge), ("code_challenge_method", "S256"));
            var answer = await ExchangeAsync(client, code, fields);
            if (error is null)
                answer.Is(200);
            else
                Refused(answer, error);
        }
        // A code without a challenge takes no verifier, so that nobody can leave the challenge out for another.
        Refused(await ExchangeAsync(client, await CodeAsync(owner, client), ("client_secret", secret), ("code_verifier", Verifier)), "invalid_grant");
    }

    [Theory]
    [InlineData("code_challenge_method=plain&code_challenge=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq", "invalid_request")]
    [InlineData("code_challenge=abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq", "invalid_request")]
    [InlineData("code_challenge_method=S256", "invalid_request")]
    [InlineData("code_challenge_method=S256&code_challenge=short", "invalid_request")]
    [InlineData("code_challenge_method=S256&code_challenge=!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!", "invalid_request")]
    [InlineData("scope=everything", "invalid_scope")]
    [InlineData("scope=repo:read%20direct_user_login", "invalid_scope")]
    [InlineData("scope=super:user", "invalid_scope")]
    [InlineData("scope=", "invalid_scope")]
    [InlineData("response_type=id_token", "unsupported_response_type")]
    public async Task What_is_wrong_with_a_request_is_for_the_application_to_know(string changed, string error)
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var name = changed.Split('=')[0];

        var answer = (await owner.Client.ReadAsync($"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&state=mine"
            + (name == "response_type" ? "" : "&response_type=code") + (name == "scope" ? "" : "&scope=repo:read") + "&" + changed)).Is(302);

        Assert.StartsWith(Redirect + "?", answer.Location, StringComparison.Ordinal);
        Assert.Equal(error, Query(answer.Location)["error"]);
        Assert.Equal("mine", Query(answer.Location)["state"]);
        Assert.Equal(error, (await owner.Client.ReadAsync($"/oauth/authorize?format=json&client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}"
            + (name == "scope" ? "" : "&scope=repo:read") + "&" + changed)).Is(400).Json.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("https://evil.example.test/callback")]
    [InlineData("https://app.example.test/callback/")]
    [InlineData("https://app.example.test/callback?a=b")]
    [InlineData("https://app.example.test/callback@evil.example.test/")]
    [InlineData("https://app.example.test.evil.example.test/callback")]
    [InlineData("https://APP.example.test/callback")]
    [InlineData("http://app.example.test/callback")]
    [InlineData("//app.example.test/callback")]
    [InlineData("/oauth/localapp")]
    [InlineData("https://app.example.test/callback\r\nSet-Cookie: a=b")]
    [InlineData("")]
    public async Task To_what_was_not_registered_to_the_letter_nobody_is_sent(string redirect)
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var query = $"client_id={client}&redirect_uri={Uri.EscapeDataString(redirect)}&scope=repo:read&response_type=token";

        var answer = (await owner.Client.ReadAsync("/oauth/authorize?" + query)).Is(400);
        Assert.Null(answer.Header("Location"));
        var page = await AskAsync(owner, client);
        foreach (var path in (string[])["/oauth/authorizeapp", "/oauth/denyapp"])
            Assert.Null((await SubmitAsync(page with { Fields = [.. page.Fields.Where(static f => f.Name != "redirect_uri"), ("redirect_uri", redirect)] }, path)).Is(400).Header("Location"));
    }

    [Theory]
    [InlineData("http://127.0.0.1/back", "http://127.0.0.1:51234/back", true)]
    [InlineData("http://[::1]:8080/back", "http://[::1]:51234/back", true)]
    [InlineData("http://127.0.0.1/back", "http://127.0.0.1:51234/other", false)]
    [InlineData("http://127.0.0.1/back", "http://127.0.0.1.evil.example.test/back", false)]
    [InlineData("http://127.0.0.1/back", "http://a@127.0.0.1:1/back", false)]
    [InlineData("http://localhost/back", "http://localhost:51234/back", false)]
    [InlineData("https://app.example.test/back", "https://app.example.test:8443/back", false)]
    [InlineData("com.example.app:/back", "com.example.app:/back", true)]
    [InlineData("com.example.app:/back", "com.example.app:/back2", false)]
    public async Task A_program_on_the_users_machine_may_choose_its_port(string registered, string asked, bool taken)
    {
        var owner = await registry.CreateUserAsync();
        var org = await owner.Client.CreateOrganizationAsync();
        var (client, _) = await owner.Client.CreateApplicationAsync(org, redirect: registered);

        (await owner.Client.ReadAsync($"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(asked)}&scope=repo:read")).Is(taken ? 200 : 400);
    }

    [Fact]
    public async Task Nobody_is_sent_anywhere_for_an_application_that_is_none_or_with_a_parameter_twice()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var good = $"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read";

        (await owner.Client.ReadAsync(good.Replace(client, "ABCDEFGHIJKLMNOPQRST", StringComparison.Ordinal))).Is(404);
        (await owner.Client.ReadAsync(good.Replace(client, "x", StringComparison.Ordinal))).Is(404);
        (await owner.Client.ReadAsync(good + "&client_id=" + client)).Is(400);
        (await owner.Client.ReadAsync(good + "&redirect_uri=https://evil.example.test/")).Is(400);
        (await owner.Client.ReadAsync(good + "&state=%00")).Is(400);
        (await owner.Client.ReadAsync(good + "&state=" + new string('a', 2000))).Is(302);
    }

    [Fact]
    public async Task Implicitly_the_token_stands_behind_the_sharp_and_is_not_asked_for_again()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var page = await AskAsync(owner, client, ("response_type", "token"));
        var sent = (await SubmitAsync(page)).Is(302);
        var back = Fragment(sent.Location);

        Assert.StartsWith(Redirect + "#access_token=WHO", sent.Location, StringComparison.Ordinal);
        Assert.Equal(("Bearer", "315619200", "repo:read user:read", "a b&c"), (back["token_type"], back["expires_in"], back["scope"], back["state"]));
        (await registry.BearerOf(back["access_token"]!).ReadAsync("/api/v1/user/")).Is(200);

        // Who consented to as much is not asked again; to more, is.
        var query = $"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&response_type=token&scope=";
        var again = (await page.Browser.SendAsync("GET", query + "user:read")).Is(302);
        (await registry.BearerOf(Fragment(again.Location)["access_token"]!).ReadAsync("/api/v1/user/")).Is(200);
        (await page.Browser.SendAsync("GET", query + "user:admin")).Is(200);
    }

    [Fact]
    public async Task A_program_on_the_users_machine_is_asked_for_each_time()
    {
        var owner = await registry.CreateUserAsync();
        var org = await owner.Client.CreateOrganizationAsync();
        var (client, _) = await owner.Client.CreateApplicationAsync(org, redirect: "http://127.0.0.1/back");
        var page = await AskAsync(owner, client, ("response_type", "token"), ("redirect_uri", "http://127.0.0.1:4321/back"));
        (await SubmitAsync(page)).Is(302);

        (await AskAsync(owner, client, ("response_type", "token"), ("redirect_uri", "http://127.0.0.1:4321/back"))).Answer.Is(200);
    }

    [Fact]
    public async Task Who_refuses_is_sent_back_without_anything()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        foreach (var (type, mark) in new[] { ("code", '?'), ("token", '#') })
        {
            var sent = (await SubmitAsync(await AskAsync(owner, client, ("response_type", type)), "/oauth/denyapp")).Is(302);
            Assert.StartsWith($"{Redirect}{mark}error=access_denied&", sent.Location, StringComparison.Ordinal);
        }
        Assert.Equal(0, await Company.OneAsync(registry, $"SELECT count(*) FROM oauth_token t JOIN oauth_application a ON a.id = t.application_id WHERE a.client_id = '{client}'"));
    }

    [Fact]
    public async Task Without_the_token_of_its_page_no_form_is_taken_whatever_the_credential()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var page = await AskAsync(owner, client);
        var others = await AskAsync(await registry.CreateUserAsync(), null);

        foreach (var path in (string[])["/oauth/authorizeapp", "/oauth/denyapp", "/oauth/authorize/assignuser"])
        {
            (await SubmitAsync(page with { Fields = [.. page.Fields.Where(static f => f.Name != "_csrf_token")] }, path)).Is(403);
            (await SubmitAsync(page with { Fields = [.. page.Fields.Where(static f => f.Name != "_csrf_token"), ("_csrf_token", others.Browser.Csrf!)] }, path)).Is(403);
            var body = FormOf(page.Fields.Where(static f => f.Name != "_csrf_token"));
            (await owner.Client.SendAsync("POST", path, body, ("Content-Type", "application/x-www-form-urlencoded"))).Is(403);
            (await registry.Anonymous.SendAsync("POST", path, body, ("Content-Type", "application/x-www-form-urlencoded"))).Is(401);
        }
    }

    [Fact]
    public async Task Neither_a_token_nor_a_robot_consents()
    {
        var (owner, org, client, _) = await ApplicationAsync();
        var app = (await owner.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"build"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;
        var token = (await owner.Client.MintAsync(org, client, "org:admin repo:admin user:admin")).GetProperty("token").GetString()!;
        var robot = await registry.CreateRobotAsync(owner.Client, org, "ci");
        var path = $"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read";

        foreach (var by in new[] { registry.ClientFor("$app", app), registry.BearerOf(token), robot })
        {
            (await by.ReadAsync(path)).Is(403);
            (await by.SendAsync("POST", "/oauth/authorizeapp", [], ("Content-Type", "application/x-www-form-urlencoded"))).Is(403);
        }
        (await registry.Anonymous.ReadAsync(path)).Is(401);
    }

    [Fact]
    public async Task Only_admins_consent_and_whom_one_assigned_a_token_once()
    {
        var (owner, org, client, secret) = await ApplicationAsync();
        var user = await registry.CreateUserAsync();
        await owner.Client.CreateTeamAsync(org, "members", "member", user.Name);
        (await AskAsync(user, client)).Answer.Is(403);
        var browser = await Browser.SignedInAsync(registry, owner);
        var to = $"/oauth/authorize/assignuser?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read&response_type=code";

        (await browser.SendAsync("POST", $"{to}&username={user.Name}")).Is(200);
        var list = (await user.Client.ReadAsync("/api/v1/user/assignedauthorization")).Is(200);
        var uuid = list.Json.GetProperty("authorizations")[0].GetProperty("uuid").GetString()!;
        await Body.MatchesAsync(list, "listAssignedAuthorizations", (uuid, "<uuid>"), (org, "<org>"), (client, "<client>"));
        (await AskAsync(user, client, ("scope", "repo:read"))).Answer.Is(403);
        (await AskAsync(user, client, ("assignment_uuid", uuid), ("scope", "repo:admin"))).Answer.Is(404);
        (await AskAsync(owner, client, ("assignment_uuid", uuid), ("scope", "repo:read"))).Answer.Is(404);
        var page = await AskAsync(user, client, ("assignment_uuid", uuid), ("scope", "repo:read"));
        var code = Query((await SubmitAsync(page)).Is(302).Location)["code"]!;
        var token = (await ExchangeAsync(client, code, ("client_secret", secret))).Is(200).Json.GetProperty("access_token").GetString()!;
        (await registry.ClientFor("$oauthtoken", token).ReadAsync("/v2/")).Is(200);
        (await SubmitAsync(page)).Is(404);
        Assert.Empty((await user.Client.ReadAsync("/api/v1/user/assignedauthorization")).Is(200).Json.GetProperty("authorizations").EnumerateArray());
    }

    [Fact]
    public async Task An_assignment_is_made_by_an_admin_for_a_person_and_can_be_given_back()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var user = await registry.CreateUserAsync();
        var (browser, stranger) = (await Browser.SignedInAsync(registry, owner), await Browser.SignedInAsync(registry, user));
        var to = $"/oauth/authorize/assignuser?format=json&client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&response_type=token";

        (await stranger.SendAsync("POST", $"{to}&scope=repo:read&username={user.Name}")).Is(403);
        (await browser.SendAsync("POST", $"{to}&scope=repo:read&username=nobody-there")).Is(404);
        (await browser.SendAsync("POST", $"{to}&scope=repo:read")).Is(404);
        (await browser.SendAsync("POST", $"{to}&scope=nothing&username={user.Name}")).Is(400);
        (await browser.SendAsync("POST", $"{to.Replace(client, "ABCDEFGHIJKLMNOPQRST", StringComparison.Ordinal)}&scope=repo:read&username={user.Name}")).Is(404);
        var uuid = (await browser.SendAsync("POST", $"{to}&scope=repo:read&username={user.Name}")).Is(200).Json.GetProperty("uuid").GetString();
        (await owner.Client.SendAsync("DELETE", $"/api/v1/user/assignedauthorization/{uuid}")).Is(404);
        (await user.Client.SendAsync("DELETE", $"/api/v1/user/assignedauthorization/{uuid}")).Is(204);
        (await user.Client.SendAsync("DELETE", $"/api/v1/user/assignedauthorization/{uuid}")).Is(404);
    }

    [Fact]
    public async Task The_page_runs_nothing_stands_in_no_frame_and_shows_text_as_text()
    {
        var owner = await registry.CreateUserAsync();
        var org = await owner.Client.CreateOrganizationAsync();
        var (client, _) = await owner.Client.CreateApplicationAsync(org, "<script>alert(1)</script>");
        var page = await AskAsync(owner, client, ("state", "\"><script>alert(2)</script>"), ("scope", "repo:read user:admin"));
        var policy = page.Answer.Header("Content-Security-Policy")!;

        Assert.DoesNotContain("<script", page.Answer.Text, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)", page.Answer.Text, StringComparison.Ordinal);
        Assert.Contains("(powerful)", page.Answer.Text, StringComparison.Ordinal);
        Assert.Contains("app.example.test", page.Answer.Text, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("form-action 'self' https://app.example.test:443", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("DENY", page.Answer.Header("X-Frame-Options"));
        Assert.Equal("no-referrer", page.Answer.Header("Referrer-Policy"));
        Assert.Equal("no-store", page.Answer.Header("Cache-Control"));
        Assert.Equal("nosniff", page.Answer.Header("X-Content-Type-Options"));
        var style = StyleOf().Match(page.Answer.Text).Groups["text"].Value;
        Assert.Contains($"style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)))}'", policy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_servers_own_page_shows_the_token_to_its_person()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var local = registry.Url.GetLeftPart(UriPartial.Authority) + "/oauth/localapp";
        var page = await AskAsync(owner, client, ("response_type", "token"), ("redirect_uri", local));
        var sent = (await SubmitAsync(page)).Is(302);

        Assert.StartsWith(local + "?scope=", sent.Location, StringComparison.Ordinal);
        (await registry.BearerOf(Fragment(sent.Location)["access_token"]!).ReadAsync("/api/v1/user/")).Is(200);
        var shown = (await page.Browser.SendAsync("GET", new Uri(sent.Location).PathAndQuery)).Is(200);
        Assert.Contains("script-src 'self'", shown.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("text/javascript", (await registry.Anonymous.ReadAsync("/oauth/localapp.js")).Is(200).ContentHeaders.ContentType!.MediaType);
        Assert.Contains("Authorization canceled", (await page.Browser.SendAsync("GET", "/oauth/localapp")).Is(200).Text, StringComparison.Ordinal);
        (await registry.Anonymous.ReadAsync("/oauth/localapp?scope=a")).Is(401);
        Assert.Equal("unsupported_response_type", Query((await owner.Client.ReadAsync($"/oauth/authorize?client_id={client}&scope=repo:read&redirect_uri={Uri.EscapeDataString(local)}")).Is(302).Location)["error"]);
    }

    [Fact]
    public async Task A_page_of_another_kind_asks_and_gets_its_answer_in_JSON()
    {
        var (owner, _, client, _) = await ApplicationAsync();
        var browser = await Browser.SignedInAsync(registry, owner);
        var asked = (await browser.SendAsync("GET", $"/oauth/authorize?format=json&client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=user:read&response_type=token")).Is(200).Json;

        Assert.Equal("robot", asked.GetProperty("application").GetProperty("name").GetString());
        Assert.Equal("user:read", asked.GetProperty("scopes")[0].GetProperty("scope").GetString());
        Assert.Equal(browser.Csrf, asked.GetProperty("csrf_token").GetString());
        var form = FormOf([("format", "json"), ("client_id", client), ("redirect_uri", Redirect), ("scope", "user:read"), ("state", "s")]);
        var made = (await registry.Anonymous.SendAsync("POST", "/oauth/authorizeapp", form, ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", $"wharf-session={browser.Cookie}"), ("X-CSRF-Token", browser.Csrf!))).Is(200).Json;
        Assert.Equal(("s", "user:read"), (made.GetProperty("state").GetString(), made.GetProperty("scope").GetString()));
        (await registry.BearerOf(made.GetProperty("access_token").GetString()!).ReadAsync("/api/v1/user/")).Is(200);
    }

    [Theory]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    [InlineData("grant_type", "", "invalid_request")]
    [InlineData("code", "", "invalid_request")]
    [InlineData("code", "WHCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "invalid_grant")]
    [InlineData("code", "nothing", "invalid_grant")]
    [InlineData("redirect_uri", "https://app.example.test/other", "invalid_grant")]
    [InlineData("redirect_uri", "", "invalid_request")]
    public async Task A_code_is_exchanged_only_as_it_was_given(string field, string value, string error)
    {
        var (owner, _, client, secret) = await ApplicationAsync();
        var code = await CodeAsync(owner, client);

        Refused(await ExchangeAsync(client, code, ("client_secret", secret), (field, value)), error);
        (await ExchangeAsync(client, code, ("client_secret", secret))).Is(200);
    }

    [Fact]
    public async Task Only_small_forms_are_read()
    {
        var (_, _, client, secret) = await ApplicationAsync();
        var fields = $"grant_type=authorization_code&client_id={client}&client_secret={secret}&redirect_uri={Uri.EscapeDataString(Redirect)}&code=";

        foreach (var (type, body) in ((string, string)[])[
            ("application/json", "{}"), ("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nauthorization_code\r\n--x--\r\n"), ("nothing", fields), ("", fields),
            ("application/x-www-form-urlencoded", fields + new string('a', 20_000)), ("application/x-www-form-urlencoded", string.Join('&', Enumerable.Range(0, 100).Select(static i => $"a{i}=b"))),
            ("application/x-www-form-urlencoded", new string('a', 2_000_000)), ("application/x-www-form-urlencoded", fields + "x&code=y"), ("application/x-www-form-urlencoded", fields + "%00"), ("application/x-www-form-urlencoded", "&&=&=")])
            Refused(await registry.Anonymous.SendAsync("POST", "/oauth/access_token", Encoding.UTF8.GetBytes(body), type.Length == 0 ? [] : [("Content-Type", type)]), "invalid_request");
    }

    [Fact]
    public async Task Another_application_gets_nothing_for_a_code_and_ends_nothing()
    {
        var (owner, org, client, secret) = await ApplicationAsync();
        var (other, othersSecret) = await owner.Client.CreateApplicationAsync(org, "other");
        var code = await CodeAsync(owner, client);

        Refused(await ExchangeAsync(other, code, ("client_secret", othersSecret)), "invalid_grant");
        var token = (await ExchangeAsync(client, code, ("client_secret", secret))).Is(200).Json.GetProperty("access_token").GetString()!;
        Refused(await ExchangeAsync(other, code, ("client_secret", othersSecret)), "invalid_grant");
        Refused(await ExchangeAsync(client, code[..^1] + (code[^1] == 'A' ? 'B' : 'A'), ("client_secret", secret)), "invalid_grant");
        (await registry.BearerOf(token).ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task A_code_goes_with_its_application_and_its_person()
    {
        var (owner, org, client, secret) = await ApplicationAsync();
        var code = await CodeAsync(owner, client);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{owner.Name}", """{"enabled":false}""")).Is(200);
        Refused(await ExchangeAsync(client, code, ("client_secret", secret)), "invalid_grant");
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{owner.Name}", """{"enabled":true}""")).Is(200);

        (await owner.Client.SendAsync("DELETE", $"/api/v1/organization/{org}/applications/{client}")).Is(204);

        Refused(await ExchangeAsync(client, code, ("client_secret", secret)), "invalid_client");
        Assert.Equal(0, await Company.OneAsync(registry, $"SELECT count(*) FROM oauth_code c JOIN account a ON a.id = c.account_id JOIN namespace n ON n.id = a.id WHERE n.name = '{owner.Name}'"));
    }

    [Fact]
    public async Task A_code_is_good_for_a_minute()
    {
        var (owner, _, client, secret) = await ApplicationAsync();
        var code = await CodeAsync(owner, client);
        await using (var connection = await registry.OpenDatabaseAsync())
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"UPDATE oauth_code SET expires_ms = expires_ms - 60000 WHERE code_id = '{code.Substring(3, 13)}'";
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        Refused(await ExchangeAsync(client, code, ("client_secret", secret)), "invalid_grant");
    }

    private async Task<(Account Owner, string Organization, string ClientId, string Secret)> ApplicationAsync()
    {
        var owner = await registry.CreateUserAsync();
        var org = await owner.Client.CreateOrganizationAsync();
        var (client, secret) = await owner.Client.CreateApplicationAsync(org, redirect: Redirect);
        return (owner, org, client, secret);
    }

    /// <summary>Opens the page on which the person is asked; only signs in where there is no application.</summary>
    private async Task<Page> AskAsync(Account person, string? client, params (string Name, string Value)[] changed)
    {
        var browser = await Browser.SignedInAsync(registry, person);
        if (client is null)
            return new Page(browser, null!, []);
        (string Name, string Value)[] usual = [("client_id", client), ("redirect_uri", Redirect), ("response_type", "code"), ("scope", "repo:read user:read"), ("state", "a b&c")];
        var answer = await browser.SendAsync("GET", "/oauth/authorize?" + Encoding.UTF8.GetString(FormOf([.. usual.Where(u => changed.All(c => c.Name != u.Name)), .. changed])));
        return new Page(browser, answer, [.. HiddenFields().Matches(answer.Text).Select(static m => (m.Groups["name"].Value, HttpUtility.HtmlDecode(m.Groups["value"].Value)))]);
    }

    private Task<Answer> SubmitAsync(Page page, string path = "/oauth/authorizeapp") =>
        registry.Anonymous.SendAsync("POST", path, FormOf(page.Fields), ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", $"wharf-session={page.Browser.Cookie}"));

    // Who has consented before is not asked again.
    private async Task<string> CodeAsync(Account person, string client, params (string Name, string Value)[] changed)
    {
        var page = await AskAsync(person, client, changed);
        return Query((page.Fields.Length == 0 ? page.Answer : await SubmitAsync(page)).Is(302).Location)["code"]!;
    }

    private Task<Answer> ExchangeAsync(string client, string code, params (string Name, string Value)[] fields) => ExchangeAsync(client, code, null, fields);

    private Task<Answer> ExchangeAsync(string client, string code, string? basic, params (string Name, string Value)[] fields)
    {
        (string Name, string Value)[] usual = [("grant_type", "authorization_code"), ("client_id", client), ("code", code), ("redirect_uri", Redirect)];
        (string, string)[] headers = [("Content-Type", "application/x-www-form-urlencoded"), .. basic is null ? Array.Empty<(string, string)>() : [("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)))]];
        return registry.Anonymous.SendAsync("POST", "/oauth/access_token", FormOf([.. usual.Where(u => fields.All(f => f.Name != u.Name)), .. fields]), headers);
    }

    private static void Refused(Answer answer, string error, int status = 400)
    {
        Assert.Equal(error, answer.Is(status).Json.GetProperty("error").GetString());
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.False(string.IsNullOrEmpty(answer.Json.GetProperty("error_description").GetString()));
    }

    private static byte[] FormOf(IEnumerable<(string Name, string Value)> fields) => Encoding.ASCII.GetBytes(string.Join('&', fields.Select(static f => $"{f.Name}={Uri.EscapeDataString(f.Value)}")));

    private static System.Collections.Specialized.NameValueCollection Query(string location) => HttpUtility.ParseQueryString(new Uri(location).Query);

    private static System.Collections.Specialized.NameValueCollection Fragment(string location) => HttpUtility.ParseQueryString(new Uri(location).Fragment.TrimStart('#'));

    private sealed record Page(Browser Browser, Answer Answer, (string Name, string Value)[] Fields);

    [GeneratedRegex("<input type=\"hidden\" name=\"(?<name>[^\"]*)\" value=\"(?<value>[^\"]*)\">", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HiddenFields();

    [GeneratedRegex("<style>(?<text>.*?)</style>", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1000)]
    private static partial Regex StyleOf();
}
