using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Tests.Server.Superuser;

/// <summary>What superusers ask about the registry as a whole.</summary>
public sealed class RegistryTests(DumpedRegistry registry) : IClassFixture<DumpedRegistry>
{
    [Fact]
    public async Task The_settings_are_shown_with_where_they_come_from()
    {
        var dump = (await registry.Client.ReadAsync("/api/v1/superuser/config")).Is(200).Json;

        Assert.Equal(["config", "warning", "env", "schema"], dump.EnumerateObject().Select(static p => p.Name));
        var config = dump.GetProperty("config");
        Assert.Equal("https://registry.example.test", config.GetProperty("Server").GetProperty("PublicUrl").GetString());
        Assert.Equal("registry.internal", config.GetProperty("Server").GetProperty("HostNames")[0].GetString());
        Assert.Equal(77, config.GetProperty("Auth").GetProperty("LoginBurst").GetInt32());
        Assert.Equal("StartTls", config.GetProperty("Mail").GetProperty("Security").GetString());
        Assert.Equal("00:00:30", config.GetProperty("Mail").GetProperty("Timeout").GetString());
        var schema = dump.GetProperty("schema");
        Assert.Matches("wharf.yaml:2$", Source("Server.PublicUrl"));
        Assert.Equal("environment variable WHARF__Auth__LoginBurst", Source("Auth.LoginBurst"));
        Assert.Equal(20, schema.GetProperty("Auth.LoginBurst").GetProperty("default").GetInt32());
        Assert.Equal("command line", Source("Server.Data"));
        Assert.Equal("default", Source("Mail.Port"));
        Assert.Equal(77, dump.GetProperty("env").GetProperty("WHARF__Auth__LoginBurst").GetInt32());

        string Source(string path) => schema.GetProperty(path).GetProperty("source").GetString()!;
    }

    [Fact]
    public async Task The_settings_are_shown_without_secrets()
    {
        var answer = (await registry.Client.ReadAsync("/api/v1/superuser/config")).Is(200);

        Assert.DoesNotContain(registry.Canary, answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(registry.AdminPassword, answer.Text, StringComparison.Ordinal);
        Assert.Equal("********", answer.Json.GetProperty("config").GetProperty("Mail").GetProperty("Password").GetString());
        Assert.DoesNotContain(registry.Canary, registry.Log(), StringComparison.Ordinal);
        (await registry.UserClient.ReadAsync("/api/v1/superuser/config")).Is(403);
    }

    [Fact]
    public void What_is_not_known_to_be_harmless_is_masked()
    {
        var environment = new Dictionary<string, string>
        {
            ["WHARF__Database"] = "Host=db.example.test;Username=wharf;Password=canary1;SomethingNew=canary2",
            ["WHARF__Sample__Plain"] = "shown",
            ["WHARF__Sample__Hidden"] = "canary3",
            ["WHARF__Sample__ApiToken"] = "canary4",
            ["WHARF__Sample__Address"] = "https://user:canary5@sink.example.test/path",
            ["WHARF__Sample__Sink"] = "amqp://user:canary6@sink.example.test",
            ["WHARF__Sample__Headers__Authorization-Token"] = "canary7",
            ["WHARF__Sample__Headers__Accept"] = "shown too",
            ["WHARF__Sample__Inner__Secret"] = "canary8",
            ["WHARF__Sample__Several__0__Password"] = "canary9",
        };
        var settings = ServerSettings.Parse("wharf.yaml", "", environment);
        settings.Scalar("Database");
        settings.Section<Sample>("Sample");
        settings.Check();

        var json = new SettingsDump(settings).ToJson();

        Assert.DoesNotContain("canary", json.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("db.example.test", (string)json["config"]!["Database"]!, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("shown", (string)json["config"]!["Sample"]!["Plain"]!);
        Assert.Equal("https://********@sink.example.test/path", (string)json["config"]!["Sample"]!["Address"]!);
        Assert.Equal("shown too", (string)json["config"]!["Sample"]!["Headers"]!["Accept"]!);
        Assert.Equal("********", (string)json["config"]!["Sample"]!["Inner"]!["Secret"]!);
        // What cannot be read as a connection string may be one all the same.
        var broken = ServerSettings.Parse("wharf.yaml", "", new Dictionary<string, string> { ["WHARF__Database"] = "postgres://wharf:canary@db.example.test" });
        broken.Scalar("Database");
        Assert.DoesNotContain("canary", new SettingsDump(broken).ToJson().ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_with_the_name_of_a_secret_have_the_type_of_one()
    {
        // A file, and the command line of another program.
        string[] harmless = ["TlsOptions.Key", "BenchOptions.Password"];
        var wrong = from type in typeof(ServerSettings).Assembly.GetTypes()
                    where type.Name.EndsWith("Options", StringComparison.Ordinal) && type.IsClass
                    from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                    where property is { CanWrite: true } && property.PropertyType == typeof(string) && Regex.IsMatch(property.Name, "(password|secret|token|credential|key)$", RegexOptions.IgnoreCase)
                    let name = $"{type.Name}.{property.Name}"
                    where !harmless.Contains(name)
                    select name;

        Assert.Equal([], wrong);
    }

    [Fact]
    public async Task The_size_is_counted_when_a_superuser_asks()
    {
        await using var own = await Registry.StartAsync<UserRegistry>();
        var before = (await own.Client.ReadAsync("/api/v1/superuser/registrysize/")).Is(200);
        Assert.Equal("""{"size_bytes":0,"last_ran":null,"queued":false,"running":false}""", before.Text);
        var content = Requests.RandomBytes(12_345);
        await own.UserClient.PushBlobAsync(own.NewRepository(), content);
        await own.UserClient.PushBlobAsync(own.NewRepository(), content);

        Assert.Contains((int)(await own.Client.SendAsync("POST", "/api/v1/superuser/registrysize/", [])).Status, (int[])[201, 202]);

        var size = await Poll.UntilAsync(async () => (await own.Client.ReadAsync("/api/v1/superuser/registrysize/")).Is(200).Json is var json && json.GetProperty("last_ran").ValueKind == JsonValueKind.Number ? json.GetRawText() : null!);
        Assert.StartsWith("""{"size_bytes":12345,"last_ran":1""", size, StringComparison.Ordinal);
        Assert.EndsWith("""
            "queued":false,"running":false}
            """, size, StringComparison.Ordinal);
        (await own.UserClient.SendAsync("POST", "/api/v1/superuser/registrysize/", [])).Is(403);
    }

    [Fact]
    public async Task The_changes_and_the_status_are_told()
    {
        Assert.StartsWith("# Changes", (await registry.Client.ReadAsync("/api/v1/superuser/changelog/")).Is(200).Json.GetProperty("log").GetString(), StringComparison.Ordinal);
        Assert.Equal("""{"provider_id":"wharf","status":"ready"}""", (await registry.Anonymous.ReadAsync("/api/v1/superuser/registrystatus")).Is(200).Text);
        (await registry.UserClient.ReadAsync("/api/v1/superuser/changelog/")).Is(403);
    }

    internal sealed class Sample
    {
        public string? Plain { get; set; }

        public Secret? Hidden { get; set; }

        public string? ApiToken { get; set; }

        public Uri? Address { get; set; }

        public string? Sink { get; set; }

        public Dictionary<string, string> Headers { get; set; } = [];

        public Inner? Inner { get; set; }

        public List<Login> Several { get; set; } = [];
    }

    internal sealed class Inner
    {
        public string? Secret { get; set; }
    }

    internal sealed class Login
    {
        public string? Password { get; set; }
    }
}
