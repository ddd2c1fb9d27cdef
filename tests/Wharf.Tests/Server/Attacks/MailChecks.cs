using Wharf.Tests.Server.Mail;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Forgotten passwords of other people. With a registry and a mail server of their own.</summary>
internal sealed class MailChecks(AttackedRegistry registry) : Checks(registry)
{
    private const string Subject = "Set a new password";

    [Attack("W06", Slow = true)]
    public static async Task A_reset_that_is_asked_for_under_another_host()
    {
        await using var mailing = await Server.Registry.StartAsync<MailRegistry>();
        var victim = await mailing.CreateUserAsync();
        var body = System.Text.Encoding.UTF8.GetBytes($$"""{"email":"{{victim.Name}}@example.test"}""");
        (string, string)[] json = [("Content-Type", "application/json")];

        foreach (var host in new[] { "evil.example", "registry.example.test.evil.example", "registry.example.test@evil.example", "evil.example:80" })
            IsOneOf(await mailing.Anonymous.SendAsync("POST", "/api/v1/recovery", body, [.. json, ("Host", host)]), 400, 421);
        foreach (var name in new[] { "X-Forwarded-Host", "X-Host", "X-Original-Host", "X-HTTP-Host-Override", "Forwarded", "X-Forwarded-Server", "Referer", "Origin" })
            (await mailing.Anonymous.SendAsync("POST", "/api/v1/recovery", body, [.. json, (name, name == "Forwarded" ? "host=evil.example;proto=http" : "https://evil.example")])).Is(200);
        (await mailing.Anonymous.SendAsync("POST", "/api/v1/recovery?host=evil.example", body, json)).Is(200);

        await mailing.Mail.ReceiveAsync($"{victim.Name}@example.test", Subject);
        foreach (var mail in mailing.Mail.Messages($"{victim.Name}@example.test"))
        {
            Pages.LinkIn(mail);
            Assert.DoesNotContain("evil", mail.ToString(), StringComparison.Ordinal);
        }
    }

    [Attack("W07", Slow = true)]
    public static async Task A_reset_code_that_was_used_is_old_or_is_of_another_user()
    {
        await using var mailing = await Server.Registry.StartAsync<MailRegistry>();
        var (used, old, other) = (await mailing.CreateUserAsync(), await mailing.CreateUserAsync(), await mailing.CreateUserAsync());
        var (usedCode, oldCode) = (await CodeAsync(used), await CodeAsync(old));
        (await SetAsync(usedCode)).Is(200);
        await using (var database = await mailing.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, $"UPDATE mail_code SET expires_ms = expires_ms - 86400000 WHERE account_id = (SELECT id FROM namespace WHERE name = '{old.Name}')");

        (await SetAsync(usedCode)).Is(404);
        (await SetAsync(oldCode)).Is(404);
        // There is nothing in the request that names an account; what is made up counts for nothing.
        var code = await CodeAsync(other);
        foreach (var (name, value) in ((string, string)[])[("username", used.Name), ("email", $"{used.Name}@example.test"), ("account", "1"), ("user", "admin")])
            (await mailing.Anonymous.PostFormAsync("/recovery", ("code", code[..^1] + (code[^1] == 'A' ? 'B' : 'A')), (name, value), ("password", "the attacker's"), ("again", "the attacker's"))).Is(404);
        (await mailing.Anonymous.PostFormAsync("/recovery", ("code", code), ("username", "admin"), ("password", "the other one's"), ("again", "the other one's"))).Is(200);
        (await mailing.Client.ReadAsync("/api/v1/user/")).Is(200);
        (await mailing.ClientFor(other.Name, "the other one's").ReadAsync("/api/v1/user/")).Is(200);
        // Two at once: one is too late.
        var racing = await mailing.CreateUserAsync();
        var raced = await CodeAsync(racing);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SetAsync(raced)));
        Assert.Single(answers, static a => (int)a.Status == 200);
        Assert.All(answers, static a => IsOneOf(a, 200, 404));

        async Task<string> CodeAsync(Account user)
        {
            (await mailing.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{user.Name}}@example.test"}""")).Is(200);
            return Pages.CodeIn(await mailing.Mail.ReceiveAsync($"{user.Name}@example.test", Subject));
        }

        Task<Answer> SetAsync(string value) => mailing.Anonymous.PostFormAsync("/recovery", ("code", value), ("password", "another password"), ("again", "another password"));
    }
}
