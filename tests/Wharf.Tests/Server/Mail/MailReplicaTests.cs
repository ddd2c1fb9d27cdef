using System.Diagnostics;
using System.Security.Cryptography;
using Wharf.Tests.Server.Accounts;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Mail;

/// <summary>Two servers that share everything but their process.</summary>
public sealed class MailReplicaTests : IAsyncLifetime
{
    private readonly string _shared = Directory.CreateTempSubdirectory("wharf-shared-").FullName;
    private readonly MailServer _mail = new();
    private MailReplica _one = null!;
    private MailReplica _two = null!;

    [Fact]
    public async Task Each_mail_is_sent_by_one_of_them()
    {
        await _mail.StopAsync();
        var people = new List<Account>();
        for (var i = 0; i < 30; i++)
        {
            people.Add(await _one.CreateUserAsync());
            var to = i % 2 == 0 ? _one : _two;
            (await to.Anonymous.SendJsonAsync("POST", "/api/v1/recovery", $$"""{"email":"{{people[^1].Name}}@example.test"}""")).Is(200);
        }

        await _mail.StartAsync();

        foreach (var person in people)
            await _mail.ReceiveAsync($"{person.Name}@example.test", "Set a new password");
        Assert.All(people, p => Assert.Single(_mail.Messages($"{p.Name}@example.test")));
    }

    [Fact]
    public async Task An_address_that_is_confirmed_at_one_of_them_is_so_for_the_other()
    {
        var name = "new" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
        var browser = new Browser(_one.Anonymous, "__Host-wharf-session");
        browser.Csrf = (await browser.SendAsync("GET", "/csrf_token")).Is(200).Json.GetProperty("csrf_token").GetString();
        (await browser.SendAsync("POST", "/api/v1/user/", $$"""{"username":"{{name}}","password":"the password","email":"{{name}}@example.test"}""")).Is(200);
        // The other one knows the account as it is now.
        (await new Browser(_two.Anonymous, "__Host-wharf-session").SignInAsync(name, "the password")).Is(403);

        (await _one.Anonymous.PostFormAsync("/confirm", ("code", Pages.CodeIn(await _mail.ReceiveAsync($"{name}@example.test", "Confirm your e-mail address"))))).Is(200);
        (await browser.SignInAsync(name, "the password")).Is(200);

        var began = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(async () => (int)(await new Browser(_two.Anonymous, "__Host-wharf-session") { Cookie = browser.Cookie }.SendAsync("GET", "/api/v1/user/")).Status == 200);
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5));
    }

    public async ValueTask InitializeAsync()
    {
        await _mail.StartAsync();
        var database = await PostgresServer.CreateDatabaseAsync();
        _one = new MailReplica(database, _shared, _mail);
        await _one.InitializeAsync();
        _two = new MailReplica(database, _shared, _mail);
        await _two.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        await _mail.DisposeAsync();
        Directory.Delete(_shared, recursive: true);
    }
}
