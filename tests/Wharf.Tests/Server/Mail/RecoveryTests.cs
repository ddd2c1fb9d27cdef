using System.Security.Cryptography;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Attacks;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Mail;

/// <summary>Forgotten passwords.</summary>
public sealed class RecoveryTests(MailRegistry registry) : IClassFixture<MailRegistry>
{
    private const string Subject = "Set a new password";

    [Fact]
    public async Task A_forgotten_password_is_replaced_over_the_mailed_link()
    {
        var user = await registry.CreateUserAsync();
        var browser = new Browser(registry.Anonymous, "__Host-wharf-session");
        (await browser.SignInAsync(user.Name, user.Password)).Is(200);

        var asked = await AskAsync(user);
        Assert.Equal("""{"status":"sent"}""", asked.Is(200).Text);
        var mail = await registry.Mail.ReceiveAsync(Address(user), Subject);
        var link = Pages.LinkIn(mail);
        var page = (await registry.Anonymous.ReadAsync(link)).Is(200);
        (await registry.Anonymous.ReadAsync(link)).Is(200);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(200);
        var set = (await registry.Anonymous.PostFormAsync("/recovery", ("code", Pages.CodeIn(mail)), ("password", "another password"), ("again", "another password"))).Is(200);

        Assert.Contains("<form method=\"post\" action=\"/recovery\">", page.Text, StringComparison.Ordinal);
        Assert.Contains("Your password is set", set.Text, StringComparison.Ordinal);
        (await user.Client.ReadAsync("/api/v1/user/")).Is(401);
        (await browser.SendAsync("GET", "/api/v1/user/")).Is(401);
        (await registry.ClientFor(user.Name, "another password").ReadAsync("/api/v1/user/")).Is(200);
        Assert.Contains(user.Name, (await registry.Mail.ReceiveAsync(Address(user), "Your password was changed")).TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_is_good_once_and_ends_with_every_other_change_of_the_password()
    {
        var user = await registry.CreateUserAsync();
        (await AskAsync(user)).Is(200);
        var first = Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(user), Subject));
        (await AskAsync(user)).Is(200);
        var second = await Poll.UntilAsync(() => Task.FromResult(registry.Mail.Messages(Address(user)).Select(Pages.CodeIn).FirstOrDefault(c => c != first)!));

        (await SetAsync(first, "another password")).Is(200);

        (await SetAsync(first, "a third password")).Is(404);
        (await SetAsync(second, "a third password")).Is(404);
        (await registry.Anonymous.ReadAsync("/recovery?code=" + second)).Is(404);
        (await registry.ClientFor(user.Name, "another password").ReadAsync("/api/v1/user/")).Is(200);
    }

    [Fact]
    public async Task A_link_ends_with_its_time_and_with_the_address_that_it_was_sent_to()
    {
        var (slow, moved) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await AskAsync(slow)).Is(200);
        (await AskAsync(moved)).Is(200);
        var late = Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(slow), Subject));
        var former = Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(moved), Subject));
        await using (var database = await registry.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, $"UPDATE mail_code SET expires_ms = 1 WHERE account_id = (SELECT id FROM namespace WHERE name = '{slow.Name}')");
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{moved.Name}", $$"""{"email":"{{moved.Name}}@elsewhere.test"}""")).Is(200);

        (await SetAsync(late, "another password")).Is(404);
        (await SetAsync(former, "another password")).Is(404);

        (await slow.Client.ReadAsync("/api/v1/user/")).Is(200);
        (await moved.Client.ReadAsync("/api/v1/user/")).Is(200);
        Assert.Contains("***@elsewhere.test", (await registry.Mail.ReceiveAsync(Address(moved), "Your e-mail address was changed")).TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whether_an_address_has_an_account_is_not_told()
    {
        var (user, disabled) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{disabled.Name}", """{"enabled":false}""")).Is(200);
        var nobody = "nobody" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)) + "@example.test";

        var answers = new[] { await AskAsync(nobody), await AskAsync(Address(disabled)), await AskAsync(Address(user)) };
        await registry.Mail.ReceiveAsync(Address(user), Subject);

        Assert.All(answers, a => Assert.Equal((200, """{"status":"sent"}"""), ((int)a.Status, a.Text)));
        Assert.Empty(registry.Mail.Messages(nobody));
        Assert.Empty(registry.Mail.Messages(Address(disabled)));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("a@b.test\\r\\nBcc: c@d.test")]
    [InlineData("a@b.test,c@d.test")]
    [InlineData("a b@c.test")]
    [InlineData("\\\"a\\\"@c.test")]
    [InlineData("<a@b.test>")]
    [InlineData("a@b.test\\u0000")]
    [InlineData("@b.test")]
    [InlineData("a@")]
    [InlineData("a@-b.test")]
    [InlineData("a@[127.0.0.1]")]
    public async Task What_is_no_address_is_refused(string email) => (await registry.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{email}}"}""")).Is(400);

    [Fact]
    public async Task Links_lead_to_the_configured_address_whatever_the_request_says()
    {
        var user = await registry.CreateUserAsync();

        (await registry.Anonymous.SendAsync("POST", "/api/v1/recovery", System.Text.Encoding.UTF8.GetBytes($$"""{"email":"{{Address(user)}}"}"""), ("Content-Type", "application/json"), ("Host", "evil.example"))).Is(421);
        (await registry.Anonymous.SendAsync("POST", "/api/v1/recovery", System.Text.Encoding.UTF8.GetBytes($$"""{"email":"{{Address(user)}}"}"""),
            ("Content-Type", "application/json"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example"), ("Origin", "https://evil.example"), ("Referer", "https://evil.example/"))).Is(200);

        var mail = await registry.Mail.ReceiveAsync(Address(user), Subject);
        Assert.StartsWith("/recovery?code=", Pages.LinkIn(mail), StringComparison.Ordinal);
        Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal);
        Assert.Single(registry.Mail.Messages(Address(user)));
    }

    [Fact]
    public async Task One_account_gets_few_mails_however_often_it_is_asked_for()
    {
        var (user, last) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        for (var i = 0; i < 12; i++)
            (await AskAsync(user)).Is(200);
        (await AskAsync(last)).Is(200);
        await registry.Mail.ReceiveAsync(Address(last), Subject);

        // The mail server delivers in no order: one of the few may still be on its way.
        await Poll.UntilAsync(() => Task.FromResult(registry.Mail.Messages(Address(user)).Count >= 5));
        Assert.Equal(5, registry.Mail.Messages(Address(user)).Count);
    }

    [Fact]
    public async Task The_page_takes_two_equal_passwords_that_are_long_enough()
    {
        var user = await registry.CreateUserAsync();
        (await AskAsync(user)).Is(200);
        var code = Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(user), Subject));

        Assert.Contains("role=\"alert\"", (await registry.Anonymous.PostFormAsync("/recovery", ("code", code), ("password", "another password"), ("again", "a different one"))).Is(400).Text, StringComparison.Ordinal);
        (await SetAsync(code, "short")).Is(400);
        (await registry.Anonymous.PostFormAsync("/recovery", ("code", "<script>"), ("password", "x"))).Is(404);
        (await registry.Anonymous.SendJsonAsync("POST", "/recovery", "{}")).Is(400);
        (await registry.Anonymous.SendAsync("POST", "/recovery", new byte[20 << 10], ("Content-Type", "application/x-www-form-urlencoded"))).Is(400);
        (await SetAsync(code, "another password")).Is(200);
    }

    [Fact]
    public async Task The_page_runs_nothing_and_tells_nobody_its_address()
    {
        var user = await registry.CreateUserAsync();
        (await AskAsync(user)).Is(200);
        var page = (await registry.Anonymous.ReadAsync(Pages.LinkIn(await registry.Mail.ReceiveAsync(Address(user), Subject)))).Is(200);

        Assert.Equal("text/html; charset=utf-8", page.Header("Content-Type"));
        Assert.Equal("no-referrer", page.Header("Referrer-Policy"));
        Assert.Equal("no-store", page.Header("Cache-Control"));
        var policy = page.Header("Content-Security-Policy")!;
        var style = page.Text[(page.Text.IndexOf("<style>", StringComparison.Ordinal) + 7)..page.Text.IndexOf("</style>", StringComparison.Ordinal)];
        Assert.Equal($"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(style)))}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'", policy);
        Assert.DoesNotContain("<script", page.Text, StringComparison.Ordinal);
        Assert.Contains("lang=\"en\"", page.Text, StringComparison.Ordinal);
        foreach (var id in System.Text.RegularExpressions.Regex.Matches(page.Text, "<label for=\"([^\"]+)\"", default, TimeSpan.FromSeconds(1)).Select(static m => m.Groups[1].Value))
            Assert.Contains($"id=\"{id}\"", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_superuser_has_the_link_sent()
    {
        var user = await registry.CreateUserAsync();

        var sent = (await registry.Client.SendAsync("POST", $"/api/v1/superusers/users/{user.Name}/sendrecovery", [])).Is(200);

        Assert.Equal($$"""{"email":"{{Address(user)}}"}""", sent.Text);
        (await SetAsync(Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(user), Subject)), "another password")).Is(200);
        (await registry.Client.SendAsync("POST", "/api/v1/superusers/users/no-such-user/sendrecovery", [])).Is(404);
        (await registry.Client.SendAsync("POST", $"/api/v1/superusers/users/{Registry.Admin}/sendrecovery", [])).Is(400);
        (await registry.UserClient.SendAsync("POST", $"/api/v1/superusers/users/{user.Name}/sendrecovery", [])).Is(403);
    }

    [Fact]
    public async Task The_code_is_nowhere_but_in_the_mail()
    {
        var user = await registry.CreateUserAsync();
        (await AskAsync(user)).Is(200);
        var code = Pages.CodeIn(await registry.Mail.ReceiveAsync(Address(user), Subject));
        (await registry.Anonymous.ReadAsync("/recovery?code=" + code)).Is(200);
        (await SetAsync(code, "canary password")).Is(200);

        var database = await DatabaseDump.ReadAsync(registry);
        Assert.Empty(database.Where(code));
        Assert.Empty(database.Where("canary password"));
        Assert.DoesNotContain("canary password", registry.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain(code, registry.Log(), StringComparison.Ordinal);
        Assert.DoesNotContain(registry.Mail.Password, registry.Log(), StringComparison.Ordinal);
    }

    private static string Address(Account user) => $"{user.Name}@example.test";

    private Task<Answer> AskAsync(Account user) => AskAsync(Address(user));

    private Task<Answer> AskAsync(string email) => registry.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{email}}"}""");

    private Task<Answer> SetAsync(string code, string password) => registry.Anonymous.PostFormAsync("/recovery", ("code", code), ("password", password), ("again", password));
}
