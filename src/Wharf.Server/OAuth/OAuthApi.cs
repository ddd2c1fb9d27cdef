using System.Globalization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.OAuth;

/// <summary>Applications and what they are allowed, as in Quay. Pages of these lists are Wharf's own but for the tokens of an application.</summary>
internal static class OAuthApi
{
    private const int PageSize = 100;
    private const int MaxName = 255;

    public static void MapOAuth(this WebApplication app)
    {
        FlowApi.Map(app);
        app.MapGet("/api/v1/app/{client_id}", GetPublic).Requires(Permission.Anyone).WithName("getApplicationInformation")
            .Describe("Shows what is public of an application.").Gives(OAuthJson.Default.PublicApplication);
        app.MapGet("/api/v1/organization/{orgname}/applications", List).Requires(Permission.InspectOrganization).WithName("getOrganizationApplications")
            .Describe("Lists the applications of an organization.").Paged().Gives(OAuthJson.Default.ApplicationList);
        app.MapPost("/api/v1/organization/{orgname}/applications", Create).Requires(Permission.AdministerOrganization).WithName("createOrganizationApplication")
            .Describe("Makes an application, which can act for people who let it.").Takes(OAuthJson.Default.NewApplication).Gives(OAuthJson.Default.ApplicationView);
        app.MapGet("/api/v1/organization/{orgname}/applications/{client_id}", Get).Requires(Permission.InspectOrganization).WithName("getOrganizationApplication")
            .Describe("Shows an application with its secret.").Gives(OAuthJson.Default.ApplicationView);
        app.MapPut("/api/v1/organization/{orgname}/applications/{client_id}", Change).Requires(Permission.AdministerOrganization).WithName("updateOrganizationApplication")
            .Describe("Changes what an application says of itself, and where it takes codes and tokens.").Takes(OAuthJson.Default.ChangedApplication).Gives(OAuthJson.Default.ApplicationView);
        app.MapDelete("/api/v1/organization/{orgname}/applications/{client_id}", Delete).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationApplication")
            .Describe("Deletes an application; its tokens are void.").Gives(204);
        app.MapPost("/api/v1/organization/{orgname}/applications/{client_id}/resetclientsecret", ResetSecret).Requires(Permission.AdministerOrganization).WithName("resetOrganizationApplicationClientSecret")
            .Describe("Gives an application a new secret in place of its own.").Internal().Gives(OAuthJson.Default.ApplicationView);
        app.MapGet("/api/v1/organization/{orgname}/applications/{client_id}/tokens", ListTokens).Requires(Permission.InspectOrganization).WithName("listOrganizationApplicationTokens")
            .Describe("Lists the tokens of an application, without the tokens themselves.").Paged().Gives(OAuthJson.Default.TokenList);
        app.MapPost("/api/v1/organization/{orgname}/applications/{client_id}/tokens", CreateToken).Requires(Permission.AdministerOrganization).WithName("createOrganizationApplicationToken")
            .Describe("Makes a token of an application that acts for the caller; it is shown in this answer only.").Takes(OAuthJson.Default.NewToken).Gives(OAuthJson.Default.TokenView);
        app.MapDelete("/api/v1/organization/{orgname}/applications/{client_id}/tokens/{token_uuid}", RevokeToken).Requires(Permission.AdministerOrganization).WithName("deleteOrganizationApplicationToken")
            .Describe("Revokes a token of an application.").Gives(204);
        app.MapGet("/api/v1/user/authorizations", ListAuthorizations).Requires(Permission.Person).WithName("listUserAuthorizations")
            .Describe("Lists the tokens that act for the own account.").Paged().Internal().Gives(OAuthJson.Default.AuthorizationList);
        app.MapGet("/api/v1/user/authorizations/{access_token_uuid}", GetAuthorization).Requires(Permission.Person).WithName("getUserAuthorization")
            .Describe("Shows a token that acts for the own account, without the token itself.").Internal().Gives(OAuthJson.Default.AuthorizationView);
        app.MapDelete("/api/v1/user/authorizations/{access_token_uuid}", DeleteAuthorization).Requires(Permission.Person).WithName("deleteUserAuthorization")
            .Describe("Ends a token that acts for the own account.").Internal().Gives(204);
        app.MapGet("/api/v1/user/assignedauthorization", ListAssigned).Requires(Permission.Person).WithName("listAssignedAuthorizations")
            .Describe("Lists the tokens that were assigned to the own account and not made yet.").Paged().Internal().Gives(OAuthJson.Default.AssignmentList);
        app.MapDelete("/api/v1/user/assignedauthorization/{assigned_authorization_uuid}", DeleteAssigned).Requires(Permission.Person).WithName("deleteAssignedAuthorization")
            .Describe("Gives back a token that was assigned and not made yet.").Internal().Gives(204);
    }

    // What the page shows on which somebody lets an application act.
    private static async Task<IResult> GetPublic(string client_id, ApplicationStore applications, CancellationToken ct) =>
        await applications.FindAsync(client_id, withSecret: false, ct) is { Details: var details } found
            ? TypedResults.Json(new PublicApplication(details.Name, details.Description, details.Uri, Avatar.Of(details.Name, "app"),
                new PublicOrganization(found.Organization, "", Avatar.Of(found.Organization, "org"), false, false)), OAuthJson.Default.PublicApplication)
            : NoSuchApplication;

    private static async Task<IResult> List(HttpContext http, ApplicationStore applications, CancellationToken ct)
    {
        if (Page(http, out var after) is { } refused)
            return refused;
        var administers = Administers(http);
        var found = await applications.ListAsync(http.Organization().NamespaceId, administers, after, PageSize + 1, ct);
        var next = Cut(found, static a => a.Id);
        return TypedResults.Json(new ApplicationList([.. found.Select(a => View(a, administers))], next), OAuthJson.Default.ApplicationList);
    }

    private static async Task<IResult> Create(HttpContext http, ApplicationStore applications, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OAuthJson.Default.NewApplication, ct);
        if (body is null)
            return problem!;
        var details = new ApplicationDetails(body.Name, body.Description ?? "", body.ApplicationUri ?? "", body.RedirectUri ?? "", body.AvatarEmail is { Length: > 0 } ? body.AvatarEmail : null);
        if (details.Problem is { } wrong)
            return Problem.InvalidRequest(wrong);
        var made = await applications.CreateAsync(http.Caller().Principal, http.Organization().NamespaceId, details, ct);
        return made.Problem is { } why ? Problem.InvalidRequest(why) : await ShowAsync(http, applications, made.ClientId!, ct);
    }

    private static Task<IResult> Get(HttpContext http, string client_id, ApplicationStore applications, CancellationToken ct) => ShowAsync(http, applications, client_id, ct);

    private static async Task<IResult> Change(HttpContext http, string client_id, ApplicationStore applications, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OAuthJson.Default.ChangedApplication, ct);
        if (body is null)
            return problem!;
        var details = new ApplicationDetails(body.Name, body.Description ?? "", body.ApplicationUri, body.RedirectUri, body.AvatarEmail is { Length: > 0 } ? body.AvatarEmail : null);
        if (details.Problem is { } wrong)
            return Problem.InvalidRequest(wrong);
        return ApplicationStore.IsClientId(client_id) && await applications.ChangeAsync(http.Caller().Principal, http.Organization().NamespaceId, client_id, details, ct)
            ? await ShowAsync(http, applications, client_id, ct)
            : NoSuchApplication;
    }

    private static async Task<IResult> Delete(HttpContext http, string client_id, ApplicationStore applications, CancellationToken ct) =>
        ApplicationStore.IsClientId(client_id) && await applications.DeleteAsync(http.Caller().Principal, http.Organization().NamespaceId, client_id, ct)
            ? TypedResults.NoContent()
            : NoSuchApplication;

    private static async Task<IResult> ResetSecret(HttpContext http, string client_id, ApplicationStore applications, CancellationToken ct) =>
        ApplicationStore.IsClientId(client_id) && await applications.ResetSecretAsync(http.Caller().Principal, http.Organization().NamespaceId, client_id, ct)
            ? await ShowAsync(http, applications, client_id, ct)
            : NoSuchApplication;

    private static async Task<IResult> ListTokens(HttpContext http, string client_id, ApplicationStore applications, OAuthTokenStore tokens, CancellationToken ct)
    {
        if (Page(http, out var after) is { } refused)
            return refused;
        if (await applications.FindAsync(http.Organization().NamespaceId, client_id, false, ct) is not { } application)
            return NoSuchApplication;
        var found = await tokens.ListAsync(application, after, PageSize + 1, ct);
        var next = Cut(found, static t => t.Id);
        return TypedResults.Json(new TokenList([.. found.Select(static t => View(t, null))], next), OAuthJson.Default.TokenList);
    }

    // As in Quay an admin's OAuth token may make others, with no more than its own scopes. An app token may not: what it made would do what
    // Quay guards by a fresh login, and would go on when the app token is revoked.
    private static async Task<IResult> CreateToken(HttpContext http, string client_id, ApplicationStore applications, OAuthTokenStore tokens, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, OAuthJson.Default.NewToken, ct);
        if (body is null)
            return problem!;
        var name = body.Name.Trim();
        if (name.Length is 0 or > MaxName || name.Any(char.IsControl))
            return Problem.InvalidRequest($"A token's name has 1 to {MaxName} characters, without control characters.");
        if (ScopeText.Parse(body.Scope) is not { } scopes)
            return Problem.InvalidRequest($"Invalid scope: give one or more of {ScopeText.Format(Scopes.All)}, with spaces between them.");
        if (body.Expiration is not null && !(body.Expiration >= 1 && body.Expiration <= tokens.LongestSeconds))
            return Problem.InvalidRequest(string.Create(CultureInfo.InvariantCulture, $"expiration is how long the token lives, from 1 to {tokens.LongestSeconds} seconds."));
        var me = http.Caller().Principal;
        if (me.AppToken is not null)
            return Problem.InsufficientScope("Not with an app token: sign in, or send the password.");
        if (!me.Has(scopes) || (scopes.HasFlag(Scopes.SuperUser) && !me.Superuser))
            return Problem.InsufficientScope("A token can do no more than who makes it.");
        if (await applications.FindAsync(http.Organization().NamespaceId, client_id, false, ct) is not { } application)
            return NoSuchApplication;
        if (!me.IsPerson)
            return Problem.InsufficientScope("A token acts for a person; a robot has one of its own.");
        var made = await tokens.MintAsync(me, application, name, scopes, (long?)body.Expiration, ct);
        if (made.Token is not { } token)
            return made.Unknown ? NoSuchApplication : Problem.InvalidRequest(made.Problem!);
        return TypedResults.Json(View(token, made.Secret), OAuthJson.Default.TokenView);
    }

    private static async Task<IResult> RevokeToken(HttpContext http, string client_id, string token_uuid, ApplicationStore applications, OAuthTokenStore tokens, CancellationToken ct)
    {
        if (await applications.FindAsync(http.Organization().NamespaceId, client_id, false, ct) is not { } application)
            return NoSuchApplication;
        return Guid.TryParseExact(token_uuid, "D", out var uuid) && await tokens.RevokeAsync(http.Caller().Principal, application, uuid.ToString(), ct)
            ? TypedResults.NoContent()
            : Problem.NotFound("The application has no such token.");
    }

    private static async Task<IResult> ListAuthorizations(HttpContext http, OAuthTokenStore tokens, CancellationToken ct)
    {
        if (Page(http, out var after) is { } refused)
            return refused;
        var found = await tokens.AuthorizationsAsync(http.Caller().Principal.AccountId, after, PageSize + 1, ct);
        var next = Cut(found, static a => a.Id);
        return TypedResults.Json(new AuthorizationList([.. found.Select(View)], next), OAuthJson.Default.AuthorizationList);
    }

    private static async Task<IResult> GetAuthorization(HttpContext http, string access_token_uuid, OAuthTokenStore tokens, CancellationToken ct) =>
        Guid.TryParseExact(access_token_uuid, "D", out var uuid) && await tokens.AuthorizationAsync(http.Caller().Principal.AccountId, uuid.ToString(), ct) is { } found
            ? TypedResults.Json(View(found), OAuthJson.Default.AuthorizationView)
            : NoSuchAuthorization;

    private static async Task<IResult> DeleteAuthorization(HttpContext http, string access_token_uuid, OAuthTokenStore tokens, CancellationToken ct) =>
        Guid.TryParseExact(access_token_uuid, "D", out var uuid) && await tokens.WithdrawAsync(http.Caller().Principal, uuid.ToString(), ct)
            ? TypedResults.NoContent()
            : NoSuchAuthorization;

    private static async Task<IResult> ListAssigned(HttpContext http, OAuthOptions options, AssignmentStore assignments, CancellationToken ct)
    {
        if (!options.AssignTokens)
            return NotAssigned;
        if (Page(http, out var after) is { } refused)
            return refused;
        var found = await assignments.ListAsync(http.Caller().Principal.AccountId, after, PageSize + 1, ct);
        var next = Cut(found, static a => a.Id);
        return TypedResults.Json(new AssignmentList([.. found.Select(static a => new AssignmentView(View(a.Application, a.Application.ClientId), a.Uuid, a.RedirectUri, ScopeInformation.Of(a.Scopes), a.ResponseType))], next),
            OAuthJson.Default.AssignmentList);
    }

    private static async Task<IResult> DeleteAssigned(HttpContext http, string assigned_authorization_uuid, OAuthOptions options, AssignmentStore assignments, CancellationToken ct) =>
        !options.AssignTokens ? NotAssigned
        : Guid.TryParseExact(assigned_authorization_uuid, "D", out var uuid) && await assignments.DeleteAsync(http.Caller().Principal, uuid.ToString(), ct) ? TypedResults.NoContent()
        : Problem.NotFound("You were assigned no such token.");

    private static async Task<IResult> ShowAsync(HttpContext http, ApplicationStore applications, string clientId, CancellationToken ct)
    {
        var administers = Administers(http);
        return await applications.FindAsync(http.Organization().NamespaceId, clientId, administers, ct) is { } application
            ? TypedResults.Json(View(application, administers), OAuthJson.Default.ApplicationView)
            : NoSuchApplication;
    }

    private static bool Administers(HttpContext http) => Permissions.Allows(http.Caller().Principal, http.Organization(), Permission.AdministerOrganization);

    private static Problem? Page(HttpContext http, out long after)
    {
        var known = http.Request.Query.TryNextPage(out after);
        return http.Request.Query.RefuseUnpublished() ?? (known ? null : QuayQuery.NoSuchPage);
    }

    private static string? Cut<T>(List<T> found, Func<T, long> number)
    {
        if (found.Count <= PageSize)
            return null;
        found.RemoveRange(PageSize, found.Count - PageSize);
        return QuayQuery.NextPage(number(found[^1]));
    }

    private static ApplicationView View(Application application, bool administers) => new(
        application.Details.Name, application.Details.Description, application.Details.Uri, application.ClientId, application.Secret,
        administers ? application.Details.RedirectUri : null, administers ? application.Details.AvatarEmail : null);

    private static TokenView View(OAuthToken token, string? secret) => new(token.Uuid, token.Name, token.Scope, Iso(token.ExpiresMs)!, Iso(token.CreatedMs)!, token.Person, Iso(token.LastUsedMs)) { Token = secret };

    private static AuthorizationView View(Authorization authorization) => new(View(authorization.Application, null), ScopeInformation.Of(authorization.Scopes), authorization.Uuid);

    private static AuthorizedApplication View(Application application, string? clientId) => new(
        application.Details.Name, clientId, application.Details.Description, application.Details.Uri, Avatar.Of(application.Details.Name, "app"),
        new ApplicationOrganization(application.Organization, Avatar.Of(application.Organization, "org")));

    // Quay writes these, and only these, so.
    private static string? Iso(long? unixMs) => unixMs is { } ms ? DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null;

    private static Problem NoSuchApplication => Problem.NotFound("There is no such application.");

    private static Problem NotAssigned => Problem.NotFound("Tokens are not assigned here (OAuth.AssignTokens).");

    private static Problem NoSuchAuthorization => Problem.NotFound("You have given no such authorization.");
}
