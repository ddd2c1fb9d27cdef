using System.Buffers.Text;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Bearer tokens: forged, borrowed, stale, and asked for with scopes that mean something else.</summary>
internal sealed class TokenChecks(AttackedRegistry registry) : Checks(registry), IDisposable
{
    private readonly ECDsa _ours = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose() => _ours.Dispose();

    [Attack("A07")]
    public async Task Garbage()
    {
        foreach (var token in new[] { "x", "a.b.c", "..", ".", new string('a', 5000), "eyJhbGciOiJub25lIn0.e30.", Convert.ToBase64String(Requests.RandomBytes(300)), "\u00ff", new string('.', 1000) })
        {
            await RefusesAsync(token);
        }
        await RefusesAsync("");
    }

    [Attack("A09")]
    public async Task An_HMAC_under_an_empty_or_well_known_key()
    {
        var (claims, header) = await GenuineAsync();
        foreach (var secret in new[] { "", "secret", "changeme", "password", header["kid"]!.GetValue<string>() })
        {
            header["alg"] = "HS256";
            await RefusesAsync(Hmac(header, claims, Encoding.UTF8.GetBytes(secret)));
            header.Remove("kid");
            await RefusesAsync(Hmac(header, claims, Encoding.UTF8.GetBytes(secret)));
            header["kid"] = "x";
        }
        foreach (var none in new[] { "none", "None", "NONE", "" })
        {
            header["alg"] = none;
            await RefusesAsync($"{StolenKey.Encode(header.ToJsonString())}.{StolenKey.Encode(claims.ToJsonString())}.");
        }
    }

    [Attack("A10")]
    public async Task A_key_in_the_header()
    {
        var (claims, header) = await GenuineAsync();
        header["jwk"] = Jwk();
        await RefusesAsync(Ours(header, claims));
        header.Remove("kid");
        await RefusesAsync(Ours(header, claims));
    }

    [Attack("A12")]
    public async Task A_key_behind_a_URL()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (claims, header) = await GenuineAsync();
        foreach (var name in new[] { "jku", "x5u" })
        {
            header[name] = $"http://{listener.LocalEndpoint}/keys.json";
            await RefusesAsync(Ours(header, claims));
        }
        Assert.False(listener.Pending(), "The server has called the address in the token's header.");
    }

    [Attack("J01")]
    public async Task The_public_key_as_an_HMAC_secret()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var (claims, header) = await GenuineAsync();
        header["alg"] = "HS256";
        var pem = PemEncoding.WriteString("PUBLIC KEY", key.PublicKey);
        foreach (var secret in new[] { key.PublicKey, Encoding.ASCII.GetBytes(pem), Encoding.ASCII.GetBytes(pem + "\n") })
        {
            await RefusesAsync(Hmac(header, claims, secret));
        }
    }

    [Attack("J02")]
    public async Task Another_issuer_or_audience()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var (claims, _) = await GenuineAsync();
        await TakesAsync(key.Sign(claims));
        foreach (var name in new[] { "iss", "aud" })
        {
            foreach (var value in new JsonNode?[] { "other", "", "WHARF", null, new JsonArray("wharf"), new JsonArray("wharf", "other") })
            {
                var changed = (JsonObject)claims.DeepClone();
                changed[name] = value;
                await RefusesAsync(key.Sign(changed));
                changed.Remove(name);
                await RefusesAsync(key.Sign(changed));
            }
        }
    }

    [Attack("J03")]
    public async Task Hostile_times()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var (claims, _) = await GenuineAsync();
        var now = claims["iat"]!.GetValue<long>();
        // 30 s of skew are allowed.
        foreach (var (name, value) in new (string, string)[]
        {
            ("exp", $"{now - 40}"), ("exp", "\"" + (now + 100) + "\""), ("exp", "1e30"), ("exp", "-1"), ("exp", "null"), ("exp", "9223372036854775807"), ("exp", "9223372036854775808"), ("exp", $"{now + 100}.5"),
            ("exp", $"{now + 86_400}"), ("nbf", $"{now + 3600}"), ("nbf", "null"), ("iat", "\"now\""), ("iat", "-9223372036854775808"),
        })
        {
            var changed = (JsonObject)claims.DeepClone();
            changed[name] = "VALUE";
            await RefusesAsync(key.Sign(changed.ToJsonString().Replace("\"VALUE\"", value, StringComparison.Ordinal)));
            changed.Remove(name);
            await RefusesAsync(key.Sign(changed));
        }
    }

    [Attack("J04")]
    public async Task A_token_for_a_name_that_begins_alike()
    {
        var repository = Registry.NewRepository();
        foreach (var name in new[] { repository, repository + "c", repository + "/c" })
        {
            await Client.PushImageAsync(name, "v1");
        }
        var token = await Client.TokenAsync($"repository:{repository}:pull,push");
        (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        foreach (var other in new[] { repository + "c", repository + "/c", repository[..^1] })
        {
            (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{other}/manifests/v1")).Is(401);
        }
        foreach (var target in new[] { $"/v2/{repository}/../{repository.Split('/')[1]}c/manifests/v1", $"/v2/{repository.ToUpperInvariant()}/manifests/v1", $"/v2/{repository}%2fc/manifests/v1", $"/v2/{repository}c/manifests/v1?x=/{repository}" })
        {
            IsOneOf(await RawHttp.RequestAsync(Registry.Url, "GET", target, "Authorization: Bearer " + token), 400, 401, 404);
        }
    }

    [Attack("J05")]
    public async Task Grants_that_are_not_known()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var repository = Registry.NewRepository();
        await Client.PushImageAsync(repository, "v1");
        var claims = StolenKey.Claims(await Client.TokenAsync($"repository:{repository}:pull"));
        (await Anonymous.WithTokenAsync(key.Sign(claims), "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        foreach (var access in new[]
        {
            $$"""[{"type":"repository(plugin)","name":"{{repository}}","actions":["pull"]}]""", $$"""[{"type":"Repository","name":"{{repository}}","actions":["pull"]}]""",
            $$"""[{"type":"repository","name":"{{repository}}","actions":["PULL","pull "," pull","pull,push","admin","",null]}]""", $$"""[{"type":"repository","name":"{{repository}}*","actions":["*"]}]""",
            $$"""[{"type":"repository","name":"*","actions":["*"]}]""", $$"""[{"type":"registry","name":"catalog","actions":["*"]}]""", $$"""[{"type":"repository","name":"{{repository}}"}]""",
            $$"""[{"type":"repository","name":"{{repository}}","actions":"pull"}]""", $$"""{"type":"repository","name":"{{repository}}","actions":["pull"]}""", "null", "[null]", "\"*\"",
        })
        {
            claims["access"] = JsonNode.Parse(access);
            (await Anonymous.WithTokenAsync(key.Sign(claims), "GET", $"/v2/{repository}/manifests/v1")).Is(401);
            (await Anonymous.WithTokenAsync(key.Sign(claims), "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401);
        }
        // Entries that are there twice add up to what they say, and no more.
        claims["access"] = JsonNode.Parse($$"""[{"type":"repository","name":"{{repository}}","actions":["pull"]},{"type":"repository","name":"{{repository}}","actions":["pull","pull"]}]""");
        (await Anonymous.WithTokenAsync(key.Sign(claims), "GET", $"/v2/{repository}/manifests/v1")).Is(200);
        (await Anonymous.WithTokenAsync(key.Sign(claims), "POST", $"/v2/{repository}/blobs/uploads/", [])).Is(401);
        // A token caps what its account may do and grants nothing.
        var other = await Registry.CreateUserAsync();
        claims["access"] = JsonNode.Parse($$"""[{"type":"repository","name":"{{other.Name}}/app","actions":["*"]}]""");
        (await Anonymous.WithTokenAsync(key.Sign(claims), "POST", $"/v2/{other.Name}/app/blobs/uploads/", [])).Is(401);
    }

    [Attack("J06")]
    public async Task Encrypted_tokens_that_cost()
    {
        using var bomb = new MemoryStream();
        using (var deflate = new DeflateStream(bomb, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            deflate.Write(new byte[4 << 20]);
        }
        var packed = Base64Url.EncodeToString(bomb.ToArray());
        foreach (var token in new[]
        {
            $"{StolenKey.Encode("""{"alg":"dir","enc":"A256GCM","zip":"DEF"}""")}..{Base64Url.EncodeToString(new byte[12])}.{packed}.{Base64Url.EncodeToString(new byte[16])}",
            $"{StolenKey.Encode("""{"alg":"PBES2-HS256+A128KW","enc":"A128CBC-HS256","p2c":2147483647,"p2s":"AAAA"}""")}.AAAA.AAAA.AAAA.AAAA",
            $"{StolenKey.Encode("""{"alg":"ES256","zip":"DEF"}""")}.{packed}.{new string('A', 86)}",
        })
        {
            await RefusesAsync(token);
            await Timed.WithinAsync(TimeSpan.FromMilliseconds(50), () => RefusesAsync(token));
        }
    }

    [Attack("J07")]
    public static async Task The_token_of_an_account_that_was_disabled_or_got_a_new_password()
    {
        await using var registry = await Server.Registry.StartAsync<UserRegistry>();
        var (disabled, changed, unchanged) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var tokens = new[] { await disabled.Client.TokenAsync(), await changed.Client.TokenAsync(), await unchanged.Client.TokenAsync() };
        foreach (var token in tokens)
        {
            (await registry.Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(200);
        }

        // No operation does either yet; what counts is that the state in the database decides and not the token.
        await registry.RestartAsync(async () =>
        {
            foreach (var (name, change) in new[] { (disabled.Name, "enabled = 0"), (changed.Name, "credential = 2") })
            {
                await StolenKey.RowAsync(registry, $"UPDATE account SET {change} WHERE id = (SELECT id FROM namespace WHERE name = '{name}') RETURNING id", static r => r.GetInt64(0));
            }
        });

        (await registry.Anonymous.WithTokenAsync(tokens[0], "GET", "/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(tokens[1], "GET", "/v2/")).Is(401);
        (await registry.Anonymous.WithTokenAsync(tokens[2], "GET", "/v2/")).Is(200);
        (await registry.ClientFor(disabled.Name, disabled.Password).ReadAsync("/v2/")).Is(401);
    }

    [Attack("J08")]
    public async Task A_trusted_key_id_with_another_key()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var (claims, header) = await GenuineAsync();
        await RefusesAsync(Ours(header, claims));
        header["jwk"] = Jwk();
        await RefusesAsync(Ours(header, claims));
        // Right key, but a header that is not the one that we write.
        await RefusesAsync(key.Sign(claims, header));
    }

    [Attack("J09")]
    public async Task A_certificate_chain_in_the_header()
    {
        var (claims, header) = await GenuineAsync();
        var request = new CertificateRequest("CN=wharf", _ours, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        header["x5c"] = new JsonArray(Convert.ToBase64String(certificate.RawData));
        await RefusesAsync(Ours(header, claims));
        header.Remove("kid");
        await RefusesAsync(Ours(header, claims));
    }

    [Attack("J10")]
    public async Task Tokens_of_one_kind_as_another()
    {
        using var key = await StolenKey.FromAsync(Registry);
        var (claims, header) = await GenuineAsync();
        var genuine = await Client.TokenAsync();
        foreach (var type in new[] { "JWT", "at+jwt", "refresh", "session" })
        {
            header["typ"] = type;
            await RefusesAsync(key.Sign(claims, header));
        }
        (await Anonymous.SendAsync("GET", "/v2/", null, Requests.Basic(User, genuine))).Is(401);
        (await Anonymous.SendAsync("GET", "/v2/", null, Requests.Basic("$token", genuine))).Is(401);
        (await Anonymous.SendAsync("GET", "/v2/", null, ("Cookie", $"session={genuine}; token={genuine}"))).Is(401);
        await RefusesAsync(Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Registry.User.Password}")));
    }

    [Attack("J11")]
    public static async Task A_key_rotated_while_clients_hold_tokens()
    {
        await using var clock = new TokenClock();
        var former = await clock.MintAsync();
        await clock.RotateAsync();
        var later = await clock.MintAsync();
        Assert.NotEqual(former.Split('.')[0], later.Split('.')[0]);

        clock.Advance(TimeSpan.FromSeconds(300));
        Assert.True(await clock.VerifiesAsync(former));
        Assert.True(await clock.VerifiesAsync(later));
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.False(await clock.VerifiesAsync(former));
        Assert.False(await clock.VerifiesAsync(later));
    }

    [Attack("J12")]
    public async Task Requests_for_endless_scopes()
    {
        var many = string.Concat(Enumerable.Range(0, 500).Select(i => $"&scope=registry:x{i}:*"));
        (await Client.ReadAsync("/v2/auth?service=wharf" + many)).Is(400, "INVALID_REQUEST");
        (await Client.ReadAsync("/v2/auth?service=wharf&scope=" + string.Join('+', Enumerable.Range(0, 500).Select(i => $"repository:a/r{i}:pull")))).Is(400, "INVALID_REQUEST");
        IsOneOf(await Client.ReadAsync("/v2/auth?service=wharf&scope=" + new string('a', 100_000)), 414);
        (await Client.ReadAsync($"/v2/auth?scope=repository:{User}/{new string('a', 10 << 10)}:pull")).Is(400, "INVALID_REQUEST");
        (await Client.ReadAsync($"/v2/auth?scope=repository:{User}/a%00b:pull")).Is(400, "INVALID_REQUEST");
        (await Client.ReadAsync($"/v2/auth?scope=repository:{User}/a:{string.Join(',', Enumerable.Range(0, 1000))}")).Is(400, "INVALID_REQUEST");
        var longest = string.Concat(Enumerable.Range(10, 64).Select(i => $"&scope=repository:{User}/{new string('a', 200 - User.Length)}{i}:pull"));
        IsOneOf(await Client.ReadAsync("/v2/auth?service=wharf" + longest), 400);
        // The largest that is taken fits into a token that is taken.
        var most = await Client.TokenAsync([.. Enumerable.Range(0, 64).Select(i => string.Create(CultureInfo.InvariantCulture, $"repository:{User}/repository-{i}:pull,push,delete"))]);
        (await Anonymous.WithTokenAsync(most, "POST", $"/v2/{User}/repository-63/blobs/uploads/", [])).Is(202);
    }

    [Attack("X10")]
    public async Task Scopes_that_are_not_granted()
    {
        var other = await Registry.CreateUserAsync();
        await other.Client.PushImageAsync($"{other.Name}/app", "v1");
        foreach (var scope in new[]
        {
            $"repository:{other.Name}/app:pull", $"repository:{other.Name}/app:*", $"repository:{User}/x:pull repository:{other.Name}/app:pull,push", "registry:catalog:*", $"repository:{Registry.Host}/{other.Name}/app:pull",
        })
        {
            var token = await Client.TokenAsync(scope);
            (await Anonymous.WithTokenAsync(token, "GET", $"/v2/{other.Name}/app/manifests/v1")).Is(401);
            (await Anonymous.WithTokenAsync(token, "POST", $"/v2/{other.Name}/app/blobs/uploads/", [])).Is(401);
            (await Anonymous.WithTokenAsync(token, "DELETE", $"/v2/{other.Name}/app/manifests/v1")).Is(401);
        }
        foreach (var scope in new[] { "*", "repository:*:pull", $"repository:{User}/*:pull", $"repository:{User}/../{other.Name}/app:pull", "repository(plugin):a/b:pull", "superuser::", "registry:*:*" })
        {
            (await Client.ReadAsync("/v2/auth?scope=" + Uri.EscapeDataString(scope))).Is(400, "INVALID_REQUEST");
        }
        (await other.Client.ReadAsync($"/v2/{other.Name}/app/manifests/v1")).Is(200);
    }

    private async Task<(JsonObject Claims, JsonObject Header)> GenuineAsync()
    {
        var token = await Client.TokenAsync("registry:catalog:*");
        await TakesAsync(token);
        using var key = await StolenKey.FromAsync(Registry);
        return (StolenKey.Claims(token), key.Header);
    }

    private async Task TakesAsync(string token) => (await Anonymous.WithTokenAsync(token, "GET", "/v2/")).Is(200);

    private async Task RefusesAsync(string token)
    {
        var answer = await RawHttp.RequestAsync(Registry.Url, "GET", "/v2/", "Authorization: Bearer " + token);
        Assert.True(answer.Status is 401 || (answer.Status is 400 && token.Any(c => c > 126)), $"{token}: {answer.Text}");
    }

    private string Ours(JsonNode header, JsonNode claims)
    {
        var text = StolenKey.Encode(header.ToJsonString()) + "." + StolenKey.Encode(claims.ToJsonString());
        return text + "." + Base64Url.EncodeToString(_ours.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
    }

    private static string Hmac(JsonNode header, JsonNode claims, byte[] secret)
    {
        var text = StolenKey.Encode(header.ToJsonString()) + "." + StolenKey.Encode(claims.ToJsonString());
        return text + "." + Base64Url.EncodeToString(HMACSHA256.HashData(secret, Encoding.ASCII.GetBytes(text)));
    }

    private JsonObject Jwk()
    {
        var point = _ours.ExportParameters(includePrivateParameters: false).Q;
        return new JsonObject { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
    }
}
