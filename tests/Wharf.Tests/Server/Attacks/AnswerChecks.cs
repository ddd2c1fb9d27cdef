using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Access;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Attacks;

/// <summary>What a browser, a cache or a terminal could be made to do by what the server answers.</summary>
internal sealed class AnswerChecks(AttackedRegistry registry) : Checks(registry)
{
    private const string Page = "<!DOCTYPE html><html><script>alert(document.domain)</script><svg onload=alert(1)></html>";

    private static readonly string[] s_hostile =
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "javascript:alert(1)", "[x](javascript:alert(1))", "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        "[x](JaVaScRiPt&colon;alert(1))", "{{7*7}}${7*7}<%= 7*7 %>", "=HYPERLINK(\"https://evil.example\")", "\u001b]0;owned\u0007\u001b[31mred", "a\r\nSet-Cookie: x=y", "\u202Egnp.exe",
    ];

    [Attack("W05")]
    public async Task A_frame_around_any_answer()
    {
        var world = await Registry.WorldAsync();
        foreach (var row in AuthorizationTests.Load().Where(static r => r.Method == "GET"))
            foreach (var caller in new[] { "superuser", "orgadmin", "stranger", "anonymous" })
                IsInert(await world.SendAsync(caller, row.Method, row.Path, ""), row.Path);
        foreach (var row in AuthorizationTests.Load().Where(static r => r.Method != "GET"))
            IsInert(await world.SendAsync("anonymous", row.Method, row.Path, row.Body), $"{row.Method} {row.Path}");
        foreach (var path in new[] { "/csrf_token", "/config", "/api/v1/nowhere", "/api/v1/repository/UPPER/CASE", "/nowhere", "/v2/", "/v2/auth?service=wharf", "/version", "/metrics", "/health/live" })
        {
            IsInert(await Anonymous.ReadAsync(path), path);
            IsInert(await Client.ReadAsync(path), path);
            IsInert(await Client.SendAsync("PATCH", path, []), "PATCH " + path);
        }
        // Answers to what breaks on the way, which begin anew.
        foreach (var (header, body, status) in ((string, string, int)[])[("Content-Length: 99999999", "", 413), ("Transfer-Encoding: chunked", "zz\r\n", 400)])
        {
            var broken = await RawHttp.SendAsync(Registry.Url, $"POST /api/v1/repository HTTP/1.1\r\nHost: {Registry.Host}\r\n{Authorization}\r\nContent-Type: application/json\r\n{header}\r\nConnection: close\r\n\r\n{body}");
            Assert.Equal(status, broken.Status);
            foreach (var line in new[] { "X-Content-Type-Options: nosniff", "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'", "Cache-Control: no-store" })
                Assert.Contains(line, broken.Head, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Attack("A28")]
    public async Task A_page_as_a_blob()
    {
        var repository = Registry.NewRepository();
        var page = Encoding.UTF8.GetBytes(Page + Registry.NewRepository());
        var digest = Digest.Of(page);
        (await Client.SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", page, ("Content-Type", "text/html"))).Is(201);

        foreach (var headers in new (string, string)[][] { [], [("Accept", "text/html")], [("Range", "bytes=0-20")], [("Range", "bytes=0-3,5-9")] })
            foreach (var method in new[] { "GET", "HEAD" })
            {
                var answer = await Client.SendAsync(method, $"/v2/{repository}/blobs/{digest}", null, headers);
                IsOneOf(answer, 200, 206);
                Assert.Contains(answer.ContentHeaders.ContentType?.MediaType, (string[])["application/octet-stream", "multipart/byteranges"]);
                Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
            }
        foreach (var type in new[] { "text/html", "image/svg+xml", "application/xhtml+xml", "text/html; charset=utf-7" })
        {
            var manifest = Image.Random();
            await Client.PushBlobAsync(repository, manifest.Config);
            await Client.PushBlobAsync(repository, manifest.Layer);
            var put = await Client.PutManifestAsync(repository, "page", manifest.Manifest, type);
            Assert.True((int)put.Status is >= 400 and < 500, $"{type}: {(int)put.Status}");
        }
        (await Client.ReadAsync($"/v2/{repository}/manifests/page")).Is(404);
    }

    [Attack("M23")]
    public async Task Hostile_annotations_and_labels()
    {
        var repository = Registry.NewRepository();
        var image = Image.Random();
        var subject = await Client.PushImageAsync(repository, "subject");
        var config = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["config"] = new JsonObject { ["Labels"] = Hostile() } });
        var root = JsonNode.Parse(image.Manifest)!.AsObject();
        root["annotations"] = Hostile();
        root["artifactType"] = "application/vnd.example.hostile";
        root["config"] = Image.Descriptor(MediaTypes.OciConfig, config);
        root["subject"] = Image.Descriptor(MediaTypes.OciManifest, subject.Manifest);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(root);
        await Client.PushBlobAsync(repository, config);
        await Client.PushBlobAsync(repository, image.Layer);
        (await Client.PutManifestAsync(repository, "hostile", manifest)).Is(201);

        foreach (var reference in new[] { "hostile", Digest.Of(manifest).ToString() })
        {
            var answer = (await Client.ReadAsync($"/v2/{repository}/manifests/{reference}")).Is(200);
            Assert.Equal(manifest, answer.Body);
            Assert.Equal(MediaTypes.OciManifest, answer.ContentHeaders.ContentType?.ToString());
            Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        }
        Assert.Equal(config, (await Client.ReadAsync($"/v2/{repository}/blobs/{Digest.Of(config)}")).Is(200).Body);
        var referrers = (await Client.ReadAsync($"/v2/{repository}/referrers/{subject.Digest}")).Is(200);
        Assert.Equal(MediaTypes.OciIndex, referrers.ContentHeaders.ContentType?.MediaType);
        var annotations = referrers.Json.GetProperty("manifests").EnumerateArray().Single().GetProperty("annotations");
        Assert.Equal(s_hostile, Enumerable.Range(0, s_hostile.Length).Select(i => annotations.GetProperty($"org.example.{i}").GetString()!));
        Assert.DoesNotContain(referrers.Body, static b => b == 0x1b);

        static JsonObject Hostile() => [.. s_hostile.Select(static (text, i) => KeyValuePair.Create($"org.example.{i}", (JsonNode?)text))];
    }

    [Attack("U01")]
    public async Task Hostile_descriptions()
    {
        var (repository, organization) = (Registry.NewRepository(), await Client.CreateOrganizationAsync());
        await Client.PushImageAsync(repository, "v1");
        await Client.CreateTeamAsync(organization, "devs", "member");
        foreach (var text in s_hostile)
        {
            var json = JsonSerializer.Serialize(text);
            IsOneOf(await Client.SendJsonAsync("PUT", $"/api/v1/repository/{repository}", $$"""{"description":{{json}}}"""), 200, 400);
            IsOneOf(await Client.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/team/devs", $$"""{"role":"member","description":{{json}}}"""), 200, 400);
            IsOneOf(await Client.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/robots/r{Guid.NewGuid():n}", $$$"""{"description":{{{json}}},"unstructured_metadata":{"x":{{{json}}}}}"""), 201, 400);
            foreach (var path in new[] { $"/api/v1/repository/{repository}", $"/api/v1/organization/{organization}", $"/api/v1/organization/{organization}/robots", $"/api/v1/find/all?query={Uri.EscapeDataString(repository)}" })
            {
                var answer = (await Client.ReadAsync(path)).Is(200);
                IsInert(answer, path);
                Assert.DoesNotContain(answer.Body, static b => b is 0x1b or (byte)'<');
                if (answer.Json.TryGetProperty("description_html", out var html))
                    Assert.DoesNotMatch("(?i)<(script|img[^>]*onerror|svg|iframe)|href=\"(javascript|data):|src=\"data:", html.GetString());
            }
        }
    }

    [Attack("U02")]
    public async Task Formulas_in_an_export()
    {
        var organization = await Client.CreateOrganizationAsync();
        await Client.CreateRepositoryAsync(organization, "app");
        foreach (var name in (string[])["=HYPERLINK(\"http://evil.example\")", "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1"])
        {
            var (json, path) = (JsonSerializer.Serialize(name), Uri.EscapeDataString(name));
            IsOneOf(await Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":{{json}}}"""), 400);
            IsOneOf(await Client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"namespace":"{{organization}}","repository":{{json}},"visibility":"private","description":""}"""), 400);
            IsOneOf(await Client.SendJsonAsync("PUT", $"/api/v1/organization/{organization}/team/{path}", """{"role":"admin"}"""), 400, 404);
            IsOneOf(await Client.SendAsync("PUT", $"/api/v1/organization/{organization}/robots/{path}", []), 400, 404);
        }

        var export = (await Client.ReadAsync($"/api/v1/organization/{organization}/accessreview?format=csv")).Is(200);
        IsInert(export, "CSV");
        Assert.DoesNotMatch("(?m)(^|,)\"?[=+@\\t\\r-]", export.Text.Replace("\r\n", "\n", StringComparison.Ordinal));
    }

    [Attack("U04")]
    public async Task Errors_that_tell_the_path()
    {
        foreach (var path in new[] { "/%3Cscript%3Ealert(1)%3C/script%3E", "/api/v1/%3Cscript%3E", "/api/v1/repository/%3Cscript%3E/x", "/v2/%3Cscript%3E/manifests/x", $"/v2/{User}/x/manifests/%3Cscript%3E", "/api/v1/organization/%3Cscript%3E", "/api/v1/users/%3Cscript%3E", "/api/v1/repository?next_page=%3Cscript%3E", $"/v2/{User}/x/tags/list?n=%3Cscript%3E" })
            foreach (var client in new[] { Anonymous, Client })
            {
                var answer = await client.ReadAsync(path, ("Accept", "text/html"));
                Assert.InRange((int)answer.Status, 400, 499);
                IsInert(answer, path);
                Assert.DoesNotContain("<", answer.Text, StringComparison.Ordinal);
            }
    }

    [Attack("L02")]
    public async Task Errors_of_the_registry_are_those_of_the_specification()
    {
        var repository = Registry.NewRepository();
        foreach (var (method, path) in ((string, string)[])[("GET", ""), ("GET", "_catalog?n=x"), ("GET", $"{repository}/tags/list"), ("GET", $"{repository}/manifests/none"), ("GET", $"{repository}/manifests/sha256:0"), ("PUT", $"{repository}/manifests/v1"), ("DELETE", $"{repository}/manifests/v1"),
            ("GET", $"{repository}/blobs/sha256:0"), ("GET", $"{repository}/blobs/uploads/none"), ("PATCH", $"{repository}/blobs/uploads/none"), ("PUT", $"{repository}/blobs/uploads/none?digest=x"), ("GET", $"{repository}/referrers/x"), ("PATCH", $"{repository}/tags/list"), ("GET", "no/such/thing"), ("GET", "UPPER/manifests/x")])
            foreach (var client in new[] { Anonymous, Client, Registry.ClientFor(User, "wrong password") })
            {
                var answer = await client.SendAsync(method, "/v2/" + path, method is "PUT" or "PATCH" ? [] : null);
                if (answer.Status >= System.Net.HttpStatusCode.BadRequest)
                    answer.Is((int)answer.Status, answer.Code);
            }
    }

    private static void IsInert(Answer answer, string what)
    {
        Assert.True(answer.Header("X-Content-Type-Options") == "nosniff", $"{what}: {answer.Headers}");
        Assert.True(answer.Header("Content-Security-Policy") == "default-src 'none'; frame-ancestors 'none'", $"{what}: {answer.Headers}");
        Assert.True(answer.Header("Cache-Control") == "no-store", $"{what}: {answer.Headers}");
        // A table goes to a file, and not into the browser; a stream of events is shown by none.
        Assert.True(answer.ContentHeaders.ContentType?.MediaType is null or "application/json" or "application/problem+json" or "text/plain" or "text/event-stream"
            || (answer.ContentHeaders.ContentType.MediaType == "text/csv" && answer.ContentHeaders.ContentDisposition?.DispositionType == "attachment"), $"{what}: {answer.ContentHeaders}");
    }
}
