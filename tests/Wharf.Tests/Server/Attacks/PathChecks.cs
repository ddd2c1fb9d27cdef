using Wharf.Oci;

namespace Wharf.Tests.Server.Attacks;

internal sealed class PathChecks(AttackedRegistry registry) : Checks(registry)
{
    private static readonly string[] SecretPaths =
    [
        "/.env", "/.git/config", "/.git/HEAD", "/config.json", "/config.yaml", "/keys.json", "/wharf.db", "/lock", "/wharf.sock", "/data", "/storage/", "/debug/pprof/", "/debug/vars",
        "/actuator", "/actuator/env", "/server-status", "/phpinfo.php", "/swagger/v1/swagger.json", "/testfs/", "/internal/", "/commands/keys.rotate", "/commands/user.add", "/admin", "/console",
        "/api/v1/superuser/users/", "/api/v1/superuser/config", "/api/v1/user/", "/appsettings.json", "/web.config", "/proc/self/environ", "/../../../../proc/self/environ",
    ];

    [Attack("P02")]
    public async Task Climbing_out_of_the_path()
    {
        foreach (var target in new[]
        {
            "/v2/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/v2/..%2f..%2f..%2fetc%2fpasswd", "/v2/%252e%252e%252f%252e%252e%252fetc/manifests/v1", $"/v2/{User}/app/blobs/..%2f..%2fkeys.json",
            $"/v2/{User}/app/manifests/../../../../keys.json", "/../../../etc/passwd", "/v2/../keys.json", $"/v2/{User}/..%5c..%5cx/tags/list", $"/v2/{User}/%2e%2e/admin/tags/list",
            $"/v2/{User}/app/blobs/uploads/..%2f..%2f..%2fkeys.json", "/v2/-/manifests/v1", "/v2/%2d/manifests/v1", "/V2/_catalog", "/%76%32/_catalog", "//v2/_catalog", "/./v2/_catalog", "/x/../v2/_catalog",
            "/v2/./_catalog", "/v2//_catalog", "/v2/_catalog/", "/v2/%5fcatalog",
        })
        {
            var answer = await RawAsync("GET", target);
            IsClientError(answer, target);
            Assert.DoesNotContain("root:", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"current\"", answer.Text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Attack("P04")]
    public async Task Control_characters_in_the_name()
    {
        foreach (var name in new[] { "a%00b", "a%01b", "a%0ab", "a%0d%0ab", "a%7fb", "%00", "a%1b%5b31mb" })
        {
            foreach (var (method, rest) in new[] { ("GET", "manifests/v1"), ("POST", "blobs/uploads/"), ("GET", "tags/list"), ("PUT", "manifests/v1") })
            {
                IsClientError(await RawAsync(method, $"/v2/{User}/{name}/{rest}", "Content-Length: 0"), name);
            }
            IsClientError(await RawAsync("PUT", $"/v2/{User}/app/manifests/{name}", "Content-Length: 0"), name);
        }
    }

    [Attack("P05")]
    public async Task Upper_case_in_the_name()
    {
        (await Client.SendAsync("POST", $"/v2/{User}/App/blobs/uploads/?digest={Digest.Of([])}", [])).Is(400, "NAME_INVALID");
        (await Client.SendAsync("POST", $"/v2/{User.ToUpperInvariant()}/app/blobs/uploads/?digest={Digest.Of([])}", [])).Is(400, "NAME_INVALID");
        Assert.DoesNotContain((await Client.ReadAsync("/v2/_catalog")).Is(200).Json.GetProperty("repositories").Strings(), n => n.Any(char.IsAsciiLetterUpper));
    }

    [Attack("P06")]
    public async Task Endless_names()
    {
        var longest = User + "/" + new string('a', 254 - User.Length);
        (await Client.SendAsync("POST", $"/v2/{longest}/blobs/uploads/", [])).Is(202);
        (await Client.SendAsync("POST", $"/v2/{longest}a/blobs/uploads/", [])).Is(400, "NAME_INVALID");
        (await Client.SendAsync("POST", $"/v2/{User}/{string.Join('/', Enumerable.Repeat("a", 1000))}/blobs/uploads/", [])).Is(400, "NAME_INVALID");
        (await Client.SendAsync("POST", $"/v2/{User}/{new string('-', 8000)}/blobs/uploads/", [])).Is(400, "NAME_INVALID");
    }

    [Attack("P07")]
    public async Task Bad_separators()
    {
        foreach (var name in new[] { "a..b", "a___b", "-a", "a-", ".a", "a.", "_a", "a_", "a//b", "a/", "/a", "a._b", "a-_b", "." })
        {
            IsOneOf(await RawAsync("POST", $"/v2/{User}/{name}/blobs/uploads/", "Content-Length: 0"), 400, 404);
        }
        foreach (var name in new[] { "a__b", "a--b", "a.b", "a_b", "a---b" })
        {
            (await Client.SendAsync("POST", $"/v2/{User}/{name}/blobs/uploads/", [])).Is(202);
        }
    }

    [Attack("P08")]
    public async Task Wrong_encodings()
    {
        foreach (var name in new[] { "%c0%ae%c0%ae", "%c0%af", "%e0%80%af", "%ff", "%fe%ff", "%ed%a0%80", "%", "%4", "%zz", "a%e2%80%8bb", "\u00e4" })
        {
            IsClientError(await RawAsync("GET", $"/v2/{User}/{name}/tags/list"), name);
            IsClientError(await RawAsync("POST", $"/v2/{User}/{name}/blobs/uploads/", "Content-Length: 0"), name);
        }
    }

    [Attack("P10")]
    public async Task Bad_tags()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "good");
        foreach (var tag in new[] { new string('t', 129), ".v1", "-v1", "", "v1%20", "v1+2", "a/b", "v1@sha256", "%2e%2e" })
        {
            IsOneOf(await Client.PutManifestAsync(repository, tag, image.Manifest), 400, 404);
        }
        Assert.Equal(["good"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Attack("P11")]
    public async Task Tags_that_look_like_others()
    {
        var repository = Registry.NewRepository();
        var image = await Client.PushImageAsync(repository, "latest");
        foreach (var tag in new[] { "\U0001F40B", "l\u0430test", "\u202Etsetal", "\uFF4C\uFF41\uFF54\uFF45\uFF53\uFF54", "latest\u200B", "\u017Ftable" })
        {
            IsOneOf(await Client.PutManifestAsync(repository, Uri.EscapeDataString(tag), image.Manifest), 400, 404);
        }
        Assert.Equal(["latest"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Attack("P14")]
    public async Task Repositories_named_like_routes()
    {
        var plain = Registry.NewRepository();
        var image = await Client.PushImageAsync(plain, "v1");
        foreach (var suffix in new[] { "manifests/y", "manifests", "blobs/uploads", "blobs", "tags/list", "tags", "referrers/x", "uploads" })
        {
            var other = await Client.PushImageAsync($"{plain}/{suffix}", "v1");
            Assert.Equal(other.Manifest, (await Client.ReadAsync($"/v2/{plain}/{suffix}/manifests/v1")).Is(200).Body);
            (await Client.ReadAsync($"/v2/{plain}/blobs/{other.LayerDigest}")).Is(404);
        }
        Assert.Equal(image.Manifest, (await Client.ReadAsync($"/v2/{plain}/manifests/v1")).Is(200).Body);
        Assert.Equal(["v1"], (await Client.ReadAsync($"/v2/{plain}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Attack("P15")]
    public async Task A_request_line_of_100_KiB()
    {
        var answer = await RawAsync("GET", "/v2/" + new string('a', 100 << 10));
        IsOneOf(answer, 0, 400, 414, 431);
        await AnswersOthersAsync();
    }

    [Attack("P16")]
    public async Task Paths_that_leak_elsewhere()
    {
        foreach (var path in SecretPaths)
        {
            var answer = await RawHttp.RequestAsync(Registry.Url, "GET", path);
            IsClientError(answer, path);
        }
        IsClientError(await RawHttp.RequestAsync(Registry.Url, "POST", "/commands/keys.rotate", "Content-Length: 0"), "keys.rotate");
    }

    [Attack("C03")]
    public async Task Hostile_markers()
    {
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "a");
        await Client.PushImageAsync(repository, "z");
        foreach (var last in new[] { "' OR '1'='1", "'; DROP TABLE tag; --", "%", "_", "../../etc/passwd", "m\0", new string('m', 10 << 10) })
        {
            foreach (var path in new[] { $"/v2/{repository}/tags/list", "/v2/_catalog" })
            {
                var answer = await Client.ReadAsync($"{path}?n=5&last={Uri.EscapeDataString(last)}");
                IsOneOf(answer, 200, 400);
                if ((int)answer.Status == 200)
                {
                    var names = answer.Json.TryGetProperty("tags", out var tags) ? tags.Strings() : answer.Json.GetProperty("repositories").Strings();
                    Assert.All(names, n => Assert.True(string.CompareOrdinal(n, last) > 0, $"{n} stands before {last}."));
                }
            }
        }
        Assert.Equal(["a", "z"], (await Client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings());
    }

    [Attack("C06")]
    public async Task Tags_of_a_repository_that_does_not_exist()
    {
        (await Client.ReadAsync($"/v2/{Registry.NewRepository()}/tags/list")).Is(404, "NAME_UNKNOWN");
        (await Client.ReadAsync("/v2/nobody/nothing/tags/list")).Is(403, "DENIED");
        (await Anonymous.ReadAsync("/v2/nobody/nothing/tags/list")).Is(401, "UNAUTHORIZED");
    }

    [Attack("L03")]
    public async Task Random_requests()
    {
        // A fixed seed, so that a failure can be seen again.
        var random = new Random(20260729);
        string[] methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
        string[] parts = ["v2", User, "app", "blobs", "uploads", "manifests", "tags", "list", "referrers", "_catalog", "auth", "-", "%00", "..", "sha256:" + new string('0', 64), "latest", "api", "v1", "repository",
            "changevisibility", "superuser", "users", "", "\u00ff", "?n=-1", "?digest=sha512:1", "?mount=x&from=y", "?last=%ff", "?scope=a:b:c", "?digest-algorithm=\0"];
        for (var i = 0; i < 500; i++)
        {
            var target = "/" + (random.Next(4) > 0 ? "v2/" : "") + string.Join('/', Enumerable.Range(0, random.Next(1, 7)).Select(_ => parts[random.Next(parts.Length)]));
            var answer = await RawAsync(methods[random.Next(methods.Length)], target.Replace("\0", "%00", StringComparison.Ordinal), "Content-Length: 0");
            Assert.True(answer.Status is > 0 and < 500, $"{i}: {target}: {answer.Text}");
        }
    }
}
