using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Accounts;

/// <summary>What the settings make of people: readers of everything, restricted ones, superusers, newcomers.</summary>
public sealed class SettingsTests(SettingsTests.SetRegistry registry) : IClassFixture<SettingsTests.SetRegistry>
{
    [Fact]
    public async Task A_newcomer_makes_an_account_and_is_signed_in()
    {
        var browser = new Browser(registry.Anonymous);
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();
        var name = "new" + Guid.NewGuid().ToString("n");

        var made = (await browser.SendAsync("POST", "/api/v1/user/", $$"""{"username":"{{name}}","password":"password1","email":"{{name}}@example.test","superuser":true,"is_admin":true,"id":1}""")).Is(200);

        Assert.Equal(name, made.Json.GetProperty("username").GetString());
        Assert.False(made.Json.TryGetProperty("super_user", out _));
        Assert.Equal(name, (await browser.SendAsync("GET", "/api/v1/user/")).Is(200).Json.GetProperty("username").GetString());
        (await browser.SendAsync("GET", "/api/v1/superuser/users/")).Is(403);
    }

    [Theory]
    [InlineData("""{"username":"UPPER","password":"password1"}""")]
    [InlineData("""{"username":"admin","password":"password1"}""")]
    [InlineData("""{"username":"newcomer","password":"short"}""")]
    [InlineData("""{"username":"newcomer","password":"password1","email":"nobody"}""")]
    [InlineData("""{"username":"newcomer"}""")]
    public async Task A_malformed_or_taken_newcomer_is_400(string body)
    {
        var browser = new Browser(registry.Anonymous);
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();

        (await browser.SendAsync("POST", "/api/v1/user/", body)).Is(400);
    }

    [Theory]
    [InlineData("unclaimed-superuser")]
    [InlineData("unclaimed-reader")]
    [InlineData("unclaimed-exempt")]
    public async Task A_newcomer_does_not_take_a_name_to_which_the_settings_give_powers(string name)
    {
        var browser = new Browser(registry.Anonymous);
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Json.GetProperty("csrf_token").GetString();

        (await browser.SendAsync("POST", "/api/v1/user/", $$"""{"username":"{{name}}","password":"password1"}""")).Is(400);

        (await registry.CreateUserAsync(name)).Client.Dispose();
    }

    [Fact]
    public async Task A_page_of_another_site_makes_no_account() =>
        (await new Browser(registry.Anonymous).SendAsync("POST", "/api/v1/user/", """{"username":"forged","password":"password1"}""")).Is(403);

    [Fact]
    public async Task A_global_read_only_superuser_reads_everything_and_changes_nothing()
    {
        var reader = await registry.NamedAsync(SetRegistry.Reader);
        var user = await registry.CreateUserAsync();
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", "{}")).Is(200);

        var me = (await reader.Client.ReadAsync("/api/v1/user/")).Is(200).Json;
        (await reader.Client.ReadAsync("/api/v1/superuser/users/")).Is(200);
        (await reader.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Is(200);
        (await reader.Client.ReadAsync("/api/v1/superuser/organizations/")).Is(200);
        (await reader.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{user.Name}")).Is(403);
        (await reader.Client.SendJsonAsync("PUT", "/api/v1/user/", "{}")).Is(403);
        (await reader.Client.SendJsonAsync("POST", "/api/v1/repository", """{"repository":"x","visibility":"private","description":""}""")).Is(403);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{SetRegistry.Reader}", """{"superuser":true}""")).Is(400);

        Assert.True(me.GetProperty("global_readonly_super_user").GetBoolean());
        Assert.False(me.TryGetProperty("super_user", out _));
        Assert.False(me.GetProperty("can_create_repo").GetBoolean());
        var browser = await Browser.SignedInAsync(registry, reader);
        (await browser.SendAsync("POST", "/api/v1/signin/verify", $$"""{"password":"{{reader.Password}}"}""")).Is(200);
        (await browser.SendAsync("DELETE", "/api/v1/user/sessions")).Is(204);
        (await browser.SendAsync("POST", "/api/v1/signout")).Is(200);
    }

    [Fact]
    public async Task A_superuser_of_the_settings_is_one_and_stays_one()
    {
        var superuser = await registry.NamedAsync(SetRegistry.Superuser);

        (await superuser.Client.ReadAsync("/api/v1/superuser/users/")).Is(200);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{SetRegistry.Superuser}", """{"superuser":false}""")).Is(400);
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{SetRegistry.Superuser}", """{"enabled":false}""")).Is(400);
        (await registry.Client.SendAsync("DELETE", $"/api/v1/superuser/users/{SetRegistry.Superuser}")).Is(400);
        (await registry.Client.SendAsync("POST", $"/api/v1/superuser/takeownership/{SetRegistry.Superuser}")).Is(400);
    }

    [Fact]
    public async Task A_restricted_user_makes_nothing_and_the_exempted_ones_do()
    {
        var (restricted, exempt) = (await registry.CreateUserAsync(), await registry.NamedAsync(SetRegistry.Exempt));

        (await restricted.Client.SendJsonAsync("POST", "/api/v1/repository", """{"repository":"x","visibility":"private","description":""}""")).Is(403);
        (await restricted.Client.SendAsync("POST", $"/v2/{restricted.Name}/x/blobs/uploads/", [])).Is(403);
        (await restricted.Client.SendAsync("PUT", "/api/v1/user/robots/ci")).Is(403);
        (await exempt.Client.SendJsonAsync("POST", "/api/v1/repository", $$"""{"repository":"r{{Guid.NewGuid():n}}","visibility":"private","description":""}""")).Is(201);

        Assert.False((await restricted.Client.ReadAsync("/api/v1/user/")).Json.GetProperty("can_create_repo").GetBoolean());
        Assert.False((await restricted.Client.ReadAsync("/api/v1/user/private")).Json.GetProperty("privateAllowed").GetBoolean());
        Assert.True((await exempt.Client.ReadAsync("/api/v1/user/")).Json.GetProperty("can_create_repo").GetBoolean());
    }

    [Fact]
    public async Task Only_superusers_make_organizations()
    {
        var (exempt, superuser) = (await registry.NamedAsync(SetRegistry.Exempt), await registry.NamedAsync(SetRegistry.Superuser));
        var name = "org" + Guid.NewGuid().ToString("n");

        (await exempt.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(403);
        (await superuser.Client.SendJsonAsync("POST", "/api/v1/organization/", $$"""{"name":"{{name}}"}""")).Is(201);
    }

    [Fact]
    public async Task Superusers_with_full_access_administer_what_is_anybodys_and_others_do_not()
    {
        await using var full = await Registry.StartAsync<FullAccessRegistry>();
        var user = await full.CreateUserAsync();
        var image = $"{user.Name}/app";
        await user.Client.PushImageAsync(image, "v1");
        var mine = await registry.NamedAsync(SetRegistry.Exempt);
        await mine.Client.PushImageAsync($"{mine.Name}/app", "v1");

        (await full.Client.ReadAsync($"/v2/{image}/manifests/v1")).Is(200);
        await full.Client.SetPublicAsync(image, true);
        (await registry.Client.ReadAsync($"/v2/{mine.Name}/app/manifests/v1")).Is(403);
    }

    [Fact]
    public async Task Uses_are_written_when_the_server_stops()
    {
        await using var slow = await Registry.StartAsync<UserRegistry>();
        (await slow.UserClient.ReadAsync("/api/v1/user/")).Is(200);

        await slow.RestartAsync();

        Assert.NotNull((await slow.Client.ReadAsync($"/api/v1/superuser/users/{slow.User.Name}")).Is(200).Json.GetProperty("last_accessed").GetString());
    }

    [Fact]
    public async Task A_fresh_login_lasts_as_long_as_the_settings_say_and_so_does_a_session()
    {
        var user = await registry.CreateUserAsync();
        var browser = await Browser.SignedInAsync(registry, user);
        await ExecuteAsync($"UPDATE session SET fresh_ms = fresh_ms - 61000 WHERE id = '{browser.SessionId}'");

        (await browser.SendAsync("PUT", "/api/v1/user/", "{}")).Is(401);

        Assert.Contains("; max-age=3600;", browser.SetCookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Uses_are_noted_within_a_second_and_put_off_the_end_of_a_session_but_not_beyond_its_life()
    {
        var user = await registry.CreateUserAsync();
        var robot = (await registry.Client.SendAsync("PUT", $"/api/v1/user/robots/r{Guid.NewGuid():n}")).Is(201).Json;
        var browser = await Browser.SignedInAsync(registry, user);
        await ExecuteAsync($"UPDATE session SET created_ms = created_ms - 3420000, seen_ms = seen_ms - 120000, expires_ms = expires_ms - 120000 WHERE id = '{browser.SessionId}'; UPDATE account SET last_used_ms = 1 WHERE id = (SELECT id FROM namespace WHERE name = '{user.Name}')");
        var created = await NumberAsync($"SELECT created_ms FROM session WHERE id = '{browser.SessionId}'");

        (await browser.SendAsync("GET", "/api/v1/user/")).Is(200);
        (await registry.ClientFor(robot.GetProperty("name").GetString()!, robot.GetProperty("token").GetString()!).ReadAsync("/v2/auth?service=wharf")).Is(200);
        await Poll.UntilAsync(async () => await NumberAsync($"SELECT expires_ms FROM session WHERE id = '{browser.SessionId}'") == created + 3_600_000);
        await Poll.UntilAsync(async () => await NumberAsync($"SELECT coalesce(last_used_ms, 0) FROM robot WHERE id = (SELECT id FROM namespace WHERE name = '{robot.GetProperty("name").GetString()}')") > 1);

        await Poll.UntilAsync(async () => await NumberAsync($"SELECT last_used_ms FROM account WHERE id = (SELECT id FROM namespace WHERE name = '{user.Name}')") > 1);
        Assert.EndsWith("-0000", (await registry.Client.ReadAsync($"/api/v1/superuser/users/{user.Name}")).Json.GetProperty("last_accessed").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Auth:SessionHours", "0")]
    [InlineData("Auth:SessionIdleMinutes", "1")]
    [InlineData("Auth:FreshLoginMinutes", "soon")]
    [InlineData("Auth:LastUsedSeconds", "0")]
    [InlineData("Auth:SessionHour", "1")]
    public async Task A_setting_that_makes_no_sense_keeps_the_server_from_starting(string setting, string value)
    {
        WrongRegistry.Setting = (setting, value);

        var refused = await Assert.ThrowsAnyAsync<Exception>(Registry.StartAsync<WrongRegistry>);

        Assert.Contains(setting.Split(':')[1], refused.Message, StringComparison.Ordinal);
    }

    private async Task<long> NumberAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        await FirstSchema.ExecuteAsync(database, sql);
    }

    public sealed class SetRegistry : Registry
    {
        public const string Reader = "auditor", Superuser = "rooty", Exempt = "exempt";

        private readonly System.Collections.Concurrent.ConcurrentDictionary<string, Lazy<Task<Account>>> _named = new();

        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Auth:PasswordRounds"] = "1000",
            ["Auth:LoginBurst"] = "1000",
            ["Auth:FreshLoginMinutes"] = "1",
            ["Auth:SessionHours"] = "1",
            ["Auth:LastUsedSeconds"] = "1",
            ["Accounts:UserCreation"] = "true",
            ["Accounts:GlobalReadOnlySuperusers:0"] = Reader,
            ["Accounts:Superusers:0"] = Superuser,
            ["Accounts:Superusers:1"] = Reader,
            ["Accounts:RestrictedUsers"] = "true",
            ["Accounts:SuperusersOrgCreationOnly"] = "true",
            ["Accounts:RestrictedUsersWhitelist:0"] = Exempt,
            ["Accounts:GlobalReadOnlySuperusers:1"] = "unclaimed-reader",
            ["Accounts:Superusers:2"] = "unclaimed-superuser",
            ["Accounts:RestrictedUsersWhitelist:1"] = "unclaimed-exempt",
        };

        public Task<Account> NamedAsync(string name) => _named.GetOrAdd(name, n => new(() => CreateUserAsync(n))).Value;
    }

    public sealed class FullAccessRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { ["Auth:PasswordRounds"] = "1000", ["Accounts:SuperusersFullAccess"] = "true" };
    }

    public sealed class WrongRegistry : Registry
    {
        public static (string Name, string Value) Setting { get; set; }

        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string> { [Setting.Name] = Setting.Value };
    }
}
