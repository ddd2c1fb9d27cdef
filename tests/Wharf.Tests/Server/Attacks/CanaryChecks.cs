using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.OAuth;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Secrets and forged lines: where they must not turn up.</summary>
internal sealed partial class CanaryChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("Y01", Slow = true)]
    public static async Task Secrets_through_every_operation()
    {
        await using var canaries = await Server.Registry.StartAsync<CanaryRegistry>();
        var secrets = new Dictionary<string, string>();
        var errors = new List<string>();
        var user = canaries.User;
        var (organization, repository) = (await user.Client.CreateOrganizationAsync(), $"{user.Name}/visible{Canary()}");
        secrets["the superuser's password"] = canaries.AdminPassword;
        secrets["a password"] = user.Password;
        var robot = secrets["a robot's token"] = (await user.Client.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        await user.Client.PushImageAsync(repository, "v1");
        var bearer = await user.Client.TokenAsync($"repository:{repository}:pull,push");
        secrets["a bearer"] = bearer.Split('.')[^1];
        var browser = await Browser.SignedInAsync(canaries, user);
        var wrong = secrets["a wrong password"] = Canary();
        var placed = secrets["a secret in a body"] = Canary();
        var query = secrets["a secret in a query"] = Canary();
        var world = new Dictionary<string, string> { ["org"] = organization, ["org}/app"] = repository, ["team"] = "owners", ["user"] = user.Name, ["robot"] = "ci", ["self"] = user.Name, ["prototype"] = Guid.NewGuid().ToString(), ["password"] = placed };

        async Task<Answer> TryAsync(HttpClient client, string method, string path, string body, params (string, string)[] headers)
        {
            var answer = await client.SendAsync(method, path, method is "GET" or "DELETE" && body.Length == 0 ? null : Encoding.UTF8.GetBytes(body), body.Length == 0 ? headers : [.. headers, ("Content-Type", "application/json")]);
            Assert.InRange((int)answer.Status, 200, 499);
            if ((int)answer.Status >= 400)
                errors.Add($"{method} {path.Split('?')[0]} {answer.Headers} {answer.Text}");
            return answer;
        }

        // What removes the caller or the organization comes last.
        foreach (var row in AuthorizationTests.Load().OrderBy(static r => r.Method == "DELETE" || r.Path.EndsWith("signout", StringComparison.Ordinal)).ThenBy(static r => r.Path.EndsWith("/user/", StringComparison.Ordinal) || r.Path.EndsWith("{org}", StringComparison.Ordinal)))
        {
            string Fill(string text) => Placeholder().Replace(text, m => world.TryGetValue(m.Groups[1].Value, out var value) ? value : "new" + Canary()[..12]);
            var (path, body) = (Fill(row.Path), Fill(row.Body));
            var asked = path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + $"access_token={query}&password={query}";
            var members = $"\"password\":\"{placed}\",\"token\":\"{placed}\",\"adminPassword\":\"{placed}\",\"secret\":\"{placed}\"";
            var extended = body.Length > 1 ? body[..^1] + (body.Length > 2 ? "," : "") + members + "}" : $"{{{members}}}";
            var cookie = ("Cookie", $"wharf-session={browser.Cookie}");
            (string, string)[] page = [cookie, ("X-CSRF-Token", browser.Csrf!)];
            // Wrong ones, broken bodies, and secrets in the wrong places first: they change nothing.
            await TryAsync(canaries.Anonymous, row.Method, asked, extended, Requests.Basic(user.Name, wrong));
            await TryAsync(canaries.Anonymous, row.Method, asked, "{\"password\":\"" + placed, ("Authorization", "Bearer " + wrong));
            await TryAsync(canaries.Anonymous, row.Method, asked, extended[..^1], page);
            await TryAsync(canaries.Anonymous, row.Method, asked, $"[\"{placed}\"]", page);
            await TryAsync(canaries.Anonymous, row.Method, path, body, cookie, ("X-CSRF-Token", wrong));
            await TryAsync(canaries.Anonymous, row.Method, path, "", ("Authorization", "Bearer " + bearer));
            await TryAsync(canaries.ClientFor($"{organization}+ci", robot), row.Method, path, extended);
            await TryAsync(canaries.Anonymous, row.Method, path, body, ("Authorization", "Bearer " + robot));
            await TryAsync(canaries.ClientFor(user.Name, user.Password), row.Method, path, body);
            var signedIn = await browser.SendAsync(row.Method, path, body.Length == 0 ? null : body);
            if ((int)signedIn.Status >= 400)
                errors.Add(signedIn.Text);
        }
        await RegistryAsync();
        await PasswordsAsync();
        await OAuthAsync();

        var (log, metrics, database) = (canaries.Log(), (await canaries.Anonymous.ReadAsync("/metrics")).Is(200).Text, await DatabaseDump.ReadAsync(canaries));
        secrets["a cookie"] = browser.Cookie!.Split('.')[^1];
        secrets["a CSRF token"] = browser.Csrf!;
        // The search finds what is there.
        Assert.True(log.Length > 100_000 && log.Contains(repository, StringComparison.Ordinal) && database.Contains(repository.Split('/')[1]) && errors.Count > 500, $"{log.Length} {errors.Count}");
        var found = new List<string>();
        foreach (var (what, secret) in secrets)
            foreach (var (kind, form) in ((string, string)[])[("", secret), (" in base64", Convert.ToBase64String(Encoding.UTF8.GetBytes("x:" + secret))[4..^4]), (" in base64 of a pair", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user.Name}:{secret}"))), (" in hex", Convert.ToHexStringLower(Encoding.UTF8.GetBytes(secret)))])
            {
                if (log.Split('\n').FirstOrDefault(l => l.Contains(form, StringComparison.OrdinalIgnoreCase)) is { } line)
                    found.Add($"{what}{kind} in the log: {line}");
                if (metrics.Contains(form, StringComparison.OrdinalIgnoreCase))
                    found.Add($"{what}{kind} in the metrics");
                if (errors.Find(e => e.Contains(form, StringComparison.OrdinalIgnoreCase)) is { } error)
                    found.Add($"{what}{kind} in an error: {error}");
                if (database.Where(form) is { Count: > 0 } where)
                    found.Add($"{what}{kind} in the database: {string.Join(", ", where)}");
            }
        Assert.Equal([], found);

        async Task RegistryAsync()
        {
            var owner = await canaries.CreateUserAsync();
            secrets["another password"] = owner.Password;
            var (mine, image) = ($"{owner.Name}/app", Image.Random());
            await owner.Client.PushImageAsync(mine, "v1", image);
            var token = await owner.Client.TokenAsync($"repository:{mine}:pull,push,delete");
            secrets["another bearer"] = token.Split('.')[^1];
            foreach (var credential in new[] { Requests.Basic(owner.Name, wrong), Requests.Basic(wrong, owner.Password), ("Authorization", "Bearer " + token), ("Authorization", "Bearer " + token + wrong), ("Authorization", wrong), Requests.Basic(owner.Name, owner.Password) })
                foreach (var (method, path) in ((string, string)[])[
                    ("GET", ""), ("GET", "_catalog"), ("GET", $"{mine}/tags/list"), ("GET", $"{mine}/manifests/v1"), ("HEAD", $"{mine}/blobs/{image.LayerDigest}"), ("GET", $"{mine}/referrers/{image.Digest}"), ("POST", $"{mine}/blobs/uploads/"), ("PUT", $"{mine}/manifests/v2"), ("PATCH", $"{mine}/blobs/uploads/{Guid.NewGuid()}"), ("DELETE", $"{mine}/manifests/none"),
                    ("GET", $"auth?service=wharf&scope=repository:{mine}:pull"), ("GET", $"auth?service={query}&account={query}&scope={query}")])
                    await TryAsync(canaries.Anonymous, method, $"/v2/{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}access_token={query}", "", credential);
            foreach (var password in new[] { owner.Password, wrong })
                foreach (var form in new[] { $"grant_type=password&service=wharf&client_id={query}&username={owner.Name}&password={password}", $"grant_type={query}&password={password}", $"grant_type=refresh_token&refresh_token={password}" })
                    await canaries.Anonymous.SendAsync("POST", "/v2/auth", Encoding.UTF8.GetBytes(form), ("Content-Type", "application/x-www-form-urlencoded"));
        }

        async Task OAuthAsync()
        {
            var owner = await canaries.CreateUserAsync();
            var (org, client, token, uuid) = await owner.MintAsync("org:admin repo:admin user:admin");
            secrets["an OAuth token"] = token;
            var path = $"/api/v1/organization/{org}/applications/{client}";
            var secret = secrets["an application's secret"] = (await owner.Client.ReadAsync(path)).Is(200).Json.GetProperty("client_secret").GetString()!;
            foreach (var credential in new[] { ("Authorization", "Bearer " + token), Requests.Basic("$oauthtoken", token), Requests.Basic("$oauthtoken", token[..^1]), Requests.Basic(client, secret) })
                foreach (var (method, to) in ((string, string)[])[("GET", "/api/v1/user/"), ("GET", "/v2/"), ("GET", $"{path}/tokens"), ("POST", "/oauth/access_token"), ("GET", $"/oauth/authorize?client_id={client}"), ("GET", "/v2/auth?service=wharf"), ("DELETE", $"{path}/tokens/{Guid.NewGuid()}")])
                    await TryAsync(canaries.Anonymous, method, $"{to}{(to.Contains('?', StringComparison.Ordinal) ? "&" : "?")}access_token={query}&client_secret={query}", "", credential);
            var page = await Browser.SignedInAsync(canaries, owner);
            var request = $"client_id={client}&redirect_uri={Uri.EscapeDataString("https://app.example.test/callback")}&scope=repo:read&response_type=";
            async Task<Uri> AllowAsync(string type) => new((await canaries.Anonymous.SendAsync("POST", "/oauth/authorizeapp", Encoding.UTF8.GetBytes(request + type), ("Content-Type", "application/x-www-form-urlencoded"),
                ("Cookie", $"wharf-session={page.Cookie}"), ("X-CSRF-Token", page.Csrf!))).Is(302).Location);
            secrets["an implicit token"] = System.Web.HttpUtility.ParseQueryString((await AllowAsync("token")).Fragment.TrimStart('#'))["access_token"]!;
            var code = secrets["a code"] = System.Web.HttpUtility.ParseQueryString((await AllowAsync("code")).Query)["code"]!;
            foreach (var shown in new[] { wrong, secret, secret })
            {
                var form = $"grant_type=authorization_code&code={code}&client_id={client}&client_secret={shown}&redirect_uri={Uri.EscapeDataString("https://app.example.test/callback")}";
                var answer = await canaries.Anonymous.SendAsync("POST", "/oauth/access_token", Encoding.UTF8.GetBytes(form), ("Content-Type", "application/x-www-form-urlencoded"));
                if (answer.Status == System.Net.HttpStatusCode.OK)
                    secrets["an exchanged token"] = answer.Json.GetProperty("access_token").GetString()!;
                else
                    errors.Add(answer.Text);
            }
            Assert.Contains("an exchanged token", secrets.Keys);
            secrets["a replaced secret"] = secret;
            secrets["a new secret"] = (await owner.Client.SendAsync("POST", $"{path}/resetclientsecret", [])).Is(200).Json.GetProperty("client_secret").GetString()!;
            (await owner.Client.SendAsync("DELETE", $"{path}/tokens/{uuid}")).Is(204);
        }

        async Task PasswordsAsync()
        {
            var (first, second, third) = (secrets["a first password"] = Canary(), secrets["a second password"] = Canary(), secrets["a third password"] = Canary());
            var name = "made" + Canary()[..12];
            var made = new Browser(canaries.Anonymous);
            made.Csrf = (await made.SendAsync("GET", "/csrf_token")).Is(200).Json.GetProperty("csrf_token").GetString();
            (await made.SendAsync("POST", "/api/v1/user/", $$"""{"username":"{{name}}","password":"{{first}}","email":"{{name}}@example.test"}""")).Is(200);
            (await made.SignInAsync(name, first)).Is(200);
            secrets["a first cookie"] = made.Cookie!.Split('.')[^1];
            (await made.SendAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{wrong}}"}""")).Is(403);
            (await made.SendAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{first}}"}""")).Is(200);
            (await made.SendAsync("PUT", "/api/v1/user/", $$"""{"password":"{{second}}"}""")).Is(200);
            (await canaries.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{name}", $$"""{"password":"{{third}}"}""")).Is(200);
            (await new Browser(canaries.Anonymous).SignInAsync(name, second)).Is(403);
            var last = await Browser.SignedInAsync(canaries.Anonymous, name, third);
            await new Browser(canaries.Anonymous).SignInAsync(third, wrong);
            browser = last;
            (await canaries.Anonymous.SendJsonAsync("POST", "/api/v1/user/initialize", $$"""{"username":"x","password":"{{placed}}","email":"{{placed}}"}""")).Is(400);
            var token = (await last.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
            secrets["a new token"] = (await last.SendAsync("POST", "/api/v1/user/robots/ci/regenerate")).Is(200).Json.GetProperty("token").GetString()!;
            secrets["a replaced token"] = token;
            foreach (var path in new[] { "/api/v1/user/robots", "/api/v1/user/robots/ci", "/api/v1/user/robots/ci/credentials/docker-config" })
                (await last.SendAsync("GET", path)).Is(200);
        }
    }

    [Attack("R04", Slow = true)]
    public static async Task The_token_of_a_robot_in_the_address()
    {
        await using var canaries = await Server.Registry.StartAsync<CanaryRegistry>();
        var token = (await canaries.UserClient.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(201).Json.GetProperty("token").GetString()!;
        foreach (var path in new[] { $"/v2/?token={token}", $"/v2/auth?service=wharf&password={token}", $"/api/v1/user/robots?access_token={token}", $"/api/v1/user/robots?token={token}", $"/v2/_catalog?n=1&last={token}" })
        {
            (await canaries.Anonymous.ReadAsync(path)).Is(401);
            Assert.DoesNotContain(token, (await canaries.UserClient.ReadAsync(path)).Headers.ToString(), StringComparison.Ordinal);
        }
        (await canaries.ClientFor($"{canaries.User.Name}+ci", token).ReadAsync("/v2/auth?service=wharf")).Is(200);
        (await canaries.ClientFor("$oauthtoken", token).ReadAsync("/v2/auth?service=wharf")).Is(401);
        var log = canaries.Log();
        Assert.Contains("/v2/auth", log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, log, StringComparison.Ordinal);
        Assert.DoesNotContain(token, (await canaries.Anonymous.ReadAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Attack("Y02", Slow = true)]
    public static async Task Lines_that_a_client_writes_into_the_log()
    {
        await using var canaries = await Server.Registry.StartAsync<CanaryRegistry>();
        var mark = Canary();
        var basic = "Authorization: " + Requests.Basic(canaries.User.Name, canaries.User.Password).Value;
        foreach (var path in new[] { $"/v2/{mark}%0d%0aforged%20{mark}", $"/v2/{mark}%1b%5b31mred", $"/api/v1/users/{mark}%0aforged", $"/{mark}%c2%9b31m%e2%80%ae", $"/api/v1/repository/{mark}%0a/x", $"/v2/auth?service=wharf&account={mark}%0aforged" })
            Assert.InRange((await RawHttp.RequestAsync(canaries.Url, "GET", path, basic, $"User-Agent: {mark}\u001b[2J")).Status, 200, 499);
        foreach (var name in new[] { $"{mark}\nforged", $"{mark}\u001b[31m", $"{mark}\r\n{{\"level\":\"Error\"}}" })
            (await canaries.ClientFor(name, "wrong password").ReadAsync("/v2/")).Is(401);
        IsOneOf(await RawHttp.RequestAsync(canaries.Url, "GET", "/v2/", basic, "User-Agent: " + new string('u', 1 << 20)), 0, 400, 431);
        var agent = new string('a', 16 << 10);
        IsOneOf(await canaries.Anonymous.SendAsync("POST", "/api/v1/signin", Encoding.UTF8.GetBytes($$"""{"username":"{{canaries.User.Name}}","password":"{{canaries.User.Password}}"}"""), ("Content-Type", "application/json"), ("User-Agent", agent)), 200, 403);

        var log = canaries.Log();
        Assert.Contains(mark, log, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", log, StringComparison.Ordinal);
        Assert.DoesNotContain("\u009b", log, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", log, StringComparison.Ordinal);
        foreach (var line in log.Split('\n').Where(static l => !l.StartsWith("Wharf is ready at ", StringComparison.Ordinal) && l.Length > 0))
        {
            Assert.True(line[0] == '{' || !line.Contains("forged", StringComparison.Ordinal), line);
            Assert.InRange(line.Length, 0, 64 << 10);
            if (line[0] == '{')
                JsonDocument.Parse(line).Dispose();
        }
        await using var connection = await canaries.OpenDatabaseAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT max(length(agent)) FROM session";
        if (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is { } longest and not DBNull)
            Assert.InRange(Convert.ToInt64(longest, System.Globalization.CultureInfo.InvariantCulture), 0, 1024);
    }

    [Attack("Y03")]
    public async Task Labels_that_a_client_chooses()
    {
        await AskAsync();
        var before = Series((await Anonymous.ReadAsync("/metrics")).Is(200).Text);
        for (var i = 0; i < 20; i++)
            await AskAsync();
        var after = (await Anonymous.ReadAsync("/metrics")).Is(200).Text;

        Assert.Equal(before, Series(after));
        Assert.DoesNotContain("chosen", after, StringComparison.Ordinal);

        async Task AskAsync()
        {
            var mark = "chosen" + Canary();
            var repository = $"{User}/{mark}";
            await Client.PushImageAsync(repository, mark);
            foreach (var (method, path) in ((string, string)[])[("GET", $"/v2/{repository}/manifests/{mark}"), ("GET", $"/v2/{repository}/tags/list?last={mark}"), ("GET", $"/{mark}"), ("GET", $"/v2/{mark}"), ("GET", $"/api/v1/{mark}"), ("GET", $"/api/v1/organization/{mark}"), ("GET", $"/api/v1/repository/{repository}"), ("PUT", $"/api/v1/user/robots/{mark}"), (mark.ToUpperInvariant(), "/v2/"), ("GET", $"/v2/auth?service=wharf&account={mark}")])
                await Client.SendAsync(method, path, null, ("User-Agent", mark), ("X-Request-Id", mark));
            await Registry.ClientFor(mark, mark).ReadAsync("/v2/");
        }

        static string[] Series(string metrics) => [.. metrics.Split('\n').Where(static l => l.Length > 0 && l[0] != '#').Select(static l => l[..l.LastIndexOf(' ')]).Where(static l => l.StartsWith("wharf_http_requests", StringComparison.Ordinal) && Names().IsMatch(l)).Order(StringComparer.Ordinal)];
    }

    private static string Canary() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));

    [GeneratedRegex(@"\{((?:org\}/app(?![a-z]))|[a-z]+)\}?", RegexOptions.None, 1000)]
    private static partial Regex Placeholder();

    // Other checks do not run beside this one, but work of the server itself may.
    [GeneratedRegex("route=\"(/v2|/api|none)", RegexOptions.None, 1000)]
    private static partial Regex Names();
}
