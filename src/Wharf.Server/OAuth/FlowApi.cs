using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Hosting.Network;
using Wharf.Server.QuayApi;

namespace Wharf.Server.OAuth;

/// <summary>
/// How an application gets a token with a person's consent: RFC 6749 with codes (and PKCE) or implicitly, at Quay's paths. As in Quay
/// only admins of the application's organization consent, and whom one of them assigned a token.
/// </summary>
internal static class FlowApi
{
    public static void Map(WebApplication app)
    {
        app.MapGet("/oauth/authorize", Authorize).Requires(Permission.Person, inPerson: true);
        app.MapPost("/oauth/authorizeapp", Allow).Requires(Permission.Person, inPerson: true);
        app.MapPost("/oauth/denyapp", Deny).Requires(Permission.Person, byReaders: true, inPerson: true);
        app.MapPost("/oauth/authorize/assignuser", Assign).Requires(Permission.Person, inPerson: true);
        app.MapGet(RedirectTarget.LocalPath, Local).Requires(Permission.Person, inPerson: true);
        // Open: the one shows its credential in the form, the other is the same text for everyone.
        app.MapPost("/oauth/access_token", Exchange).Requires(Permission.Open);
        app.MapGet("/oauth/localapp.js", static () => TypedResults.Text(Pages.Script, "text/javascript; charset=utf-8")).Requires(Permission.Open);
    }

    private static async Task<IResult> Authorize(
        HttpContext http, ApplicationStore applications, AssignmentStore assignments, OAuthTokenStore tokens, ConsentStore consents, Permissions permissions, Sessions sessions, PublicAddress address, CancellationToken ct)
    {
        var (request, assignment, refusal) = await ReadAsync(http, http.Request.Query, AuthorizationRequest.Code, applications, assignments, permissions, address, ct);
        if (request is null || refusal is not null)
            return refusal!;
        var me = http.Caller().Principal;
        var given = assignment is null && await tokens.HasConsentAsync(me.AccountId, request.Application, request.Scopes, ct);
        if (request.Json)
        {
            var (application, details) = (request.Application, request.Application.Details);
            return TypedResults.Json(new AskedConsent(new ConsentApplication(details.Name, application.ClientId, details.Description, details.Uri, Avatar.Of(details.Name, "app"),
                new ApplicationOrganization(application.Organization, Avatar.Of(application.Organization, "org"))), ScopeInformation.Of(request.Scopes), request.RedirectUri, request.ResponseType,
                sessions.CsrfToken(http), given), OAuthFlowJson.Default.AskedConsent);
        }
        // Who consented before is not asked again, unless anybody on the person's machine may be the one who asks (RFC 8252 8.6). A global
        // read-only superuser makes no tokens, and so has none.
        return given && (request.IsLocal || RedirectTarget.ShowsWhoAsks(request.RedirectUri)) && !me.ReadsAll
            ? await GrantAsync(http, request, null, consents, address, ct)
            : Pages.Consent(http, request, me.Name, sessions.CsrfToken(http));
    }

    private static async Task<IResult> Allow(
        HttpContext http, ApplicationStore applications, AssignmentStore assignments, ConsentStore consents, Permissions permissions, PublicAddress address, CancellationToken ct)
    {
        if (await Forms.ReadAsync(http, ct) is not { } form)
            return NoForm(http);
        var (request, assignment, refusal) = await ReadAsync(http, form, AuthorizationRequest.Token, applications, assignments, permissions, address, ct);
        return request is null || refusal is not null ? refusal! : await GrantAsync(http, request, assignment, consents, address, ct);
    }

    private static async Task<IResult> Deny(HttpContext http, ApplicationStore applications, PublicAddress address, CancellationToken ct)
    {
        if (await Forms.ReadAsync(http, ct) is not { } form)
            return NoForm(http);
        var (request, _, refusal) = await BeginAsync(http, form, AuthorizationRequest.Token, applications, address, ct);
        return request is null ? refusal! : Fail(http, request, new OAuthError("access_denied", "The user refused."), address);
    }

    // As in Quay the parameters of the token to be made stand in the query; a form is as good.
    private static async Task<IResult> Assign(
        HttpContext http, OAuthOptions options, ApplicationStore applications, AssignmentStore assignments, PeopleStore people, Permissions permissions, PublicAddress address, CancellationToken ct)
    {
        if (!options.AssignTokens)
            return Pages.Message(http, 404, "Not here", "Tokens are not assigned here (OAuth.AssignTokens).");
        var form = await Forms.ReadAsync(http, ct);
        var given = form is { Count: > 0 } ? form.Where(f => !http.Request.Query.ContainsKey(f.Key)).Concat(http.Request.Query) : http.Request.Query;
        var (request, error, refusal) = await BeginAsync(http, given, AuthorizationRequest.Token, applications, address, ct);
        if (request is null)
            return refusal!;
        if (!await MayAdministerAsync(http, request.Application, permissions, ct))
            return Pages.Message(http, 403, "Not allowed", "Only an admin of the application's organization assigns its tokens.");
        if (error is not null)
            return Pages.Message(http, 400, "The request is wrong", error.Description);
        if (await people.FindAsync(AuthorizationRequest.Parameters(given)!("username") ?? "", ct) is not { } person)
            return Pages.Message(http, 404, "No such user", "There is no user of that name.");
        var made = await assignments.CreateAsync(http.Caller().Principal, request, person, ct);
        if (made.Uuid is not { } uuid)
            return Pages.Message(http, 400, "Not assigned", made.Problem!);
        return request.Json
            ? TypedResults.Json(new Assigned(uuid), OAuthFlowJson.Default.Assigned)
            : Pages.Message(http, 200, "Token assigned", $"{person.Name} can make the token now.");
    }

    private static ContentHttpResult Local(HttpContext http) => http.Request.Query["scope"].Count > 0
        ? Pages.Token(http)
        : Pages.Message(http, 200, "Authorization canceled", "No token was made.");

    private static async Task<IResult> Exchange(HttpContext http, ApplicationStore applications, ConsentStore consents, CancellationToken ct)
    {
        if (await Forms.ReadAsync(http, ct) is not { } form || AuthorizationRequest.Parameters(form) is not { } parameter)
            return OAuthError.InvalidRequest("Send the form fields grant_type, code, redirect_uri, client_id and client_secret or code_verifier, each once (application/x-www-form-urlencoded).");
        if (parameter("grant_type") is not { } grant)
            return OAuthError.InvalidRequest("grant_type is missing; it is 'authorization_code'.");
        if (grant != "authorization_code")
            return new OAuthError("unsupported_grant_type", "The grant type is 'authorization_code'.");
        var (clientId, secret, inHeader) = (parameter("client_id") ?? "", parameter("client_secret"), false);
        if (http.Request.Headers.Authorization is { Count: > 0 } header)
        {
            // RFC 6749 2.3: one way only.
            if (secret is not null || !Authenticator.TryReadBasic(header, out var user, out var password) || (clientId.Length > 0 && clientId != user))
                return OAuthError.InvalidRequest("Show the client_id and client_secret in the form or as Basic, not both.");
            (clientId, secret, inHeader) = (user, password, true);
        }
        var application = await applications.FindAsync(clientId, withSecret: true, ct);
        // A secret that is sent must be right, also where none is needed.
        if (application is null || (secret is not null && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(application.Secret!))))
            return new OAuthError("invalid_client", "There is no such application, or its secret is another one.", inHeader ? 401 : 400, inHeader);
        if (parameter("code") is not { } code || parameter("redirect_uri") is not { } redirectUri)
            return OAuthError.InvalidRequest("code and redirect_uri must be there.");
        var (token, error) = await consents.ExchangeAsync(application, secret is not null, code, redirectUri, parameter("code_verifier"), ct);
        if (token?.Token is not { } made)
            return error ?? OAuthError.InvalidGrant;
        http.Response.Headers.Pragma = "no-cache";
        return TypedResults.Json(View(made, token.Secret!, null), OAuthFlowJson.Default.GrantedToken);
    }

    /// <summary>The request with the right to consent to it, or the answer to give instead.</summary>
    private static async Task<(AuthorizationRequest? Request, Assignment? Assignment, IResult? Refusal)> ReadAsync(
        HttpContext http, IEnumerable<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>> given, string defaultType, ApplicationStore applications, AssignmentStore assignments,
        Permissions permissions, PublicAddress address, CancellationToken ct)
    {
        var (request, error, refusal) = await BeginAsync(http, given, defaultType, applications, address, ct);
        if (request is null)
            return (null, null, refusal);
        var me = http.Caller().Principal;
        Assignment? assignment = null;
        if (error is null && request.Assignment is { } uuid)
        {
            assignment = Guid.TryParseExact(uuid, "D", out var id) ? await assignments.FindAsync(me.AccountId, id.ToString(), ct) : null;
            if (assignment is null || assignment.Application.Id != request.Application.Id || assignment.RedirectUri != request.RedirectUri || assignment.Scopes != request.Scopes
                || assignment.ResponseType != request.ResponseType)
                return (null, null, Pages.Message(http, 404, "No such assigned token", "You were assigned no such token, or it was made already."));
        }
        if (assignment is null && !await MayAdministerAsync(http, request.Application, permissions, ct))
            return (null, null, Pages.Message(http, 403, "Not allowed", "Only admins of the application's organization let it act for them, and those whom one of them assigned a token."));
        if (error is null && request.Scopes.HasFlag(Scopes.SuperUser) && !me.Superuser)
            error = new("invalid_scope", "You are no superuser.");
        return error is null ? (request, assignment, null) : (null, null, Fail(http, request, error, address));
    }

    /// <summary>
    /// The request, once it is sure whose it is: until then nothing is redirected. What else is wrong with it comes beside it, for the
    /// application to know.
    /// </summary>
    private static async Task<(AuthorizationRequest? Request, OAuthError? Error, IResult? Refusal)> BeginAsync(
        HttpContext http, IEnumerable<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>> given, string defaultType, ApplicationStore applications, PublicAddress address, CancellationToken ct)
    {
        if (AuthorizationRequest.Parameters(given) is not { } parameter)
            return (null, null, Pages.Message(http, 400, "The request is wrong", "A parameter stands there twice, or has a NUL character."));
        if (parameter("client_id") is not { } clientId || await applications.FindAsync(clientId, withSecret: false, ct) is not { } application)
            return (null, null, Pages.Message(http, 404, "No such application", "There is no application with that client_id."));
        var redirectUri = parameter("redirect_uri") ?? "";
        var isLocal = redirectUri == address.BaseUrl(http) + RedirectTarget.LocalPath;
        if (!isLocal && !RedirectTarget.Matches(application.Details.RedirectUri, redirectUri))
            return (null, null, Pages.Message(http, 400, "The request is wrong", "redirect_uri_mismatch: the redirect_uri is not, to the letter, the one that the application's organization registered."));
        var (request, error) = new AuthorizationRequest(application, redirectUri, isLocal).With(parameter, defaultType);
        return (request, error, null);
    }

    private static async ValueTask<bool> MayAdministerAsync(HttpContext http, Application application, Permissions permissions, CancellationToken ct)
    {
        var me = http.Caller().Principal;
        return Permissions.Allows(me, await permissions.DecideAsync(me, application.Organization, ct), Permission.AdministerOrganization);
    }

    private static async Task<IResult> GrantAsync(HttpContext http, AuthorizationRequest request, Assignment? assignment, ConsentStore consents, PublicAddress address, CancellationToken ct)
    {
        var me = http.Caller().Principal;
        if (request.ResponseType == AuthorizationRequest.Code)
        {
            var (code, problem) = await consents.GrantCodeAsync(me, request, assignment, ct);
            if (code is null)
                return Fail(http, request, new OAuthError("access_denied", problem!), address);
            return request.Json
                ? TypedResults.Json(new GrantedCode(code, request.State), OAuthFlowJson.Default.GrantedCode)
                : Send(http, request, address, ("code", code));
        }
        var made = await consents.GrantTokenAsync(me, request, assignment, ct);
        if (made.Token is not { } token)
            return Fail(http, request, new OAuthError("access_denied", made.Problem!), address);
        var view = View(token, made.Secret!, request.State);
        return request.Json
            ? TypedResults.Json(view, OAuthFlowJson.Default.GrantedToken)
            : Send(http, request, address, ("access_token", view.AccessToken), ("token_type", view.TokenType), ("expires_in", view.ExpiresIn.ToString(CultureInfo.InvariantCulture)), ("scope", view.Scope));
    }

    private static IResult Fail(HttpContext http, AuthorizationRequest request, OAuthError error, PublicAddress address) => request.Json
        ? error
        : Send(http, request, address, ("error", error.Error), ("error_description", error.Description));

    // RFC 6749 4.1.2 and 4.2.2: a code stands in the query, a token behind the #, which no server is sent and no log has. RFC 9207: which server it is.
    private static StatusCodeHttpResult Send(HttpContext http, AuthorizationRequest request, PublicAddress address, params (string Name, string Value)[] answer)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in answer.Append(("state", request.State ?? "")).Append(("iss", address.BaseUrl(http))))
            if (value.Length > 0)
                text.Append(text.Length == 0 ? "" : "&").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        var to = request.RedirectUri;
        // The page knows by the scope in its query, as Quay's does, that there is a token.
        if (request.IsLocal && answer[0].Name != "error")
            to += "?scope=" + Uri.EscapeDataString(ScopeText.Format(request.Scopes));
        var mark = request.ResponseType == AuthorizationRequest.Token ? '#' : to.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        // Not the framework's own result, which writes into the log where it sends a browser.
        http.Response.Headers.Location = $"{to}{mark}{text}";
        return TypedResults.StatusCode(StatusCodes.Status302Found);
    }

    private static GrantedToken View(OAuthToken token, string secret, string? state) => new(secret, "Bearer", (token.ExpiresMs - token.CreatedMs) / 1000, token.Scope, state);

    private static ContentHttpResult NoForm(HttpContext http) => Pages.Message(http, 400, "The request is wrong", "Send a form (application/x-www-form-urlencoded).");
}
