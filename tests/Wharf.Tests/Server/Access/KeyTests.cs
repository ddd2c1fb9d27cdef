using System.Diagnostics;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Npgsql;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;
using Wharf.Tests.Server.OAuth;

namespace Wharf.Tests.Server.Access;

/// <summary>From the database alone no secret is read and no token minted; keys rotate under a running server.</summary>
[SupportedOSPlatform("linux")]
public sealed class KeyTests
{
    [Fact]
    public async Task The_bytes_of_the_database_hold_no_secret()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (user, repository) = (registry.User, registry.NewRepository());
        var token = await user.Client.TokenAsync($"repository:{repository}:pull,push");
        await user.Client.PushImageAsync(repository, "v1");
        var (pkcs8, publicKey) = await UnsealedAsync(registry, "SELECT sealed_private, public_key FROM signing_key", "signing-key");
        var (hash, _) = await UnsealedAsync(registry, $"SELECT sealed_password, sealed_password FROM account a JOIN namespace n ON n.id = a.id WHERE n.name = '{user.Name}'", "password");
        using var pair = ECDsa.Create();
        pair.ImportPkcs8PrivateKey(pkcs8, out _);
        Assert.True(PasswordHash.Verify(user.Password, hash, out _));

        foreach (var state in new[] { "running", "stopped" })
        {
            var dump = await DumpAsync(registry);
            // What must be found shows that the search finds.
            Assert.True(Holds(dump, publicKey), state);
            Assert.True(Holds(dump, Encoding.UTF8.GetBytes(user.Name)), state);
            foreach (var (what, secret) in new[]
            {
                ("a PKCS #8 header of P-256", pkcs8[..26]), ("the private scalar", pair.ExportParameters(includePrivateParameters: true).D!), ("the salt of a password", hash[5..21]), ("the hash of a password", hash[21..]),
                ("the user's password", Encoding.UTF8.GetBytes(user.Password)), ("the superuser's password", Encoding.UTF8.GetBytes(registry.AdminPassword)), ("a token", Encoding.ASCII.GetBytes(token)),
                ("the signature of a token", Encoding.ASCII.GetBytes(token.Split('.')[2])), ("a PEM key", "PRIVATE KEY"u8.ToArray()), ("a Basic credential", Encoding.ASCII.GetBytes(Requests.Basic(user.Name, user.Password).Value[6..])),
            })
            {
                Assert.False(Holds(dump, secret), $"{what} can be read from the database ({state}).");
            }
            foreach (var key in RingKeys(registry))
            {
                Assert.False(Holds(dump, key), $"A key of the ring is in the database ({state}).");
            }
            if (state == "running")
            {
                await registry.RestartAsync();
            }
        }
    }

    [Fact]
    public async Task The_key_file_is_for_its_owner_only()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(registry.DataDirectory, "keys.json")));
    }

    [Fact]
    public async Task Rotation_keeps_passwords_and_tokens_good_now_and_after_a_restart_and_makes_the_old_ring_useless()
    {
        await using var registry = await Registry.StartAsync<UserRegistry>();
        var (user, repository) = (registry.User, registry.NewRepository());
        await user.Client.PushImageAsync(repository, "v1");
        var scope = $"repository:{repository}:pull";
        var before = await user.Client.TokenAsync(scope);
        var app = (await user.Client.SendJsonAsync("POST", "/api/v1/user/apptoken", """{"title":"build"}""")).Is(200).Json.GetProperty("token").GetProperty("token_code").GetString()!;
        var encrypted = (await user.Client.SendJsonAsync("POST", "/api/v1/user/clientkey", $$"""{"password":"{{user.Password}}"}""")).Is(200).Json.GetProperty("key").GetString()!;
        (await registry.ClientFor(user.Name, encrypted).ReadAsync("/v2/")).Is(200);
        var (org, application, oauth, _) = await user.MintAsync("repo:read");
        var secretPath = $"/api/v1/organization/{org}/applications/{application}";
        var secret = (await user.Client.ReadAsync(secretPath)).Is(200).Json.GetProperty("client_secret").GetString();
        var oldFile = Path.Combine(registry.DataDirectory, "keys.json");
        var oldRing = await File.ReadAllBytesAsync(oldFile, TestContext.Current.CancellationToken);

        Assert.Equal(0, await RotateAsync(registry));
        var after = await user.Client.TokenAsync(scope);

        Assert.NotEqual(before.Split('.')[0], after.Split('.')[0]);
        await AllGoodAsync();
        // It went with the key that sealed it.
        (await registry.ClientFor(user.Name, encrypted).ReadAsync("/v2/")).Is(401);
        await registry.RestartAsync();
        await AllGoodAsync();
        Assert.Equal(0, await RotateAsync(registry));
        await AllGoodAsync();

        var directory = Directory.CreateTempSubdirectory("wharf-old-ring-");
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(directory.FullName, "keys.json"), oldRing, TestContext.Current.CancellationToken);
            File.SetUnixFileMode(Path.Combine(directory.FullName, "keys.json"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            var ring = new KeyRing(new KeysOptions(), new DataDirectory(directory.FullName), TimeProvider.System);
            var (signing, password) = (await ColumnAsync(registry, "SELECT sealed_private, public_key FROM signing_key WHERE retired_ms IS NULL"), await ColumnAsync(registry, "SELECT sealed_password, sealed_password FROM account"));
            Assert.Throws<KeyRingException>(() => ring.Unseal("signing-key", signing.First));
            Assert.Throws<KeyRingException>(() => ring.Unseal("password", password.First));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        async Task AllGoodAsync()
        {
            foreach (var token in new[] { before, after, await user.Client.TokenAsync(scope) })
            {
                (await registry.Anonymous.WithTokenAsync(token, "GET", $"/v2/{repository}/manifests/v1")).Is(200);
            }
            (await registry.ClientFor(user.Name, user.Password).ReadAsync("/v2/")).Is(200);
            (await registry.ClientFor("$app", app).ReadAsync("/v2/")).Is(200);
            (await registry.ClientFor("$oauthtoken", oauth).ReadAsync("/v2/")).Is(200);
            Assert.Equal(secret, (await user.Client.ReadAsync(secretPath)).Is(200).Json.GetProperty("client_secret").GetString());
            (await registry.Client.ReadAsync("/v2/")).Is(200);
        }
    }

    private static async Task<int> RotateAsync(Registry registry)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(SourceTree.Root, "wharf"), ["keys", "rotate", "--data", registry.DataDirectory, "--json"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper!.WriteLine(await output + await error);
        return process.ExitCode;
    }

    // Byte strings stand in the dump of PostgreSQL in hex.
    private static async Task<byte[]> DumpAsync(Registry registry)
    {
        await using var database = await registry.OpenDatabaseAsync();
        if (database is not NpgsqlConnection postgres)
        {
            return [.. Directory.GetFiles(registry.DataDirectory, "*.db*").Order(StringComparer.Ordinal).SelectMany(ReadShared)];
        }
        var tables = new List<string>();
        await using (var command = new NpgsqlCommand("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')", postgres))
        await using (var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken))
        {
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                tables.Add(reader.GetString(0));
            }
        }
        var dump = new StringBuilder();
        foreach (var table in tables)
        {
            using var rows = await postgres.BeginTextExportAsync($"COPY (SELECT * FROM {table}) TO STDOUT", TestContext.Current.CancellationToken);
            dump.Append(await rows.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
        return Encoding.UTF8.GetBytes(dump.ToString());
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    // As it is, in base64 or in hex.
    private static bool Holds(byte[] dump, byte[] what)
    {
        Assert.True(what.Length >= 8, "Too short to be searched for.");
        return new[] { what, Encoding.ASCII.GetBytes(Convert.ToBase64String(what)), Encoding.ASCII.GetBytes(Convert.ToHexStringLower(what)) }.Any(w => dump.AsSpan().IndexOf(w) >= 0);
    }

    private static byte[][] RingKeys(Registry registry)
    {
        using var ring = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(registry.DataDirectory, "keys.json")));
        var keys = Strings(ring.RootElement).Select(s => (Ok: TryDecode(s, out var key), Key: key)).Where(k => k.Ok).Select(k => k.Key).ToArray();
        Assert.NotEmpty(keys);
        return keys;
    }

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Strings(p.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        _ => [],
    };

    private static bool TryDecode(string text, out byte[] key)
    {
        key = new byte[48];
        var ok = Convert.TryFromBase64String(text, key, out var length) && length == 32;
        key = key[..32];
        return ok;
    }

    private static async Task<(byte[] Secret, byte[] Second)> UnsealedAsync(Registry registry, string sql, string purpose)
    {
        var (first, second) = await ColumnAsync(registry, sql);
        return (StolenKey.RingOf(registry).Unseal(purpose, first), second);
    }

    private static Task<(byte[] First, byte[] Second)> ColumnAsync(Registry registry, string sql) =>
        StolenKey.RowAsync(registry, sql, static r => (r.GetFieldValue<byte[]>(0), r.GetFieldValue<byte[]>(1)));
}
