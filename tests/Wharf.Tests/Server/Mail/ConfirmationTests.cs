using System.Security.Cryptography;
using Wharf.Tests.Server.Accounts;

namespace Wharf.Tests.Server.Mail;

/// <summary>Addresses count when somebody who reads their mail has said so.</summary>
public sealed class ConfirmationTests(MailRegistry registry) : IClassFixture<MailRegistry>
{
    private const string Cookie = "__Host-wharf-session";

    [Fact]
    public async Task A_newcomer_confirms_the_address_first()
    {
        var (name, browser) = (NewName(), new Browser(registry.Anonymous, Cookie));
        Assert.Equal("""{"awaiting_verification":true}""", (await SignUpAsync(browser, name, $"{name}@example.test")).Is(200).Text);

        var refused = (await browser.SignInAsync(name, "the password")).Is(403).Json;
        Assert.True(refused.GetProperty("needsEmailVerification").GetBoolean());
        Assert.False(refused.GetProperty("invalidCredentials").GetBoolean());
        Assert.True((await browser.SignInAsync(name, "a wrong one")).Is(403).Json.GetProperty("invalidCredentials").GetBoolean());
        (await registry.ClientFor(name, "the password").ReadAsync("/v2/")).Is(401);
        Assert.False((await registry.Client.ReadAsync($"/api/v1/superuser/users/{name}")).Is(200).Json.GetProperty("verified").GetBoolean());

        var mail = await registry.Mail.ReceiveAsync($"{name}@example.test", "Confirm your e-mail address");
        // A mail scanner that opens the link confirms nothing.
        (await registry.Anonymous.ReadAsync(Pages.LinkIn(mail))).Is(200);
        (await browser.SignInAsync(name, "the password")).Is(403);
        (await registry.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(mail)))).Is(200);

        (await browser.SignInAsync(name, "the password")).Is(200);
        (await registry.ClientFor(name, "the password").ReadAsync("/v2/")).Is(200);
        Assert.True((await registry.Client.ReadAsync($"/api/v1/superuser/users/{name}")).Is(200).Json.GetProperty("verified").GetBoolean());
        (await registry.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(mail)))).Is(404);
    }

    [Fact]
    public async Task A_new_password_confirms_the_address_too()
    {
        var (name, browser) = (NewName(), new Browser(registry.Anonymous, Cookie));
        (await SignUpAsync(browser, name, $"{name}@example.test")).Is(200);
        (await registry.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{name}}@example.test"}""")).Is(200);
        var code = Pages.CodeIn(await registry.Mail.ReceiveAsync($"{name}@example.test", "Set a new password"));
        (await registry.Anonymous.PostFormAsync("/recovery", ("code", code), ("password", "another password"), ("again", "another password"))).Is(200);

        (await browser.SignInAsync(name, "another password")).Is(200);
        // What was mailed before ended with the old password.
        (await registry.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(await registry.Mail.ReceiveAsync($"{name}@example.test", "Confirm your e-mail address"))))).Is(404);
    }

    [Fact]
    public async Task Signing_up_does_not_tell_whether_an_address_has_an_account()
    {
        var (user, name, browser) = (await registry.CreateUserAsync(), NewName(), new Browser(registry.Anonymous, Cookie));

        Assert.Equal("""{"awaiting_verification":true}""", (await SignUpAsync(browser, name, $"{user.Name}@example.test")).Is(200).Text);

        Assert.Contains(user.Name, (await registry.Mail.ReceiveAsync($"{user.Name}@example.test", "You have an account already")).TextBody, StringComparison.Ordinal);
        (await registry.Client.ReadAsync($"/api/v1/superuser/users/{name}")).Is(404);
    }

    [Fact]
    public async Task Without_an_address_nobody_signs_up() => (await SignUpAsync(new Browser(registry.Anonymous, Cookie), NewName(), "")).Is(400);

    [Fact]
    public async Task Another_address_counts_once_it_is_confirmed_and_the_former_one_is_told()
    {
        var user = await registry.CreateUserAsync();
        var (old, wanted) = ($"{user.Name}@example.test", $"{user.Name}@new.test");

        Assert.Equal(old, (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{wanted}}"}""")).Is(200).Json.GetProperty("email").GetString());
        var mail = await registry.Mail.ReceiveAsync(wanted, "Confirm your new e-mail address");
        (await registry.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(mail)))).Is(200);

        Assert.Equal(wanted, (await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("email").GetString());
        Assert.Contains("***@new.test", (await registry.Mail.ReceiveAsync(old, "Your e-mail address was changed")).TextBody, StringComparison.Ordinal);
        // A code is for one page.
        (await registry.Anonymous.PostFormAsync("/recovery", ("code", Pages.CodeIn(mail)), ("password", "another password"), ("again", "another password"))).Is(404);
    }

    [Fact]
    public async Task An_address_that_was_taken_meanwhile_is_not_confirmed()
    {
        var (user, other, wanted) = (await registry.CreateUserAsync(), await registry.CreateUserAsync(), $"{NewName()}@new.test");
        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{wanted}}"}""")).Is(200);
        var mail = await registry.Mail.ReceiveAsync(wanted, "Confirm your new e-mail address");
        (await registry.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{other.Name}", $$"""{"email":"{{wanted}}"}""")).Is(200);

        (await registry.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(mail)))).Is(400);

        Assert.Equal($"{user.Name}@example.test", (await user.Client.ReadAsync("/api/v1/user/")).Is(200).Json.GetProperty("email").GetString());
    }

    [Fact]
    public async Task A_changed_password_is_told()
    {
        var user = await registry.CreateUserAsync();

        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        Assert.Contains(user.Name, (await registry.Mail.ReceiveAsync($"{user.Name}@example.test", "Your password was changed")).TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_gets_a_bounded_number_of_mails_an_hour()
    {
        var wanted = $"{NewName()}@victim.test";
        for (var i = 0; i < 25; i++)
        {
            var user = await registry.CreateUserAsync();
            await user.Client.SendJsonAsync("PUT", "/api/v1/user/", $$"""{"email":"{{wanted}}"}""");
        }
        var last = await registry.CreateUserAsync();
        (await last.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);
        await registry.Mail.ReceiveAsync($"{last.Name}@example.test", "Your password was changed");

        Assert.Equal(20, registry.Mail.Messages(wanted).Count);
    }

    [Fact]
    public async Task The_program_says_that_there_is_mail() =>
        Assert.True((await registry.Anonymous.ReadAsync("/config")).Is(200).Json.GetProperty("features").GetProperty("MAILING").GetBoolean());

    private static string NewName() => "new" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));

    private static async Task<Answer> SignUpAsync(Browser browser, string name, string email)
    {
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Is(200).Json.GetProperty("csrf_token").GetString();
        return await browser.SendAsync("POST", "/api/v1/user/", $$"""{"username":"{{name}}","password":"the password","email":"{{email}}"}""");
    }
}
