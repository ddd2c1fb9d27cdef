using System.Globalization;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Mail;

/// <summary>The queue and the mail server, which here is a real one.</summary>
public sealed class DeliveryTests(MailRegistry registry) : IClassFixture<MailRegistry>
{
    private const string Subject = "Set a new password";

    [Fact]
    public async Task Mail_that_waits_arrives_when_the_server_is_back_and_after_a_restart()
    {
        await using var own = await Registry.StartAsync<MailRegistry>();
        await own.Mail.StopAsync();
        var (first, second) = (await own.CreateUserAsync(), await own.CreateUserAsync());
        await AskAsync(own, first.Name + "@example.test");
        await Poll.UntilAsync(() => Task.FromResult(own.Log().Contains("cannot be reached", StringComparison.Ordinal)));
        await own.KillAsync();
        await own.RestartAsync();
        await AskAsync(own, second.Name + "@example.test");
        await Poll.UntilAsync(async () => await CountAsync(own) == 2);

        await own.Mail.StartAsync();

        await own.Mail.ReceiveAsync(first.Name + "@example.test", Subject);
        await own.Mail.ReceiveAsync(second.Name + "@example.test", Subject);
        await Poll.UntilAsync(async () => await CountAsync(own) == 0);
        Assert.Equal(200, (int)(await own.Anonymous.ReadAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task A_mail_that_is_put_off_is_tried_again_and_one_that_is_refused_is_dropped()
    {
        registry.Mail.Defers(true);
        await PersonAsync("later@put-off.test");
        await PersonAsync("refused@example.test");
        await AskAsync(registry, "later@put-off.test");
        await AskAsync(registry, "refused@example.test");
        await Poll.UntilAsync(() => Task.FromResult(registry.Log().Contains("is tried again later", StringComparison.Ordinal) && registry.Log().Contains("since the mail server refuses it", StringComparison.Ordinal)));
        Assert.Empty(registry.Mail.Messages("later@put-off.test"));

        registry.Mail.Defers(false);

        await registry.Mail.ReceiveAsync("later@put-off.test", Subject);
        await Poll.UntilAsync(async () => await CountAsync(registry) == 0);
        var metrics = (await registry.Anonymous.ReadAsync("/metrics")).Is(200).Text;
        foreach (var line in new[] { "wharf_mail_sent_total{kind=\"recovery\"}", "wharf_mail_failures_total{reason=\"deferred\"}", "wharf_mail_dropped_total{reason=\"refused\"}", "wharf_mail_queued " })
            Assert.Contains(line, metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_while_a_mail_is_being_sent_loses_nothing()
    {
        await using var own = await Registry.StartAsync<MailRegistry>();
        var address = "slow@example.test";
        await PersonAsync(address, own);
        await AskAsync(own, address);
        // The mail server waits before it says that it took it.
        await Poll.UntilAsync(async () => await AttemptsAsync(own) == 1);

        await own.KillAsync();
        await own.RestartAsync();

        await own.Mail.ReceiveAsync(address, Subject);
        await Poll.UntilAsync(async () => await CountAsync(own) == 0, TimeSpan.FromSeconds(60));
        Assert.Single(own.Mail.Messages(address).Select(static m => m.MessageId).Distinct());
    }

    [Fact]
    public async Task Mail_is_neither_kept_for_ever_nor_without_bound()
    {
        await using var own = await Registry.StartAsync<MailRegistry>();
        await own.Mail.StopAsync();
        var user = await own.CreateUserAsync();
        var org = await own.UserClient.CreateOrganizationAsync();
        await own.UserClient.CreateTeamAsync(org, "devs", "member");
        await AskAsync(own, user.Name + "@example.test");
        await Poll.UntilAsync(async () => await CountAsync(own) == 1);
        await using (var database = await own.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
                INSERT INTO mail (kind, sealed, created_ms, due_ms, attempts) SELECT m.kind, m.sealed, m.created_ms, 9999999999999, 0 FROM mail m, n
                """);

        Assert.Contains("too many mails", (await own.UserClient.SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/invite/a@example.test")).Is(400).Text, StringComparison.Ordinal);
        // What only tells something is left out, and the change goes through.
        (await own.UserClient.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);
        Assert.Equal(10_000, await CountAsync(own));

        await using (var database = await own.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, "UPDATE mail SET created_ms = 1");
        await Poll.UntilAsync(async () => await CountAsync(own) == 0, TimeSpan.FromSeconds(60));
        // It is told after it has gone.
        await Poll.UntilAsync(() => Task.FromResult(own.Log().Contains("could not be sent for 3.00:00:00", StringComparison.Ordinal)));
        (await own.ClientFor(own.User.Name, "another password").SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/invite/a@example.test")).Is(200);
    }

    [Fact]
    public async Task What_a_mail_looks_like()
    {
        var user = await registry.CreateUserAsync();
        await AskAsync(registry, user.Name + "@example.test");

        var mail = await registry.Mail.ReceiveAsync(user.Name + "@example.test", Subject);

        Assert.Equal("Wharf für alle", mail.From.Mailboxes.Single().Name);
        Assert.Equal("registry@example.test", mail.From.Mailboxes.Single().Address);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.EndsWith("@registry.example.test", mail.MessageId, StringComparison.Ordinal);
        Assert.NotNull(mail.TextBody);
        Assert.StartsWith("<!doctype html>", mail.HtmlBody, StringComparison.Ordinal);
        Assert.Contains("A=plain", registry.Mail.Log(), StringComparison.Ordinal);
        Assert.Contains("TLS1.3", registry.Mail.Log(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("starttls", true)]
    [InlineData("tls", true)]
    [InlineData("starttls", false)]
    [InlineData("tls", false)]
    public async Task Only_a_certificate_that_is_to_be_trusted_gets_mail(string security, bool trusted)
    {
        var settings = registry.Mail.Settings;
        settings["Mail:Security"] = security;
        settings["Mail:Port"] = (security == "tls" ? registry.Mail.TlsPort : registry.Mail.Port).ToString(CultureInfo.InvariantCulture);
        if (!trusted)
            settings.Remove("Mail:Authority");
        var address = Guid.NewGuid().ToString("n") + "@example.test";

        var done = await TestAsync(settings, address);

        Assert.Equal(trusted ? 0 : 1, done.Code);
        Assert.Contains(trusted ? $"localhost took a mail to {address}." : "certificate that is not to be trusted", done.Output + done.Errors, StringComparison.Ordinal);
        if (trusted)
            await registry.Mail.ReceiveAsync(address, "Mail from your registry works");
        else
            Assert.Empty(registry.Mail.Messages(address));
    }

    [Theory]
    [InlineData("Mail:Password", "another", "Mail.User, Mail.Password")]
    [InlineData("Mail:Server", "127.0.0.2", "cannot be reached")]
    [InlineData("Mail:Security", "tls", "spoke no TLS")]
    public async Task The_test_says_what_is_wrong(string setting, string value, string said)
    {
        var settings = registry.Mail.Settings;
        settings[setting] = value;

        var done = await TestAsync(settings, "a@example.test");

        Assert.Equal(1, done.Code);
        Assert.Contains(said, done.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(registry.Mail.Password, done.Output + done.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a@example.test", 0)]
    [InlineData("refused@example.test", 1)]
    [InlineData("no address", 1)]
    public async Task The_test_asks_the_server_that_runs(string address, int code)
    {
        using var directory = new TemporaryDirectory();
        var done = await RunningWharf.RunAsync(["mail", "test", address, "--data", registry.DataDirectory], directory.Path);

        // The settings of the command are not those of the server, and on PostgreSQL neither is its database.
        Assert.Equal(code, done.Code);
    }

    [Fact]
    public async Task The_password_may_be_in_a_file()
    {
        using var directory = new TemporaryDirectory();
        var settings = registry.Mail.Settings;
        settings.Remove("Mail:Password");
        settings["Mail:PasswordFile"] = directory.Write("password", registry.Mail.Password + "\n");

        Assert.Equal(0, (await TestAsync(settings, "a@example.test")).Code);
    }

    [Theory]
    [InlineData("Server:PublicUrl", null, "Server.PublicUrl")]
    [InlineData("Mail:From", "nobody", "Mail.From")]
    [InlineData("Mail:From", null, "Mail.From")]
    [InlineData("Mail:FromName", "a\r\nBcc: b@c.test", "Mail.FromName")]
    [InlineData("Mail:Security", "none", "Mail.Security")]
    [InlineData("Mail:Server", "https://mail.example.test", "Mail.Server")]
    [InlineData("Mail:Server", null, "Mail.Server")]
    [InlineData("Mail:Password", null, "Mail.User")]
    [InlineData("Mail:PasswordFile", "/nowhere", "Mail.PasswordFile")]
    [InlineData("Mail:Authority", "/nowhere", "Mail.Authority")]
    public async Task Settings_that_cannot_work_stop_the_start(string setting, string? value, string named)
    {
        var settings = registry.Mail.Settings;
        if (value is null)
            settings.Remove(setting);
        else
            settings[setting] = value;

        var done = await TestAsync(settings, "a@example.test");

        Assert.Equal(2, done.Code);
        Assert.Contains(named, done.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain(registry.Mail.Password, done.Errors, StringComparison.Ordinal);
    }

    private static async Task<Finished> TestAsync(Dictionary<string, string> settings, string address)
    {
        using var directory = new TemporaryDirectory();
        return await RunningWharf.RunAsync(["mail", "test", address, "--data", directory.File("data")], directory.Path,
            [.. settings.Select(static s => ("WHARF__" + s.Key.Replace(":", "__", StringComparison.Ordinal), s.Value))]);
    }

    private static async Task AskAsync(Registry registry, string email) =>
        (await registry.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{email}}"}""")).Is(200);

    private async Task PersonAsync(string email, Registry? of = null)
    {
        var user = await (of ?? registry).CreateUserAsync();
        (await (of ?? registry).Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", $$"""{"email":"{{email}}"}""")).Is(200);
    }

    private static Task<int> CountAsync(Registry registry) => NumberAsync(registry, "SELECT count(*) FROM mail WHERE kind = 'recovery'");

    private static Task<int> AttemptsAsync(Registry registry) => NumberAsync(registry, "SELECT coalesce(sum(attempts), 0) FROM mail WHERE kind = 'recovery'");

    private static async Task<int> NumberAsync(Registry registry, string sql)
    {
        await using var database = await registry.OpenDatabaseAsync();
        return Convert.ToInt32(await FirstSchema.ScalarAsync(database, sql), CultureInfo.InvariantCulture);
    }
}
