using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Hosting;

namespace Wharf.Server.Organizations;

/// <summary>
/// The page that the link of an invitation leads to. It asks for the password, whoever is signed in: what happens there is what the
/// person at the keyboard says, not what another site's page made the browser send. Who has no account makes one with the address that
/// was invited, which the link has confirmed.
/// </summary>
internal static class InvitePageApi
{
    // Counts accounts that one address makes, among the wrong passwords that it sends.
    private const string Creation = "\0new";

    public static void MapInvitePage(this WebApplication app)
    {
        // Open: the code in the link, and then a password, is the credential.
        app.MapGet("/confirminvite", Show).Requires(Permission.Open).WithName("showInvite");
        app.MapPost("/confirminvite", Answer).Requires(Permission.Open).WithName("confirmInvite");
    }

    private static async Task<IResult> Show(HttpContext http, TeamStore teams, AccountOptions options, CancellationToken ct)
    {
        var code = http.Request.Query["code"].ToString();
        return await teams.OpenAsync(code, ct) is { } invite ? Page(invite, code, options, null) : NoSuchInvite;
    }

    private static async Task<IResult> Answer(
        HttpContext http, TeamStore teams, AccountOptions options, AccountStore accounts, Authenticator authenticator, LoginThrottle throttle, CancellationToken ct)
    {
        if (await HtmlPage.ReadFormAsync(http, ct) is not { } form)
            return new HtmlPage("That was no form of this page", 400).Text("Open the link in your mail again.");
        var (code, name, password, address) = (form["code"].ToString(), form["username"].ToString(), form["password"].ToString(), http.Connection.RemoteIpAddress);
        if (await teams.OpenAsync(code, ct) is not { } invite)
            return NoSuchInvite;
        Principal person;
        if (form["new"].ToString() == "yes")
        {
            if (invite.Email is null || !options.UserCreation)
                return Page(invite, code, options, "Only superusers make accounts here.");
            if (accounts.HasPowersBySettings(name))
                return Page(invite, code, options, "The name is reserved; a superuser has to make this account.");
            if (throttle.Wait(Creation, address) is > 0 and var wait)
                return Page(invite, code, options, $"Too many accounts were made from here. Try again in {wait} s.", 429);
            throttle.Failed(Creation, address);
            var made = await accounts.CreateAsync(name, invite.Email, password, superuser: false, onlyFirst: false, by: 0, ct);
            if (made.Problem is { } why)
                return Page(invite, code, options, why);
            if (await accounts.FindAsync(made.Id, ct) is not { } account)
                return NoSuchInvite;
            person = accounts.PrincipalOf(account);
        }
        else
        {
            var result = await authenticator.PasswordAsync(name, password, address, ct);
            http.Features.Set(new SignInAttempt("invite", name, result.Caller?.Principal));
            if (result.Caller is not { Principal: var known })
                return Page(invite, code, options, result.Problem, result.RetryAfterSeconds > 0 ? 429 : 403);
            if (known.ReadsAll)
                return Page(invite, code, options, "A global read-only superuser changes nothing.", 403);
            person = known;
        }
        return await teams.AnswerAsync(person, code, accept: true, ct) is { } joined
            ? new HtmlPage($"You are in {joined.Organization}").Text($"The account {person.Name} is in the team {joined.Team} of the organization {joined.Organization} now. Sign in with it.")
            : Page(invite, code, options, "This invitation is for another account.", 403);
    }

    private static HtmlPage Page(OpenedInvite invite, string code, AccountOptions options, string? problem, int status = 400)
    {
        var page = new HtmlPage($"An invitation to {invite.Organization}", problem is null ? 200 : status)
            .Text($"{invite.InvitedBy ?? "An admin"} invites you to the team {invite.Team} of the organization {invite.Organization}. Sign in to join it.").Problem(problem)
            .Form("/confirminvite", "Join", [("code", code)], new("username", "User name", "text", "username"), new("password", "Password", "password", "current-password"));
        return invite.Email is null || !options.UserCreation ? page : page
            .Text($"Have you no account yet? Make one; its address will be {invite.Email}.")
            .Form("/confirminvite", "Make an account and join", [("code", code), ("new", "yes")], new("username", "User name", "text", "username"), new("password", "Password", "password", "new-password"));
    }

    private static HtmlPage NoSuchInvite => new HtmlPage("This invitation is no good any more", 404).Text("It was answered already, was taken back, or is too old. Ask for another one.");
}
