using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Mail;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

/// <summary>What people see of themselves and each other, and change of themselves, as in Quay.</summary>
internal static class UserApi
{
    // Counts accounts that one address makes, among the wrong passwords that it sends.
    private const string Creation = "\0new";

    public static void Map(WebApplication app)
    {
        app.MapGet("/api/v1/user/", GetOwn).Requires(Permission.Person, scope: Scopes.UserRead).WithName("getLoggedInUser")
            .Describe("Shows the own account.").Gives(UserJson.Default.OwnUser);
        app.MapPut("/api/v1/user/", Change).Requires(Permission.Person, fresh: true, inPerson: true).WithName("changeUserDetails")
            .Describe("Changes the own password, e-mail address, tag expiration or what one says of oneself; what is left out stays.").Takes(UserJson.Default.ChangedUser)
            .Gives(UserJson.Default.OwnUser).Internal();
        app.MapPost("/api/v1/user/", Create).Requires(Permission.Anyone).WithName("createNewUser")
            .Describe("Makes an account where people may do that themselves, and signs it in.").Takes(UserJson.Default.NewcomerUser)
            .Gives(UserJson.Default.OwnUser).Gives(UserJson.Default.AwaitedUser).Internal();
        app.MapDelete("/api/v1/user/", Delete).Requires(Permission.Person, fresh: true).WithName("deleteCurrentUser")
            .Describe("Deletes the own account.").Gives(204).Internal();
        app.MapGet("/api/v1/user/private", CountPrivate).Requires(Permission.Person).WithName("getUserPrivateAllowed")
            .Describe("Counts the own private repositories and says whether there may be more.").Gives(AccountsJson.Default.PrivateRepositories).Internal();
        app.MapGet("/api/v1/users/{username}", Get).Requires(Permission.Anyone).WithName("getUserInformation")
            .Describe("Shows what others may see of a user, or all of it to that user.").Gives(UserJson.Default.OtherUser).Gives(UserJson.Default.OwnUser);
    }

    private static Task<IResult> GetOwn(HttpContext http, PeopleStore people, CancellationToken ct) => OwnAsync(http.Caller().Principal, people, ct);

    // As Quay, members that are not for the user to change (username, verified, is_admin) are no part of the body and do nothing, and
    // where mail is sent another address counts once it is confirmed.
    private static async Task<IResult> Change(HttpContext http, PeopleStore people, Sessions sessions, MailQueue mail, MailCodes codes, LifetimeOptions lifetimes, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, UserJson.Default.ChangedUser, ct);
        if (body is null)
            return problem!;
        var change = new PersonChange(body.Password, body.Email, body.TagExpirationS, Profile: new Profile(body.GivenName, body.FamilyName, body.Company, body.Location));
        if ((change.Problem ?? lifetimes.CheckWindow(change.TagExpirationS)) is { } wrong)
            return Problem.InvalidRequest(wrong);
        var caller = http.Caller();
        var goesOn = change.Password is not null && caller.Session is not null ? Sessions.Prepare(http, caller.Session) : null;
        var confirm = change.Email is not null && mail.Enabled ? await codes.CreateAsync(ct) : null;
        if (await people.ChangeAsync(caller.Principal, caller.Principal.AccountId, change, goesOn, confirm, ct) is { } why)
            return Problem.InvalidRequest(why);
        if (goesOn is not null)
            sessions.Give(http, goesOn);
        return await OwnAsync(caller.Principal, people, ct);
    }

    private static async Task<IResult> Create(HttpContext http, AccountOptions options, AccountStore accounts, PeopleStore people, Sessions sessions, LoginThrottle throttle, MailQueue mail, MailCodes codes, CancellationToken ct)
    {
        if (!options.UserCreation)
            return Problem.NotFound("Only superusers make accounts here.");
        if (sessions.IsForgedSignIn(http))
            return Sessions.Forged;
        var (body, problem) = await JsonBody.ReadAsync(http, UserJson.Default.NewcomerUser, ct);
        if (body is null)
            return problem!;
        if (new PersonChange(body.Password, body.Email is { Length: > 0 } ? body.Email : null).Problem is { } wrong)
            return Problem.InvalidRequest(wrong);
        var confirms = mail.Enabled && options.ConfirmEmail;
        if (confirms && string.IsNullOrEmpty(body.Email))
            return Problem.InvalidRequest("An e-mail address is needed; a mail is sent there to confirm it.");
        // Else the first to come would have what the settings mean for somebody.
        if (accounts.HasPowersBySettings(body.Username))
            return Problem.InvalidRequest("The name is reserved; a superuser has to make this account.");
        var address = http.Connection.RemoteIpAddress;
        if (throttle.Wait(Creation, address) is var wait and > 0)
            return new Problem(429, "too_many_login_attempts", $"Too many accounts were made from here. Try again in {wait} s.", wait);
        throttle.Failed(Creation, address);
        var made = await accounts.CreateAsync(body.Username, body.Email is { Length: > 0 } ? body.Email : null, body.Password, superuser: false, onlyFirst: false, by: 0, ct, confirms ? await codes.CreateAsync(ct) : null);
        if (made.Problem is { } why)
            return Problem.InvalidRequest(why);
        if (confirms)
            return TypedResults.Json(new AwaitedUser(true), UserJson.Default.AwaitedUser);
        if (await accounts.FindAsync(made.Id, ct) is not { } account)
            return Problem.InvalidRequest("There is no such user any more.");
        var principal = accounts.PrincipalOf(account);
        // A credential in the header shows somebody else, who goes on as before.
        if (!http.Caller().Presented)
            await sessions.SignInAsync(http, principal, null, ct);
        return await OwnAsync(principal, people, ct);
    }

    private static async Task<IResult> Delete(HttpContext http, AccountStore accounts, PeopleStore people, Sessions sessions, CancellationToken ct)
    {
        var caller = http.Caller();
        // A token that lacks the scope is no superuser, but its account is.
        if (caller.Principal.Superuser || accounts.IsSuperuserBySettings(caller.Principal.Name))
            return Problem.InvalidRequest("Cannot delete a superuser; another superuser has to take that away first.");
        if (await people.DeleteAsync(caller.Principal, caller.Principal.AccountId, force: false, ct) is { } why)
            return Problem.InvalidRequest(why);
        if (caller.Session is not null)
            sessions.Take(http);
        return TypedResults.NoContent();
    }

    // In Quay only where repositories are billed; here nothing limits them.
    private static async Task<IResult> CountPrivate(HttpContext http, PeopleStore people, CancellationToken ct)
    {
        var principal = http.Caller().Principal;
        return TypedResults.Json(new PrivateRepositories(await people.CountPrivateAsync(principal.AccountId, ct), !principal.Restricted), AccountsJson.Default.PrivateRepositories);
    }

    private static async Task<IResult> Get(HttpContext http, string username, AuthOptions options, PeopleStore people, CancellationToken ct)
    {
        var caller = http.Caller();
        if (caller.Principal.IsAnonymous && !options.AnonymousAccess)
        {
            http.ChallengeBasic();
            return Problem.InvalidToken("Sign in first.");
        }
        if (username == caller.Principal.Name && caller.Principal.IsPerson && caller.Principal.Has(Scopes.UserRead))
            return await OwnAsync(caller.Principal, people, ct);
        return await people.FindAsync(username, ct) is { } person
            ? TypedResults.Json(new OtherUser(false, person.Name, Avatar.Of(person.Name, "user")), UserJson.Default.OtherUser)
            : Problem.NotFound("There is no such user.");
    }

    private static async Task<IResult> OwnAsync(Principal me, PeopleStore people, CancellationToken ct)
    {
        if (await people.FindAsync(me.AccountId, ct) is not { } person)
            return Problem.InvalidToken("The account has been deleted.");
        var organizations = await people.MembershipsAsync(me.AccountId, ct);
        return TypedResults.Json(new OwnUser
        {
            Username = person.Name,
            Avatar = Avatar.Of(person.Name, "user"),
            CanCreateRepo = !me.Restricted && !me.ReadsAll,
            Email = person.Email,
            Verified = person.Verified,
            TagExpirationS = person.TagExpirationS,
            Company = person.Profile.Company,
            FamilyName = person.Profile.FamilyName,
            GivenName = person.Profile.GivenName,
            Location = person.Profile.Location,
            Organizations =
            [
                .. organizations.Select(o => new OwnOrganization(o.Organization, Avatar.Of(o.Organization, "org"), o.Creates && !me.ReadsAll, false, o.Administers, false)),
            ],
            SuperUser = me.Superuser ? true : null,
            GlobalReadonlySuperUser = me.ReadsAll ? true : null,
        }, UserJson.Default.OwnUser);
    }
}
