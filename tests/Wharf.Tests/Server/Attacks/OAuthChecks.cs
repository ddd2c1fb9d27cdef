using System.Text;
using System.Web;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.OAuth;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

/// <summary>What somebody tries who has a narrow OAuth token, or wants to get one that is not meant for him.</summary>
internal sealed class OAuthChecks(AttackedRegistry registry) : Checks(registry)
{
    private const string Redirect = "https://app.example.test/callback";

    [Attack("Z07b")]
    public async Task An_OAuth_token_that_reads_on_every_operation()
    {
        var world = await Registry.WorldAsync();
        var open = new List<string>();
        foreach (var row in AuthorizationTests.Load())
        {
            // Whoever signs in or out shows another credential, or none.
            if (row.Method == "GET" || row.Path.StartsWith("/api/v1/sign", StringComparison.Ordinal) || row.Expected[0] < 400)
                continue;
            var answer = await world.SendAsync("oauth_read", row.Method, row.Path, row.Body);
            if ((int)answer.Status < 400)
                open.Add($"{row.Method} {row.Path}: {(int)answer.Status} {answer.Text}");
        }
        Assert.Equal([], open);
    }

    [Attack("Z08b")]
    public async Task A_token_that_makes_a_wider_one()
    {
        var owner = await Registry.CreateUserAsync();
        var (organization, client, token, _) = await owner.MintAsync("org:admin repo:read");
        var (bearer, path) = (Registry.BearerOf(token), $"/api/v1/organization/{organization}/applications/{client}/tokens");
        foreach (var scope in new[] { "repo:write", "repo:admin", "repo:create", "user:read", "user:admin", "super:user", "org:admin,repo:admin", OAuthRequests.AllScopes })
            (await bearer.SendJsonAsync("POST", path, $$"""{"name":"wider","scope":"{{scope}}"}""")).Is(403);
        foreach (var (method, to, body) in ((string, string, string)[])[("POST", "/api/v1/user/apptoken", """{"title":"wider"}"""), ("POST", "/api/v1/user/clientkey", $$"""{"password":"{{owner.Password}}"}"""), ("PUT", "/api/v1/user/", """{"password":"another password"}""")])
            (await bearer.SendJsonAsync(method, to, body)).Is(403);
        (await bearer.ReadAsync($"/oauth/authorize?client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:admin")).Is(403);
        (await bearer.SendAsync("POST", "/oauth/authorizeapp", Encoding.UTF8.GetBytes($"client_id={client}&redirect_uri={Redirect}&scope=repo:admin"), ("Content-Type", "application/x-www-form-urlencoded"))).Is(403);
    }

    [Attack("Z09b")]
    public async Task A_token_that_was_assigned_to_another()
    {
        var (owner, meant, thief) = (await Registry.CreateUserAsync(), await Registry.CreateUserAsync(), await Registry.CreateUserAsync());
        var (_, client) = await ApplicationAsync(owner);
        var admin = await Browser.SignedInAsync(Registry, owner);
        var request = $"client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read&response_type=token";
        var uuid = (await admin.SendAsync("POST", $"/oauth/authorize/assignuser?format=json&username={meant.Name}&{request}")).Is(200).Json.GetProperty("uuid").GetString();

        (await thief.Client.ReadAsync($"/oauth/authorize?{request}&assignment_uuid={uuid}")).Is(404);
        (await AllowAsync(await Browser.SignedInAsync(Registry, thief), $"{request}&assignment_uuid={uuid}")).Is(404);
        (await AllowAsync(await Browser.SignedInAsync(Registry, thief), request)).Is(403);
        (await thief.Client.SendAsync("DELETE", $"/api/v1/user/assignedauthorization/{uuid}")).Is(404);
        var browser = await Browser.SignedInAsync(Registry, meant);
        (await AllowAsync(browser, $"{request}&assignment_uuid={uuid}".Replace("repo:read", "repo:admin", StringComparison.Ordinal))).Is(404);
        (await AllowAsync(browser, $"{request}&assignment_uuid={uuid}")).Is(302);
        (await AllowAsync(browser, $"{request}&assignment_uuid={uuid}")).Is(404);
    }

    [Attack("F01")]
    public async Task A_redirection_to_somewhere_else()
    {
        var owner = await Registry.CreateUserAsync();
        var (_, client) = await ApplicationAsync(owner);
        var browser = await Browser.SignedInAsync(Registry, owner);
        foreach (var target in new[] { "https://evil.example.test/", Redirect + ".evil.example.test", Redirect + "/../../evil", Redirect + "%2f..", Redirect + "?next=https://evil.example.test", "https://app.example.test@evil.example.test/callback", "//evil.example.test/callback", "javascript:alert(1)", "data:text/html,x", Redirect + "\r\nLocation: https://evil.example.test/", Redirect.ToUpperInvariant(), "" })
            foreach (var type in new[] { "code", "token" })
            {
                var request = $"client_id={client}&redirect_uri={Uri.EscapeDataString(target)}&scope=repo:read&response_type={type}";
                Assert.Null((await browser.SendAsync("GET", $"/oauth/authorize?{request}")).Is(400).Header("Location"));
                Assert.Null((await AllowAsync(browser, request)).Is(400).Header("Location"));
                Assert.Null((await AllowAsync(browser, request, "/oauth/denyapp")).Is(400).Header("Location"));
            }
        // Of two neither counts.
        (await browser.SendAsync("GET", $"/oauth/authorize?client_id={client}&redirect_uri={Redirect}&redirect_uri=https://evil.example.test/&scope=repo:read")).Is(400);
    }

    [Attack("F02")]
    public async Task A_stolen_code()
    {
        var owner = await Registry.CreateUserAsync();
        var (organization, client) = await ApplicationAsync(owner);
        var (others, othersSecret) = await owner.Client.CreateApplicationAsync(organization, "other");
        var secret = (await owner.Client.ReadAsync($"/api/v1/organization/{organization}/applications/{client}")).Is(200).Json.GetProperty("client_secret").GetString()!;
        var browser = await Browser.SignedInAsync(Registry, owner);
        const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // of RFC 7636, appendix B
        const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        var request = $"client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read&response_type=code&code_challenge={Challenge}&code_challenge_method=S256";
        var code = HttpUtility.ParseQueryString(new Uri((await AllowAsync(browser, request)).Is(302).Location).Query)["code"]!;

        foreach (var fields in new[]
        {
            $"client_id={client}", $"client_id={client}&client_secret={secret}", $"client_id={client}&code_verifier={Challenge}", $"client_id={others}&client_secret={othersSecret}&code_verifier={Verifier}",
            $"client_id={client}&client_secret={othersSecret}&code_verifier={Verifier}", $"client_id={client}&code_verifier={Verifier}&redirect_uri=https://evil.example.test/", $"client_id={client}&code_verifier={Verifier}&code_verifier={Verifier}",
        })
            (await ExchangeAsync(fields)).Is(400);
        var token = (await ExchangeAsync($"client_id={client}&code_verifier={Verifier}")).Is(200).Json.GetProperty("access_token").GetString()!;
        (await Registry.BearerOf(token).ReadAsync("/v2/")).Is(200);
        (await ExchangeAsync($"client_id={client}&code_verifier={Verifier}")).Is(400);
        (await Registry.BearerOf(token).ReadAsync("/v2/")).Is(401);

        Task<Answer> ExchangeAsync(string fields) => Anonymous.SendAsync("POST", "/oauth/access_token",
            Encoding.UTF8.GetBytes($"grant_type=authorization_code&code={code}&{fields}{(fields.Contains("redirect_uri", StringComparison.Ordinal) ? "" : "&redirect_uri=" + Uri.EscapeDataString(Redirect))}"), ("Content-Type", "application/x-www-form-urlencoded"));
    }

    [Attack("F03")]
    public async Task A_page_that_consents_for_the_person()
    {
        var owner = await Registry.CreateUserAsync();
        var (_, client) = await ApplicationAsync(owner);
        var (browser, attacker) = (await Browser.SignedInAsync(Registry, owner), await Browser.SignedInAsync(Registry, await Registry.CreateUserAsync()));
        var request = $"client_id={client}&redirect_uri={Uri.EscapeDataString(Redirect)}&scope=repo:read&response_type=token";
        var page = (await browser.SendAsync("GET", $"/oauth/authorize?{request}")).Is(200);

        Assert.Contains("frame-ancestors 'none'", page.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Equal("DENY", page.Header("X-Frame-Options"));
        foreach (var csrf in new[] { "", "x", attacker.Csrf! })
            foreach (var path in new[] { "/oauth/authorizeapp", "/OAUTH/authorizeapp", "/oauth/denyapp", "/oauth/authorize/assignuser" })
            {
                var body = Encoding.UTF8.GetBytes($"{request}&username={owner.Name}&_csrf_token={Uri.EscapeDataString(csrf)}");
                (await Anonymous.SendAsync("POST", path, body, ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", $"wharf-session={browser.Cookie}"))).Is(403);
                // A browser adds a password by itself that it was told once.
                (await owner.Client.SendAsync("POST", path, body, ("Content-Type", "application/x-www-form-urlencoded"))).Is(403);
            }
        Assert.Empty((await owner.Client.ReadAsync("/api/v1/user/authorizations")).Is(200).Json.GetProperty("authorizations").EnumerateArray());
    }

    private static async Task<(string Organization, string ClientId)> ApplicationAsync(Account owner)
    {
        var organization = await owner.Client.CreateOrganizationAsync();
        return (organization, (await owner.Client.CreateApplicationAsync(organization, redirect: Redirect)).ClientId);
    }

    private Task<Answer> AllowAsync(Browser browser, string form, string path = "/oauth/authorizeapp") => Anonymous.SendAsync("POST", path, Encoding.UTF8.GetBytes(form),
        ("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", $"wharf-session={browser.Cookie}"), ("X-CSRF-Token", browser.Csrf!));
}
