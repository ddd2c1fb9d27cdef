using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Wharf.Tests.Server.Attacks;

internal sealed class CredentialChecks(AttackedRegistry registry) : Checks(registry)
{
    private static readonly string[] IdentityHeaders =
        ["X-Remote-User", "X-WEBAUTH-USER", "X-Forwarded-User", "Remote-User", "X-Auth-Request-User", "X-MS-CLIENT-PRINCIPAL", "X-MS-CLIENT-PRINCIPAL-NAME", "X-Auth-User"];

    [Attack("A01")]
    public async Task No_credentials()
    {
        var answer = (await Anonymous.ReadAsync("/v2/")).Is(401, "UNAUTHORIZED");
        Assert.StartsWith("Bearer realm=", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
    }

    [Attack("A02")]
    public async Task Wrong_password()
    {
        (await SignInAsync(User, "wrong password")).Is(401);
        (await Registry.ClientFor(User, "wrong password").ReadAsync("/v2/auth?service=wharf")).Is(401);
    }

    [Attack("A03")]
    public async Task Empty_password()
    {
        (await SignInAsync(User, "")).Is(401);
        (await SignInAsync("", "")).Is(401);
    }

    [Attack("A06")]
    public async Task Hostile_user_names()
    {
        foreach (var name in new[] { "a\0b", "a\r\nb", "*)(uid=*", "' OR 1=1 --", "admin\0", "\u202Enimda", new string('a', 5000), "admin'; DROP TABLE account; --" })
        {
            (await SignInAsync(name, "password")).Is(401);
        }
        (await Anonymous.SendAsync("GET", "/v2/", null, ("Authorization", "Basic " + Convert.ToBase64String([0xFF, 0xFE, (byte)':', 0xFF])))).Is(401);
        (await Anonymous.SendAsync("GET", "/v2/", null, ("Authorization", "Basic !!!"))).Is(401);
        (await Anonymous.SendAsync("GET", "/v2/", null, ("Authorization", "Basic " + Convert.ToBase64String("nocolon"u8)))).Is(401);
    }

    [Attack("A14")]
    public async Task Two_authorization_headers()
    {
        var bad = "Authorization: Basic " + Convert.ToBase64String("nobody:nothing"u8);
        foreach (var pair in new[] { new[] { bad, Authorization }, [Authorization, bad] })
        {
            IsOneOf(await RawHttp.RequestAsync(Registry.Url, "GET", "/v2/", pair), 400, 401);
        }
    }

    [Attack("A15")]
    public async Task Credentials_in_the_query()
    {
        var token = await Client.TokenAsync("registry:catalog:*");
        foreach (var query in new[] { $"access_token={token}", $"token={token}", $"username={User}&password={Registry.User.Password}", $"authorization=Bearer%20{token}" })
        {
            (await Anonymous.ReadAsync("/v2/_catalog?" + query)).Is(401);
            (await Anonymous.ReadAsync("/v2/auth?service=wharf&" + query)).Is(401);
        }
    }

    [Attack("A16")]
    public async Task Identity_headers_of_a_proxy_that_is_not_there()
    {
        foreach (var header in IdentityHeaders)
        {
            (await Anonymous.ReadAsync("/v2/", (header, "admin"))).Is(401);
            (await Anonymous.SendAsync("POST", "/api/v1/superuser/users/", "{}"u8.ToArray(), ("Content-Type", "application/json"), (header, "admin"))).Is(401);
        }
    }

    [Attack("A21")]
    public async Task Unknown_user_and_wrong_password_look_the_same()
    {
        async Task<string> AskAsync(string name, string path)
        {
            var answer = await Registry.ClientFor(name, "wrong password").ReadAsync(path);
            return $"{answer.Status} {answer.Text} {answer.Header("WWW-Authenticate")}".Replace(answer.Header("X-Request-Id")!, "", StringComparison.Ordinal);
        }

        foreach (var path in new[] { "/v2/", "/v2/auth?service=wharf" })
        {
            Assert.Equal(await AskAsync(User, path), await AskAsync("nobody-" + User, path));
        }
    }

    [Attack("A22", Slow = true)]
    public static async Task Unknown_user_and_wrong_password_take_the_same_time()
    {
        // The work factor of production: with the cheap one of this fixture there would be nothing to tell apart.
        await using var registry = await Server.Registry.StartAsync<RealHashes>();
        var user = await registry.CreateUserAsync();
        async Task<double> MeasureAsync(HttpClient client)
        {
            var started = Stopwatch.GetTimestamp();
            (await client.ReadAsync("/v2/")).Is(401);
            return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        }

        var (known, unknown) = (registry.ClientFor(user.Name, "wrong password"), registry.ClientFor("nobody", "wrong password"));
        await MeasureAsync(known);
        await MeasureAsync(unknown);
        var difference = double.MaxValue;
        // Other work on this machine is noise; a real difference stays in every round.
        for (var round = 0; round < 3 && difference > 0; round++)
        {
            var (a, b) = (new List<double>(), new List<double>());
            for (var i = 0; i < 9; i++)
            {
                a.Add(await MeasureAsync(known));
                b.Add(await MeasureAsync(unknown));
            }
            var (medianKnown, medianUnknown) = (a.Order().ElementAt(4), b.Order().ElementAt(4));
            Assert.True(medianKnown > 5, $"A wrong password costs only {medianKnown} ms: no work factor.");
            difference = Math.Max(0, Math.Abs(medianKnown - medianUnknown) - Math.Max(8, 0.35 * Math.Max(medianKnown, medianUnknown)));
        }
        Assert.Equal(0, difference);
    }

    [Attack("A24")]
    public async Task Forwarded_headers_of_a_stranger()
    {
        foreach (var header in new[] { ("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example;proto=https"), ("X-Forwarded-Server", "evil.example"), ("X-Original-Host", "evil.example") })
        {
            var started = (await Client.SendAsync("POST", $"/v2/{Registry.NewRepository()}/blobs/uploads/", [], header, ("X-Forwarded-Proto", "https"))).Is(202);
            var challenged = (await Anonymous.SendAsync("GET", "/v2/", null, header)).Is(401);
            Assert.StartsWith("/v2/", started.Location, StringComparison.Ordinal);
            Assert.DoesNotContain("evil.example", challenged.Headers.ToString() + challenged.Text, StringComparison.Ordinal);
        }
    }

    [Attack("A25")]
    public async Task Host_header_of_somebody_else()
    {
        var answer = await RawHttp.SendAsync(Registry.Url, $"POST /v2/{Registry.NewRepository()}/blobs/uploads/ HTTP/1.1\r\nHost: evil.example\r\n{Authorization}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        Assert.True(answer.Status is 400 or 421 || answer.Head.Contains("\r\nLocation: /v2/", StringComparison.Ordinal), answer.Text);
        Assert.DoesNotContain("evil.example", answer.Text, StringComparison.Ordinal);
    }

    [Attack("A26")]
    public async Task Line_breaks_in_parameters()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        foreach (var target in new[]
        {
            $"/v2/{repository}/tags/list?n=1&last=%0d%0aX-Injected:%201", $"/v2/_catalog?last=%0d%0aX-Injected:%201", $"/v2/{repository}/manifests/%0d%0aX-Injected:%201",
            $"/v2/{repository}/referrers/sha256:{new string('0', 64)}?artifactType=a%0d%0aX-Injected:%201", $"/v2/auth?scope=%0d%0aX-Injected:%201",
        })
        {
            Assert.DoesNotContain("\nX-Injected", (await RawAsync("GET", target)).Head, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Attack("A27")]
    public async Task Origin_of_somebody_else()
    {
        var answer = await Client.ReadAsync("/v2/", ("Origin", "https://evil.example"));
        var preflight = await RawHttp.RequestAsync(Registry.Url, "OPTIONS", "/v2/", "Origin: https://evil.example", "Access-Control-Request-Method: GET");
        Assert.Null(answer.Header("Access-Control-Allow-Origin"));
        Assert.DoesNotContain("evil.example", preflight.Text, StringComparison.Ordinal);
    }

    [Attack("A30")]
    public async Task Strange_methods()
    {
        foreach (var method in new[] { "TRACE", "CONNECT", "FOO", "PROPFIND", "GET2" })
        {
            foreach (var target in new[] { "/v2/", $"/v2/{User}/app/manifests/v1", "/" })
            {
                var answer = await RawAsync(method, target, "X-Canary: canary-7f3a");
                Assert.True(answer.Status is >= 400 and <= 501, answer.Text);
                Assert.DoesNotContain("canary-7f3a", answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Attack("A31")]
    public async Task Many_wrong_passwords_at_once()
    {
        var wrong = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => SignInAsync(User, $"guess number {i}")));
        Assert.All(wrong, a => IsOneOf(a, 401, 429));
        Assert.True(await Poll.UntilAsync(async () => (await SignInAsync(User, Registry.User.Password)).Status is System.Net.HttpStatusCode.OK));
    }

    [Attack("A32")]
    public async Task The_first_72_bytes_of_a_long_password_and_junk()
    {
        var (name, password) = ($"long{Guid.NewGuid():n}", new string('p', 72) + "the rest of it");
        (await Registry.Client.SendAsync("POST", "/api/v1/superuser/users/",
            JsonSerializer.SerializeToUtf8Bytes(new { username = name, email = $"{name}@example.test", password }), ("Content-Type", "application/json"))).Is(200);
        (await SignInAsync(name, password[..72] + "junk")).Is(401);
        (await SignInAsync(name, password[..72])).Is(401);
        (await SignInAsync(name, password)).Is(200);
    }

    [Attack("A33")]
    public async Task Other_spellings_of_a_user_name()
    {
        var wide = string.Concat(User.Select(c => char.IsAsciiLetterLower(c) ? (char)(c - 'a' + '\uFF41') : c));
        foreach (var name in new[] { User.ToUpperInvariant(), User + " ", " " + User, User + "\u200B", wide, User + "\0" })
        {
            (await SignInAsync(name, Registry.User.Password)).Is(401);
        }
    }

    [Attack("L06")]
    public async Task The_version_of_the_server()
    {
        foreach (var path in new[] { "/v2/", "/", "/nothing", "/api/v1/nothing" })
        {
            var answer = await Anonymous.ReadAsync(path);
            Assert.Null(answer.Header("X-Powered-By"));
            Assert.DoesNotMatch(@"\d", answer.Header("Server") ?? "");
        }
    }



    private Task<Answer> SignInAsync(string name, string password) => Anonymous.SendAsync("GET", "/v2/", null,
        ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}"))));

    private sealed class RealHashes : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Auth:LoginBurst"] = "1000" };
    }
}
