using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Accounts;

/// <summary>Signing in and out with a browser, as in Quay, and the list of the sessions, which Quay does not have.</summary>
internal static class SignInApi
{
    public static void Map(WebApplication app)
    {
        // Open: it only hands out a cookie. Signing in reads its credential itself.
        app.MapGet("/csrf_token", GetCsrfToken).Requires(Permission.Open).WithName("getCsrfToken")
            .Describe("Hands out the token that a browser sends as X-CSRF-Token with each change.").Gives(AccountsJson.Default.CsrfToken);
        app.MapPost("/api/v1/signin", SignIn).Requires(Permission.Open).WithName("signinUser")
            .Describe("Signs a browser in: the answer sets the session cookie.").Takes(AccountsJson.Default.Credentials).Gives(AccountsJson.Default.Done)
            .Gives(AccountsJson.Default.SignInRefusal, 403).Internal();
        app.MapPost("/api/v1/signin/verify", Verify).Requires(Permission.Person, byReaders: true, inPerson: true).WithName("verifyUser")
            .Describe("Shows the password again, which operations that want a fresh sign-in ask for.").Takes(AccountsJson.Default.ShownPassword)
            .Gives(AccountsJson.Default.Done).Gives(AccountsJson.Default.VerifyRefusal, 403).Internal();
        app.MapPost("/api/v1/user/clientkey", EncryptPassword).Requires(Permission.Person, byReaders: true, inPerson: true).WithName("generateUserClientKey")
            .Describe("Gives the own password in an encrypted form that works in its place with the registry.").Takes(AccountsJson.Default.ShownPassword)
            .Gives(AccountsJson.Default.EncryptedPassword).Internal();
        app.MapPost("/api/v1/signout", SignOut).Requires(Permission.Anyone, byReaders: true).WithName("logout")
            .Describe("Ends the session of this browser.").Gives(AccountsJson.Default.Done).Internal();
        app.MapGet("/api/v1/user/sessions", List).Requires(Permission.Person, inPerson: true).WithName("listUserSessions")
            .Describe("Lists the own sessions, the present one marked.").Gives(UserJson.Default.SessionList);
        app.MapDelete("/api/v1/user/sessions", EndOthers).Requires(Permission.Person, byReaders: true, inPerson: true).WithName("deleteUserSessions")
            .Describe("Ends every own session but the present one.").Gives(204);
        app.MapDelete("/api/v1/user/sessions/{session}", End).Requires(Permission.Person, byReaders: true, inPerson: true).WithName("deleteUserSession")
            .Describe("Ends one of the own sessions.").Gives(204);
    }

    private static JsonHttpResult<CsrfToken> GetCsrfToken(HttpContext http, Sessions sessions)
    {
        return TypedResults.Json(new CsrfToken(sessions.CsrfToken(http)), AccountsJson.Default.CsrfToken);
    }

    private static async Task<IResult> SignIn(HttpContext http, Authenticator authenticator, Sessions sessions, CancellationToken ct)
    {
        if (sessions.IsForgedSignIn(http))
            return Sessions.Forged;
        var (body, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.Credentials, ct);
        if (body is null)
            return problem!;
        var result = await authenticator.PasswordAsync(body.Username, body.Password, http.Connection.RemoteIpAddress, ct);
        http.Features.Set(new SignInAttempt("signin", body.Username, result.Caller?.Principal));
        if (result.RetryAfterSeconds > 0)
            return TooManyTries(result);
        if (result.Caller is not { Principal: var principal })
            return TypedResults.Json(result == AuthResult.Unverified ? new SignInRefusal(true, false, result.Problem!) : new SignInRefusal(false, true, WrongPassword), AccountsJson.Default.SignInRefusal, statusCode: 403);
        await sessions.SignInAsync(http, principal, (await sessions.AuthenticateAsync(http, ct))?.Session, ct);
        return TypedResults.Json(new Done(true), AccountsJson.Default.Done);
    }

    private static async Task<IResult> Verify(HttpContext http, Authenticator authenticator, Sessions sessions, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.ShownPassword, ct);
        if (body is null)
            return problem!;
        var caller = http.Caller();
        var result = await authenticator.PasswordAsync(caller.Principal.Name, body.Password, http.Connection.RemoteIpAddress, ct);
        if (result.RetryAfterSeconds > 0)
            return TooManyTries(result);
        if (result.Caller is null)
            return TypedResults.Json(new VerifyRefusal(WrongPassword, true), AccountsJson.Default.VerifyRefusal, statusCode: 403);
        if (caller.Session is not null)
            await sessions.SignInAsync(http, result.Caller.Principal, caller.Session, ct);
        return TypedResults.Json(new Done(true), AccountsJson.Default.Done);
    }

    private static async Task<IResult> EncryptPassword(HttpContext http, Authenticator authenticator, EncryptedPasswords encrypted, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, AccountsJson.Default.ShownPassword, ct);
        if (body is null)
            return problem!;
        var result = await authenticator.PasswordAsync(http.Caller().Principal.Name, body.Password, http.Connection.RemoteIpAddress, ct);
        if (result.RetryAfterSeconds > 0)
            return TooManyTries(result);
        if (result.Caller is not { Principal: var me })
            return Problem.InvalidRequest(WrongPassword);
        return TypedResults.Json(new EncryptedPassword(encrypted.Seal(me.AccountId, me.Credential, body.Password)), AccountsJson.Default.EncryptedPassword);
    }

    // Quay ends all sessions of the user here; those of other browsers are at DELETE /api/v1/user/sessions.
    private static async Task<IResult> SignOut(HttpContext http, Sessions sessions, CancellationToken ct)
    {
        if (http.Caller().Session is { } session)
            await sessions.SignOutAsync(http, session, ct);
        return TypedResults.Json(new Done(true), AccountsJson.Default.Done);
    }

    private static async Task<IResult> List(HttpContext http, SessionStore store, CancellationToken ct)
    {
        var caller = http.Caller();
        var found = await store.ListAsync(caller.Principal.AccountId, ct);
        return TypedResults.Json(new SessionList([.. found.Select(s => new SessionView(s.Id, QuayDate.Format(s.CreatedMs)!, QuayDate.Format(s.SeenMs)!, QuayDate.Format(s.ExpiresMs)!,
            s.Address, s.Agent, s.Id == caller.Session?.Id))]), UserJson.Default.SessionList);
    }

    private static async Task<IResult> EndOthers(HttpContext http, SessionStore store, CancellationToken ct)
    {
        var caller = http.Caller();
        await store.EndOthersAsync(caller.Principal.AccountId, caller.Session?.Id, ct);
        return TypedResults.NoContent();
    }

    private static async Task<IResult> End(HttpContext http, string session, Sessions sessions, SessionStore store, CancellationToken ct)
    {
        var caller = http.Caller();
        if (!SessionCookie.IsId(session) || !await store.EndAsync(caller.Principal.AccountId, session, ct))
            return Problem.NotFound("There is no such session.");
        if (session == caller.Session?.Id)
            sessions.Take(http);
        return TypedResults.NoContent();
    }

    /// <summary>Quay's words, the same for an unknown user and for a wrong password.</summary>
    private const string WrongPassword = "Invalid Username or Password";

    private static Problem TooManyTries(AuthResult result) => new(429, "too_many_login_attempts", result.Problem!, result.RetryAfterSeconds);
}
