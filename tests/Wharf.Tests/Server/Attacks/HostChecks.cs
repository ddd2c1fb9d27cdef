using System.Buffers.Binary;
using System.Security.Cryptography;
using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Attacks;

/// <summary>The listener, and the settings that it was started with.</summary>
internal sealed class HostChecks(AttackedRegistry registry) : Checks(registry)
{
    // TLS 1.2 suites that are fine, all that a TLS 1.0 server could choose, and such as nobody should.
    private static readonly ushort[] s_good = [0xC02F, 0xC030, 0xC02B, 0xC02C];
    private static readonly ushort[] s_old = [0xC013, 0xC014, 0xC009, 0xC00A, 0x002F, 0x0035, 0x0033, 0x0039];
    private static readonly ushort[] s_rc4 = [0x0004, 0x0005, 0xC007, 0xC011];
    private static readonly ushort[] s_tripleDes = [0x000A, 0x0016, 0xC008, 0xC012];
    private static readonly ushort[] s_anonymous = [0x0018, 0x001B, 0x0034, 0x003A, 0x006C, 0x006D, 0x00A6, 0x00A7, 0xC017, 0xC018, 0xC019];
    private static readonly ushort[] s_null = [0x0001, 0x0002, 0x003B, 0xC006, 0xC010];
    private static readonly ushort[] s_export = [0x0003, 0x0006, 0x0008, 0x0014, 0x0009, 0x0015];

    [Attack("H2-01", Slow = true)]
    public static async Task Old_versions_of_TLS_and_weak_suites()
    {
        await using var tls = await Server.Registry.StartAsync<TlsRegistry>();

        Assert.True(await AcceptsAsync(tls, 0x0303, s_good));
        foreach (var (version, suites) in ((ushort, ushort[])[])[
            (0x0300, s_old), (0x0301, s_old), (0x0302, s_old), (0x0301, s_good), (0x0303, s_rc4), (0x0303, s_tripleDes), (0x0303, s_anonymous), (0x0303, s_null), (0x0303, s_export), (0x0302, s_anonymous)])
            Assert.False(await AcceptsAsync(tls, version, suites), $"version {version:x4}, suites {string.Join(' ', suites.Select(static s => s.ToString("x4", System.Globalization.CultureInfo.InvariantCulture)))}");
        (await tls.Client.ReadAsync("/v2/")).Is(200);
    }

    [Attack("H2-02", Slow = true)]
    public async Task Secrets_that_the_server_was_started_with()
    {
        var keys = File.ReadAllText(Path.Combine(Registry.DataDirectory, "keys.json"));
        var secrets = System.Text.RegularExpressions.Regex.Matches(keys, "[A-Za-z0-9+/_=-]{32,}", default, TimeSpan.FromSeconds(1)).Select(static m => m.Value).Append(Registry.AdminPassword).ToList();
        Assert.True(secrets.Count > 1);
        if (Registry.Database is { } database)
            secrets.AddRange(database.Split(';').Where(static p => p.StartsWith("Password=", StringComparison.OrdinalIgnoreCase)).Select(static p => p.Split('=', 2)[1]).Where(static p => p.Length > 0));
        var texts = new List<string> { Registry.Log(), await File.ReadAllTextAsync($"/proc/{Registry.ProcessId}/cmdline", TestContext.Current.CancellationToken) };
        foreach (var path in new[] { "/config", "/version", "/metrics", "/health/live", "/health/ready", "/health/instance", "/api/v1/superuser/users/", "/api/v1/superuser/config", "/api/v1/superuser/registrystatus" })
            foreach (var client in new[] { Anonymous, Registry.Client })
                texts.Add((await client.ReadAsync(path)).Text);
        foreach (var secret in secrets)
            Assert.DoesNotContain(texts, t => t.Contains(secret, StringComparison.Ordinal));

        // What is wrong with a setting is said without what it holds.
        var canary = "canary" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        using var directory = new TemporaryDirectory();
        foreach (var value in new[] { $"Host=127.0.0.1;Port=1;Username=w;Password={canary};Timeout=1", $"Host=127.0.0.1;Password={canary};NoSuchKey=1", $"postgres://w:{canary}@127.0.0.1:1/wharf", $"Password={canary}" })
        {
            var failed = await RunningWharf.RunAsync(["serve", "--data", directory.File("data"), "--listen", "http://127.0.0.1:0"], directory.Path, [("WHARF__Database", value)]);
            Assert.NotEqual(0, failed.Code);
            Assert.DoesNotContain(canary, failed.Output + failed.Errors, StringComparison.Ordinal);
        }
    }

    [Attack("H2-03", Slow = true)]
    public static async Task Forwarded_headers_of_a_peer_that_is_no_proxy()
    {
        await using var registry = await Server.Registry.StartAsync<OtherProxies>();
        var victim = await registry.CreateUserAsync();
        var statuses = new List<int>();
        for (var i = 0; i < 20; i++)
            statuses.Add((int)(await registry.ClientFor(victim.Name, "wrong password").ReadAsync("/v2/", ("X-Forwarded-For", $"10.1.2.{i}"), ("X-Real-IP", $"10.1.3.{i}"), ("Forwarded", $"for=10.1.4.{i}"), ("X-Client-IP", $"10.1.5.{i}"))).Status);
        Assert.Contains(429, statuses);
        Assert.Equal(429, statuses[^1]);

        (string, string)[] forged = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-For", "10.1.2.3")];
        foreach (var path in new[] { "/config", "/v2/", "/csrf_token" })
        {
            var answer = await registry.Anonymous.ReadAsync(path, forged);
            Assert.DoesNotContain("evil", answer.Headers + answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("https", answer.Headers + answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("__Host-", answer.Header("Set-Cookie") ?? "", StringComparison.Ordinal);
        }
        Assert.Contains("127.0.0.1", registry.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain("10.1.", registry.Log(), StringComparison.Ordinal);
    }

    [Attack("H2-05", Slow = true)]
    public static async Task Settings_that_are_wrong()
    {
        using var directory = new TemporaryDirectory();
        foreach (var (name, value, said) in ((string, string, string)[])[
            ("WHARF__Auth__AnonymusAccess", "false", "AnonymusAccess"), ("WHARF__Auth__AnonymousAccess", "maybe", "AnonymousAccess"), ("WHARF__Auth__PasswordRounds", "many", "PasswordRounds"), ("WHARF__Auth__PasswordRounds", "1", "PasswordRounds"), ("WHARF__Auth__LoginBurst", "-1", "LoginBurst"),
            ("WHARF__Servr__PublicUrl", "https://a.example", "Servr"), ("WHARF__Server__PublicUrl", "javascript:alert(1)", "PublicUrl"), ("WHARF__Server__TrustedProxies__0", "everybody", "TrustedProxies"), ("WHARF__Tls__Certificate", "/nowhere", "Tls"), ("WHARF__Database", "sqlserver://x", "The database cannot be opened"), ("WHARF_ADMIN_PASSWORD", "short", "WHARF_ADMIN_PASSWORD")])
        {
            var failed = await RunningWharf.RunAsync(["serve", "--data", directory.File(Guid.NewGuid().ToString("n")), "--listen", "http://127.0.0.1:0"], directory.Path, [(name, value)]);
            Assert.True(failed.Code != 0, $"{name}={value} was taken: {failed.Output}");
            Assert.Contains(said, failed.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", failed.Errors, StringComparison.Ordinal);
        }
    }

    // A greeting by hand: no client library would offer all of this. The answer is a ServerHello (record type 22), an alert (21), or none.
    private static async Task<bool> AcceptsAsync(Registry tls, ushort version, ushort[] suites)
    {
        static byte[] Number(int value, int size)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteInt32BigEndian(bytes, value);
            return bytes[^size..];
        }
        static byte[] WithLength(byte[] content, int size) => [.. Number(content.Length, size), .. content];
        static byte[] Extension(int type, byte[] content) => [.. Number(type, 2), .. WithLength(content, 2)];

        byte[] extensions =
        [
            .. Extension(10, WithLength([0x00, 0x1D, 0x00, 0x17], 2)), // x25519, secp256r1
            .. Extension(11, WithLength([0x00], 1)),
            .. Extension(13, WithLength([0x08, 0x04, 0x04, 0x01, 0x04, 0x03, 0x02, 0x01, 0x02, 0x03], 2)),
        ];
        byte[] hello = [.. Number(version, 2), .. RandomNumberGenerator.GetBytes(32), 0, .. WithLength([.. suites.SelectMany(static s => Number(s, 2))], 2), 1, 0, .. WithLength(extensions, 2)];
        byte[] handshake = [1, .. WithLength(hello, 3)];
        using var client = await RawHttp.ConnectAsync(tls.Url);
        var stream = client.GetStream();
        await stream.WriteAsync((byte[])[22, 3, 1, .. WithLength(handshake, 2)], TestContext.Current.CancellationToken);
        var type = new byte[1];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(10));
        try
        {
            return await stream.ReadAsync(type, patience.Token) == 1 && type[0] == 22;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public sealed class OtherProxies : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Auth:PasswordRounds"] = "1000",
            ["Auth:LoginBurst"] = "3",
            ["Auth:LoginRefillSeconds"] = "600",
            ["Logging:AccessLog"] = "true",
            ["Server:TrustedProxies:0"] = "192.0.2.0/24",
        };
    }
}
