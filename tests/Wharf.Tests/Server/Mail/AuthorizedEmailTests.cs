using System.Security.Cryptography;
using Wharf.Tests.Server.Organizations;

namespace Wharf.Tests.Server.Mail;

/// <summary>Addresses that notifications of a repository may go to.</summary>
public sealed class AuthorizedEmailTests(MailRegistry registry) : IClassFixture<MailRegistry>
{
    [Fact]
    public async Task An_address_agrees_before_notifications_go_there()
    {
        var (path, repository, address) = await RepositoryAsync();
        (await registry.UserClient.ReadAsync(path)).Is(404);

        Expected(await registry.UserClient.SendAsync("POST", path), false);
        var mail = await registry.Mail.ReceiveAsync(address, $"Notifications of {repository}");
        Assert.Contains(repository, (await registry.Anonymous.ReadAsync(Pages.LinkIn(mail))).Is(200).Text, StringComparison.Ordinal);
        Expected(await registry.UserClient.ReadAsync(path), false);
        (await registry.Anonymous.PostFormAsync("/authrepoemail", ("code", Pages.CodeIn(mail)))).Is(200);

        Expected(await registry.UserClient.ReadAsync(path), true);
        (await registry.Anonymous.PostFormAsync("/authrepoemail", ("code", Pages.CodeIn(mail)))).Is(404);
        // Who has agreed is not asked again.
        Expected(await registry.UserClient.SendAsync("POST", path), true);
        Assert.Single(registry.Mail.Messages(address));

        void Expected(Answer answer, bool confirmed) =>
            Assert.Equal($$"""{"email":"{{address}}","repository":"{{repository.Split('/')[1]}}","namespace":"{{registry.User.Name}}","confirmed":{{(confirmed ? "true" : "false")}}}""", answer.Is(200).Text);
    }

    [Fact]
    public async Task A_newer_mail_takes_the_place_of_the_one_before_and_a_code_is_for_one_page()
    {
        var (path, repository, address) = await RepositoryAsync();
        (await registry.UserClient.SendAsync("POST", path)).Is(200);
        var first = Pages.CodeIn(await registry.Mail.ReceiveAsync(address, $"Notifications of {repository}"));
        (await registry.UserClient.SendAsync("POST", path)).Is(200);

        (await registry.Anonymous.PostFormAsync("/authrepoemail", ("code", first))).Is(404);
        (await registry.Anonymous.PostFormAsync("/authrepoemail", ("code", "x"))).Is(404);
        (await registry.Anonymous.SendAsync("POST", "/authrepoemail", [])).Is(404);
        (await registry.Anonymous.ReadAsync("/recovery?code=" + first)).Is(404);
    }

    [Fact]
    public async Task What_cannot_be_asked_is_refused()
    {
        var (path, _, _) = await RepositoryAsync();

        (await registry.UserClient.SendAsync("POST", path.Replace("@elsewhere.test", "", StringComparison.Ordinal))).Is(400);
        (await registry.UserClient.SendAsync("POST", $"/api/v1/repository/{registry.User.Name}/none/authorizedemail/a@b.test")).Is(404);
        (await registry.UserClient.ReadAsync($"/api/v1/repository/{registry.User.Name}/none/authorizedemail/a@b.test")).Is(404);
        (await (await registry.CreateUserAsync()).Client.SendAsync("POST", path)).Is(403);
        (await (await registry.CreateUserAsync()).Client.ReadAsync(path)).Is(403);
    }

    private async Task<(string Path, string Repository, string Address)> RepositoryAsync()
    {
        var (name, address) = ("repo" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)), "ops" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5)) + "@elsewhere.test");
        await registry.UserClient.CreateRepositoryAsync(registry.User.Name, name);
        return ($"/api/v1/repository/{registry.User.Name}/{name}/authorizedemail/{address}", $"{registry.User.Name}/{name}", address);
    }
}
