using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Wharf.Tests.Server.Accounts;

namespace Wharf.Tests.Server.Attacks;

internal sealed class SessionChecks(AttackedRegistry registry) : Checks(registry)
{
    private static readonly string[] Flags = ["; path=/", "; httponly", "; samesite=lax"];

    [Attack("W01")]
    public async Task A_session_id_that_was_fixed_before_the_login()
    {
        var planted = new Browser(Anonymous);
        planted.Csrf = (await planted.SendAsync("GET", "/csrf_token")).Is(200).Json.GetProperty("csrf_token").GetString();
        var (cookie, csrf) = (planted.Cookie, planted.Csrf);

        (await planted.SendAsync("POST", "/api/v1/signin", Credentials)).Is(200);

        Assert.NotEqual(cookie, planted.Cookie);
        Assert.NotEqual(csrf, planted.Csrf);
        (await new Browser(Anonymous) { Cookie = cookie, Csrf = csrf }.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await new Browser(Anonymous) { Cookie = planted.Cookie, Csrf = csrf }.SendAsync("DELETE", "/api/v1/user/sessions")).Is(403);
        (await planted.SendAsync("GET", "/api/v1/user/")).Is(200);
        var again = planted.Cookie;
        (await planted.SendAsync("POST", "/api/v1/signin", Credentials)).Is(200);
        (await new Browser(Anonymous) { Cookie = again }.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Attack("W02")]
    public async Task A_change_with_the_cookie_alone()
    {
        var browser = await Browser.SignedInAsync(Registry, Registry.User);
        var cookie = ("Cookie", $"wharf-session={browser.Cookie}");
        var repository = "forged" + Guid.NewGuid().ToString("n");
        var body = Encoding.UTF8.GetBytes($$"""{"repository":"{{repository}}","visibility":"private","description":""}""");

        foreach (var type in new[] { "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" })
            foreach (var header in new[] { ("Origin", "https://evil.example"), ("X-CSRF-Token", "null"), ("X-Csrf-Token", browser.Csrf![1..] + "A"), ("X-Requested-With", "XMLHttpRequest"), ("X-HTTP-Method-Override", "GET") })
                (await Anonymous.SendAsync("POST", "/api/v1/repository", body, cookie, ("Content-Type", type), header)).Is(403);
        (await Anonymous.SendAsync("POST", $"/api/v1/repository?_csrf_token={browser.Csrf}", body, cookie, ("Content-Type", "application/json"))).Is(403);
        (await Anonymous.SendAsync("POST", "/api/v1/repository", body, cookie, ("X-CSRF-Token", browser.Csrf!), ("X-CSRF-Token", browser.Csrf!))).Is(403);
        foreach (var (method, path) in new[] { ("PUT", "/api/v1/user/"), ("DELETE", "/api/v1/user/"), ("PUT", "/api/v1/user/robots/forged"), ("POST", "/api/v1/signout"), ("DELETE", $"/api/v1/repository/{User}/x") })
            (await Anonymous.SendAsync(method, path, "{}"u8.ToArray(), cookie, ("Content-Type", "application/json"))).Is(403);

        (await Client.SendJsonAsync("POST", "/api/v1/repository", Encoding.UTF8.GetString(body))).Is(201);
    }

    [Attack("W03", Slow = true)]
    public async Task The_flags_of_the_cookie()
    {
        await using (var tls = await Server.Registry.StartAsync<TlsRegistry>())
        {
            var browser = new Browser(tls.Anonymous, "__Host-wharf-session");
            (await browser.SignInAsync(Server.Registry.Admin, tls.AdminPassword)).Is(200);
            (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
            Assert.All([.. Flags, "; secure"], flag => Assert.Contains(flag, browser.SetCookie, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain("domain=", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
            // What a plain connection could have planted is not looked at.
            (await tls.Anonymous.ReadAsync("/api/v1/user/", ("Cookie", $"wharf-session={browser.Cookie}"))).Is(401);
        }
        await using var proxied = await Server.Registry.StartAsync<ProxiedRegistry>();
        var behind = (await proxied.Anonymous.ReadAsync("/csrf_token", ("X-Forwarded-Proto", "https"))).Header("Set-Cookie")!;
        Assert.StartsWith("__Host-wharf-session=", behind, StringComparison.Ordinal);
        Assert.Contains("; secure", behind, StringComparison.OrdinalIgnoreCase);
        Assert.StartsWith("wharf-session=", (await Anonymous.ReadAsync("/csrf_token", ("X-Forwarded-Proto", "https"))).Header("Set-Cookie"), StringComparison.Ordinal);
    }

    [Attack("W04")]
    public async Task What_a_changed_password_and_signing_out_everywhere_leave()
    {
        var user = await Registry.CreateUserAsync();
        var (mine, other) = (await Browser.SignedInAsync(Registry, user), await Browser.SignedInAsync(Registry, user));
        var token = await user.Client.TokenAsync();
        Assert.Equal(2, (await mine.SendAsync("GET", "/api/v1/user/sessions")).Json.GetProperty("sessions").GetArrayLength());

        (await mine.SendAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        Assert.Equal(1, (await mine.SendAsync("GET", "/api/v1/user/sessions")).Is(200).Json.GetProperty("sessions").GetArrayLength());
        (await other.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(401);
        (await Registry.ClientFor(user.Name, "another password").SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
        (await mine.SendAsync("GET", "/api/v1/user/")).Is(401);
    }

    [Attack("W08")]
    public async Task Signing_others_in_and_out()
    {
        var attacker = new Browser(Anonymous);
        var token = (await attacker.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();
        var victim = new Browser(Anonymous);
        await victim.SendAsync("GET", "/csrf_token");
        foreach (var csrf in new[] { null, token })
        {
            victim.Csrf = csrf;
            Assert.Null((await victim.SendAsync("POST", "/api/v1/signin", Credentials)).Is(403).Header("Set-Cookie"));
        }
        (await Anonymous.SendAsync("POST", "/api/v1/signin", Encoding.UTF8.GetBytes(Credentials), ("Content-Type", "text/plain"), ("Origin", "https://evil.example"))).Is(403);

        var browser = await Browser.SignedInAsync(Registry, Registry.User);
        // A form of another site sends no cookie (SameSite), so the answer must not take it away either.
        Assert.Null((await Anonymous.SendAsync("POST", "/api/v1/signout", [], ("Origin", "https://evil.example"))).Header("Set-Cookie"));
        (await browser.SendAsync("GET", "/api/v1/signout")).Is(405);
        browser.Csrf = token;
        Assert.Null((await browser.SendAsync("POST", "/api/v1/signout")).Is(403).Header("Set-Cookie"));
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
    }

    [Attack("W09")]
    public static async Task Locking_out_somebody_by_wrong_passwords()
    {
        await using var registry = await Server.Registry.StartAsync<StrictRegistry>();
        var (victim, neighbour) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var robot = (await victim.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        var (token, browser) = (await victim.Client.TokenAsync(), await Browser.SignedInAsync(registry, victim));
        var wrong = registry.ClientFor(victim.Name, "wrong password");
        Answer last;
        do
            last = await wrong.ReadAsync("/api/v1/user/");
        while (last.Status == HttpStatusCode.Unauthorized);

        last.Is(429);
        Assert.NotNull(last.Header("Retry-After"));
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
        (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(200);
        (await registry.ClientFor($"{victim.Name}+ci", robot).ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await registry.ClientFor(neighbour.Name, neighbour.Password).ReadAsync("/api/v1/user/")).Is(200);
        (await new Browser(registry.Anonymous).SignInAsync(victim.Name, "one more guess")).Is(429);

        // Whoever tries from elsewhere does not wait.
        using var elsewhere = From(IPAddress.Parse("127.0.0.2"), registry.Url);
        await Browser.SignedInAsync(elsewhere, victim.Name, victim.Password);
    }

    [Attack("W10")]
    public async Task A_long_password_that_is_equal_at_first()
    {
        var start = new string('p', 80);
        var name = "long" + Guid.NewGuid().ToString("n");
        (await Registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{name}}","password":"{{start}}1"}""")).Is(200);

        (await new Browser(Anonymous).SignInAsync(name, start + "2")).Is(403);
        (await new Browser(Anonymous).SignInAsync(name, start)).Is(403);
        (await Registry.ClientFor(name, start + "2").ReadAsync("/v2/")).Is(401);
        (await new Browser(Anonymous).SignInAsync(name, start + "1")).Is(200);
    }

    [Attack("W11")]
    public async Task The_password_of_a_first_start()
    {
        foreach (var name in new[] { "admin", "administrator", "root", "quay", "quayadmin", "wharf", "user" })
            foreach (var password in new[] { "admin", "password", "Harbor12345", "quayadmin", "changeme", "wharf", name })
                (await Registry.ClientFor(name, password).ReadAsync("/api/v1/user/")).Is(401);
        (await Anonymous.SendJsonAsync("POST", "/api/v1/user/initialize", """{"username":"second","password":"a password","email":"s@b.test"}""")).Is(400);
    }

    [Attack("Z03")]
    public async Task Rights_that_the_body_asks_for()
    {
        const string Rights = "\"is_admin\":true,\"has_admin_role\":true,\"superuser\":true,\"super_user\":true,\"verified\":true,\"enabled\":true,\"id\":1,\"kind\":\"organization\",\"credential\":0";
        var name = "meek" + Guid.NewGuid().ToString("n");
        IsOneOf(await Registry.Client.SendJsonAsync("POST", "/api/v1/superuser/users/", $$"""{"username":"{{name}}","password":"a password",{{Rights}}}"""), 200, 400);
        var user = Registry.ClientFor(name, "a password");

        IsOneOf(await user.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"username":"admin",{{Rights}}}"""), 200, 400);

        (await user.ReadAsync("/api/v1/superuser/users/")).Is(403);
        (await user.SendJsonAsync("PUT", $"/api/v1/superuser/users/{name}", """{"superuser":true}""")).Is(403);
        Assert.Equal(name, (await user.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("username").GetString());
        Assert.False((await user.ReadAsync("/api/v1/user/")).Json.TryGetProperty("super_user", out _));
    }

    [Attack("R05")]
    public async Task A_robot_that_has_ended_with_a_bearer_that_has_not()
    {
        var user = await Registry.CreateUserAsync();
        await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        async Task<string> BearerAsync(string name)
        {
            var robot = (await user.Client.SendAsync("PUT", $"/api/v1/user/robots/{name}")).Is(201).Json.GetProperty("token").GetString()!;
            var bearer = await Registry.ClientFor($"{user.Name}+{name}", robot).TokenAsync();
            (await Anonymous.WithTokenAsync(bearer, "GET", "/v2/")).Is(200);
            return bearer;
        }
        var (expired, deleted, renewed, disabled) = (await BearerAsync("expired"), await BearerAsync("deleted"), await BearerAsync("renewed"), await BearerAsync("disabled"));

        (await user.Client.SendJsonAsync("PATCH", "/api/v1/user/robots/expired", """{"expiration":1}""")).Is(200);
        (await user.Client.SendAsync("DELETE", "/api/v1/user/robots/deleted")).Is(204);
        (await user.Client.SendAsync("POST", "/api/v1/user/robots/renewed/regenerate")).Is(200);
        foreach (var bearer in new[] { expired, deleted, renewed })
            (await Anonymous.WithTokenAsync(bearer, "GET", "/v2/")).Is(401);
        (await Registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200);
        (await Anonymous.WithTokenAsync(disabled, "GET", "/v2/")).Is(401);
    }

    [Attack("R08")]
    public static async Task Guessing_at_a_robot()
    {
        await using var registry = await Server.Registry.StartAsync<StrictRegistry>();
        var user = await registry.CreateUserAsync();
        var tokens = new List<string>();
        foreach (var name in new[] { "one", "two" })
            tokens.Add((await user.Client.SendAsync("PUT", $"/api/v1/user/robots/{name}")).Is(201).Json.GetProperty("token").GetString()!);
        var guesser = registry.ClientFor($"{user.Name}+one", tokens[1]);

        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 200; i++)
            statuses.Add((await guesser.ReadAsync("/v2/auth?service=wharf")).Status);

        Assert.True(statuses.Count(static s => s == HttpStatusCode.TooManyRequests) > 100);
        (await registry.ClientFor($"{user.Name}+two", tokens[1]).ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await registry.ClientFor(user.Name, user.Password).ReadAsync("/api/v1/user/")).Is(200);
    }

    private string Credentials => JsonSerializer.Serialize(new { username = User, password = Registry.User.Password });

    private static HttpClient From(IPAddress address, Uri url) => new(new SocketsHttpHandler
    {
        UseCookies = false,
        ConnectCallback = async (context, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            socket.Bind(new IPEndPoint(address, 0));
            await socket.ConnectAsync(context.DnsEndPoint, ct);
            return new NetworkStream(socket, ownsSocket: true);
        },
    })
    { BaseAddress = url };

    public sealed class StrictRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Auth:PasswordRounds"] = "1000",
            ["Auth:LoginBurst"] = "3",
            ["Auth:LoginRefillSeconds"] = "600",
        };
    }

    public sealed class ProxiedRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Auth:PasswordRounds"] = "1000", ["Server:TrustedProxies:0"] = "127.0.0.1/32" };
    }
}
