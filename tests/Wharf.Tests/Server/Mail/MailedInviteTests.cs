using System.Security.Cryptography;
using Wharf.Tests.Hosting;
using Wharf.Tests.Server.Attacks;
using Wharf.Tests.Server.Organizations;
using Wharf.Tests.Server.Replicas;

namespace Wharf.Tests.Server.Mail;

/// <summary>People who are asked into a team by mail.</summary>
public sealed class MailedInviteTests(MailRegistry registry) : IClassFixture<MailRegistry>
{
    private HttpClient Me => registry.UserClient;

    [Fact]
    public async Task An_address_is_invited_seen_as_such_and_accepted_by_its_code()
    {
        var (org, address, guest) = (await OrganizationAsync(), NewAddress(), await registry.CreateUserAsync());

        var invited = (await InviteAsync(org, address)).Is(200);
        invited.Shows("""{"kind":"invite","avatar":{"name":"{address}","hash":"*","color":"*","kind":"user"},"invited":true,"email":"{address}"}""", ("address", address));
        (await Me.ReadAsync($"/api/v1/organization/{org}/team/devs/members?includePending=true")).Is(200)
            .Shows("""{"name":"devs","members":[{"kind":"invite","avatar":{"name":"{address}","hash":"*","color":"*","kind":"user"},"invited":true,"email":"{address}"}],"can_edit":true}""", ("address", address));
        var mail = await MailAsync(org, address);
        Assert.Contains(registry.User.Name, mail.TextBody, StringComparison.Ordinal);
        var code = Pages.CodeIn(mail);
        Assert.Empty((await DatabaseDump.ReadAsync(registry)).Where(code));

        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code[..16]}")).Is(404);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code[3..16]}")).Is(404);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code[..^1]}{(code[^1] == 'A' ? 'B' : 'A')}")).Is(404);
        (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(200).Shows("""{"org":"{org}","team":"devs"}""", ("org", org));

        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200);
        (await (await registry.CreateUserAsync()).Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(404);
    }

    [Fact]
    public async Task The_page_takes_the_password_and_joins()
    {
        var (org, address, guest) = (await OrganizationAsync(), NewAddress(), await registry.CreateUserAsync());
        (await InviteAsync(org, address)).Is(200);
        var mail = await MailAsync(org, address);
        Assert.Contains($"An invitation to {org}", (await registry.Anonymous.ReadAsync(Pages.LinkIn(mail))).Is(200).Text, StringComparison.Ordinal);
        var code = Pages.CodeIn(mail);

        (await JoinAsync(code, guest.Name, "a wrong one")).Is(403);
        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
        (await JoinAsync(code, guest.Name, guest.Password)).Is(200);

        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200);
        (await JoinAsync(code, guest.Name, guest.Password)).Is(404);
        (await registry.Anonymous.ReadAsync(Pages.LinkIn(mail))).Is(404);
    }

    [Fact]
    public async Task Who_has_no_account_makes_one_with_the_address_that_was_invited()
    {
        var (org, address, name) = (await OrganizationAsync(), NewAddress(), "new" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)));
        (await InviteAsync(org, address)).Is(200);
        var code = Pages.CodeIn(await MailAsync(org, address));

        (await registry.Anonymous.PostFormAsync("/confirminvite", ("code", code), ("new", "yes"), ("username", registry.User.Name), ("password", "the password"))).Is(400);
        (await registry.Anonymous.PostFormAsync("/confirminvite", ("code", code), ("new", "yes"), ("username", name), ("password", "short"))).Is(400);
        (await registry.Anonymous.PostFormAsync("/confirminvite", ("code", code), ("new", "yes"), ("username", name), ("password", "the password"))).Is(200);

        var own = (await registry.ClientFor(name, "the password").ReadAsync("/api/v1/user/")).Is(200).Json;
        Assert.Equal((address, true), (own.GetProperty("email").GetString(), own.GetProperty("verified").GetBoolean()));
        Assert.Equal(org, own.GetProperty("organizations").EnumerateArray().Single().GetProperty("name").GetString());
    }

    [Fact]
    public async Task An_invitation_by_name_is_mailed_too_and_stays_for_that_person()
    {
        var (org, guest, thief) = (await OrganizationAsync(), await registry.CreateUserAsync(), await registry.CreateUserAsync());
        (await Me.SendJsonAsync("PUT", $"/api/v1/organization/{org}/team/devs/members/{guest.Name}", "{}")).Is(200);
        var code = Pages.CodeIn(await MailAsync(org, $"{guest.Name}@example.test"));

        (await JoinAsync(code, thief.Name, thief.Password)).Is(403);
        (await registry.Anonymous.PostFormAsync("/confirminvite", ("code", code), ("new", "yes"), ("username", "another" + thief.Name), ("password", "the password"))).Is(400);
        (await JoinAsync(code, guest.Name, guest.Password)).Is(200);

        (await guest.Client.ReadAsync($"/api/v1/organization/{org}")).Is(200);
        (await thief.Client.ReadAsync($"/api/v1/organization/{org}")).Is(404);
    }

    [Fact]
    public async Task What_was_taken_back_declined_sent_anew_or_is_too_old_is_no_good()
    {
        var guest = await registry.CreateUserAsync();
        var (withdrawn, declined, renewed, old) = (await InvitedAsync(), await InvitedAsync(), await InvitedAsync(), await InvitedAsync());
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{withdrawn.Org}/team/devs/invite/{withdrawn.Address}")).Is(204);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{withdrawn.Org}/team/devs/invite/{withdrawn.Address}")).Is(404);
        (await guest.Client.SendAsync("DELETE", $"/api/v1/teaminvite/{declined.Code}")).Is(204);
        (await InviteAsync(renewed.Org, renewed.Address)).Is(200);
        await using (var database = await registry.OpenDatabaseAsync())
            await FirstSchema.ExecuteAsync(database, $"UPDATE team_invite SET created_ms = 1 WHERE email = '{old.Address}'");

        foreach (var code in new[] { withdrawn.Code, declined.Code, renewed.Code, old.Code })
            (await guest.Client.SendAsync("PUT", $"/api/v1/teaminvite/{code}")).Is(404);
        Assert.Equal([renewed.Address], (await Me.ReadAsync($"/api/v1/organization/{renewed.Org}/team/devs/members?includePending=true")).Is(200).Json.GetProperty("members").EnumerateArray().Select(static m => m.GetProperty("email").GetString()));
        Assert.Empty((await Me.ReadAsync($"/api/v1/organization/{old.Org}/team/devs/members?includePending=true")).Is(200).Json.GetProperty("members").EnumerateArray());
    }

    [Fact]
    public async Task What_cannot_be_invited_is_refused()
    {
        var (org, address) = (await OrganizationAsync(), NewAddress());

        (await InviteAsync(org, "nobody")).Is(400);
        (await InviteAsync(org, "a%0d%0aBcc:b@c.test")).Is(400);
        (await Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/nobody/invite/{address}")).Is(404);
        (await (await registry.CreateUserAsync()).Client.SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/invite/{address}")).Is(403);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/invite/{address}")).Is(404);
        (await Me.SendAsync("DELETE", $"/api/v1/organization/{org}/team/devs/invite/nobody")).Is(404);
    }

    [Fact]
    public async Task Mail_that_waits_while_the_keys_are_changed_can_still_be_read()
    {
        await using var own = await Registry.StartAsync<MailRegistry>();
        await own.Mail.StopAsync();
        var user = await own.CreateUserAsync();
        (await own.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{user.Name}}@example.test"}""")).Is(200);
        await Poll.UntilAsync(() => Task.FromResult(own.Log().Contains("cannot be reached", StringComparison.Ordinal)));
        using var directory = new TemporaryDirectory();
        Assert.Equal(0, (await RunningWharf.RunAsync(["keys", "rotate", "--data", own.DataDirectory], directory.Path)).Code);

        await own.Mail.StartAsync();

        var code = Pages.CodeIn(await own.Mail.ReceiveAsync($"{user.Name}@example.test", "Set a new password"));
        (await own.Anonymous.PostFormAsync("/recovery", ("code", code), ("password", "another password"), ("again", "another password"))).Is(200);
    }

    private async Task<(string Org, string Address, string Code)> InvitedAsync()
    {
        var (org, address) = (await OrganizationAsync(), NewAddress());
        (await InviteAsync(org, address)).Is(200);
        return (org, address, Pages.CodeIn(await MailAsync(org, address)));
    }

    private Task<MimeKit.MimeMessage> MailAsync(string org, string address) => registry.Mail.ReceiveAsync(address, $"An invitation to {org}");

    private Task<Answer> InviteAsync(string org, string address) => Me.SendAsync("PUT", $"/api/v1/organization/{org}/team/devs/invite/{address}");

    private Task<Answer> JoinAsync(string code, string name, string password) => registry.Anonymous.PostFormAsync("/confirminvite", ("code", code), ("username", name), ("password", password));

    private async Task<string> OrganizationAsync()
    {
        var org = await Me.CreateOrganizationAsync();
        await Me.CreateTeamAsync(org, "devs", "member");
        return org;
    }

    private static string NewAddress() => "guest" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)) + "@elsewhere.test";
}
