using System.Diagnostics;
using System.Net;

namespace Wharf.Tests.Server.Accounts;

/// <summary>What ends a session on one replica ends it on the others within five seconds.</summary>
public sealed class SessionReplicaTests(Replicas.Replicas replicas) : IClassFixture<Replicas.Replicas>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_session_of_one_replica_is_one_of_the_other()
    {
        var (user, one, two) = await SignInAsync();

        (await two.SendAsync("PUT", "/api/v1/user/", """{"tag_expiration_s":86400}""")).Is(200);

        Assert.Equal(86400, (await one.SendAsync("GET", "/api/v1/user/")).Is(200).Json.GetProperty("tag_expiration_s").GetInt32());
        Assert.NotEmpty(user.Name);
    }

    [Fact]
    public async Task Signing_out_ends_it_everywhere()
    {
        var (_, one, two) = await SignInAsync();

        (await one.SendAsync("POST", "/api/v1/signout")).Is(200);

        await EndsAsync(two);
    }

    [Fact]
    public async Task A_changed_password_ends_it_everywhere()
    {
        var (user, _, two) = await SignInAsync();

        (await user.Client.SendJsonAsync("PUT", "/api/v1/user/", """{"password":"another password"}""")).Is(200);

        await EndsAsync(two);
        (await new Browser(replicas.Two.Anonymous).SignInAsync(user.Name, user.Password)).Is(403);
        await Browser.SignedInAsync(replicas.Two.Anonymous, user.Name, "another password");
    }

    [Fact]
    public async Task A_disabled_account_has_none_anywhere()
    {
        var (user, _, two) = await SignInAsync();

        (await replicas.One.Client.SendJsonAsync("PUT", $"/api/v1/superuser/users/{user.Name}", """{"enabled":false}""")).Is(200);

        await EndsAsync(two);
    }

    [Fact]
    public async Task Ending_it_from_another_browser_ends_it_everywhere()
    {
        var (user, _, two) = await SignInAsync();

        (await user.Client.SendAsync("DELETE", $"/api/v1/user/sessions/{two.SessionId}")).Is(204);

        await EndsAsync(two);
    }

    // Signed in at the first replica, and known to the second.
    private async Task<(Account User, Browser One, Browser Two)> SignInAsync()
    {
        var user = await replicas.One.CreateUserAsync();
        var one = await Browser.SignedInAsync(replicas.One, user);
        var two = new Browser(replicas.Two.Anonymous) { Cookie = one.Cookie, Csrf = one.Csrf };
        (await two.SendAsync("GET", "/api/v1/user/")).Is(200);
        return (user, one, two);
    }

    private static async Task EndsAsync(Browser browser)
    {
        var began = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(async () => (await browser.SendAsync("GET", "/api/v1/user/")).Status == HttpStatusCode.Unauthorized);
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Limit);
    }
}
