using System.Security.Cryptography;
using System.Text;
using Wharf.Tests.Server.Attacks;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Superuser;

/// <summary>Public keys of services.</summary>
public sealed class ServiceKeyTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const string Keys = "/api/v1/superuser/keys";

    private HttpClient Me => registry.Client;

    [Fact]
    public async Task A_key_is_made_once_and_only_its_public_half_is_kept()
    {
        var made = (await Me.SendJsonAsync("POST", Keys, """{"service":"scanner","name":"the scanner","expiration":null,"metadata":{"team":"security"},"notes":"by hand"}""")).Is(200).Json;

        var kid = made.GetProperty("kid").GetString()!;
        Assert.Equal(["kid", "name", "service", "public_key", "private_key"], made.EnumerateObject().Select(static p => p.Name));
        using var rsa = RSA.Create();
        rsa.ImportFromPem(made.GetProperty("private_key").GetString());
        Assert.Equal(made.GetProperty("public_key").GetString(), rsa.ExportSubjectPublicKeyInfoPem());
        var shown = (await Me.ReadAsync($"{Keys}/{kid}")).Is(200);
        shown.Shows("""
            {"name":"the scanner","kid":"{kid}","service":"scanner","jwk":{"kty":"RSA","n":"{n}","e":"AQAB","kid":"{kid}"},
             "metadata":{"team":"security","created_by":"Superuser API","creator":"admin","ip":"127.0.0.1"},"created_date":"*","expiration_date":null,"rotation_duration":null,
             "approval":{"approver":{"kind":"user","name":"admin","username":"admin","avatar":{"name":"admin","hash":"*","color":"*","kind":"user"}},
             "approval_type":"ServiceKeyApprovalType.SUPERUSER","approved_date":"*","notes":"by hand"}}
            """, ("kid", kid), ("n", shown.Json.GetProperty("jwk").GetProperty("n").GetString()!));
        // RFC 7638
        Assert.Equal(kid, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($$"""{"e":"AQAB","kty":"RSA","n":"{{shown.Json.GetProperty("jwk").GetProperty("n").GetString()}}"}"""))));
        Assert.Contains(kid, (await Me.ReadAsync(Keys)).Is(200).Json.GetProperty("keys").EnumerateArray().Select(static k => k.GetProperty("kid").GetString()));
        var secret = made.GetProperty("private_key").GetString()!.Split('\n')[15];
        Assert.Empty((await DatabaseDump.ReadAsync(registry)).Where(secret));
        Assert.DoesNotContain(secret, registry.Log(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_changed_and_deleted()
    {
        var kid = await KeyAsync();

        var later = TimeProvider.System.GetUtcNow().AddDays(2).ToUnixTimeSeconds();
        Assert.NotNull((await Me.SendJsonAsync("PUT", $"{Keys}/{kid}", $$"""{"name":"another","expiration":{{later}}}""")).Is(200).Json.GetProperty("expiration_date").GetString());
        var changed = (await Me.SendJsonAsync("PUT", $"{Keys}/{kid}", """{"metadata":{"a":1}}""")).Is(200).Json;
        Assert.Equal(("another", """{"a":1}"""), (changed.GetProperty("name").GetString(), changed.GetProperty("metadata").GetRawText()));
        Assert.NotNull(changed.GetProperty("expiration_date").GetString());
        Assert.Null((await Me.SendJsonAsync("PUT", $"{Keys}/{kid}", """{"expiration":null}""")).Is(200).Json.GetProperty("expiration_date").GetString());

        (await Me.SendAsync("DELETE", $"{Keys}/{kid}")).Is(204);
        (await Me.SendAsync("DELETE", $"{Keys}/{kid}")).Is(404);
        (await Me.ReadAsync($"{Keys}/{kid}")).Is(404);
    }

    [Fact]
    public async Task Approving_what_is_approved_changes_nothing()
    {
        var kid = await KeyAsync();

        (await Me.SendJsonAsync("POST", $"/api/v1/superuser/approvedkeys/{kid}", """{"notes":"again"}""")).Is(201);

        Assert.Equal("", (await Me.ReadAsync($"{Keys}/{kid}")).Is(200).Json.GetProperty("approval").GetProperty("notes").GetString());
        (await Me.SendJsonAsync("POST", $"/api/v1/superuser/approvedkeys/{new string('0', 64)}", "{}")).Is(404);
    }

    [Theory]
    [InlineData("""{"service":"x"}""")]
    [InlineData("""{"expiration":null}""")]
    [InlineData("""{"service":"","expiration":null}""")]
    [InlineData("""{"service":"a b","expiration":null}""")]
    [InlineData("""{"service":"x","expiration":1}""")]
    [InlineData("""{"service":"x","expiration":1e300}""")]
    [InlineData("""{"service":"x","expiration":-1}""")]
    [InlineData("""{"service":"x","expiration":"tomorrow"}""")]
    [InlineData("""{"service":"x","expiration":null,"name":"a\u0007"}""")]
    [InlineData("""{"service":"x","expiration":null,"notes":"\u0000"}""")]
    [InlineData("""{"service":"x","expiration":null,"metadata":{"a":"\u0000"}}""")]
    [InlineData("""{"service":"x","expiration":null,"metadata":[]}""")]
    [InlineData("""{"service":"x","expiration":null,"metadata":{"a":1,"a":2}}""")]
    [InlineData("[]")]
    public async Task What_is_no_key_is_refused(string body) => (await Me.SendJsonAsync("POST", Keys, body)).Is(400);

    [Fact]
    public async Task What_is_no_change_is_refused()
    {
        var kid = await KeyAsync();
        foreach (var body in new[] { """{"expiration":1}""", """{"expiration":"x"}""", """{"expiration":true}""", """{"name":"\n"}""", "{\"metadata\":{\"a\":\"" + new string('a', 9000) + "\"}}" })
            (await Me.SendJsonAsync("PUT", $"{Keys}/{kid}", body)).Is(400);
        (await Me.SendJsonAsync("PUT", $"{Keys}/nobody", "{}")).Is(404);
        (await Me.SendJsonAsync("PUT", $"{Keys}/{new string('0', 64)}", "{}")).Is(404);
        (await Me.ReadAsync($"{Keys}?next_page=x")).Is(400);
        (await Me.ReadAsync($"{Keys}?order=name")).Is(400);
    }

    private async Task<string> KeyAsync() => (await Me.SendJsonAsync("POST", Keys, """{"service":"x","expiration":null}""")).Is(200).Json.GetProperty("kid").GetString()!;
}
