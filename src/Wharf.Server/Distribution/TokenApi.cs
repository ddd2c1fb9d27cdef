using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Limits;

namespace Wharf.Server.Distribution;

/// <summary>
/// The token endpoint: GET as in Docker's token authentication, POST as in its OAuth2 form (grant_type=password). What is not
/// allowed is left out of the token and is no error (as in Quay); a wrong credential is one.
/// </summary>
internal static class TokenApi
{
    public const string Service = "wharf";

    public static void Map(WebApplication app)
    {
        // Open: the credential is read here, because POST carries it in the form.
        app.MapGet("/v2/auth", Get).Requires(Permission.Open).Limited(LimitClass.Tokens, byHandler: true).WithName("getRegistryToken")
            .Describe("Gives a token for the registry; a credential goes in the Authorization header.").Query("service", "Whom the token is for: wharf.")
            .Query("scope", "What it is to allow, such as repository:namespace/name:pull,push; may come several times.").Gives(DistributionJson.Default.TokenAnswer);
        app.MapPost("/v2/auth", Post).Requires(Permission.Open).Limited(LimitClass.Tokens, byHandler: true).WithName("createRegistryToken")
            .Describe("Gives a token for the registry; a credential goes in the form.").Takes("application/x-www-form-urlencoded")
            .Gives(DistributionJson.Default.TokenAnswer);
    }

    private static async Task<IResult> Get(HttpContext http, Authenticator authenticator, TokenIssuer issuer, RequestLimits limits, CancellationToken ct)
    {
        var scopes = http.Request.Query["scope"];
        if (!issuer.TryParse(scopes, out var wanted, out var error))
            return error;
        var result = await authenticator.AuthenticateAsync(http, ct);
        if (http.Request.Headers.Authorization.Count > 0 && result.Caller is not { UsedToken: true })
            http.Features.Set(new SignInAttempt("v2auth", null, result.Caller?.Principal));
        if (limits.Check(http, result.Caller?.Principal) is { } limited)
            return limited;
        if (result.Caller is not { } caller)
            return TokenIssuer.Refuse(http, result);
        // A token begets no token: its life would have no end.
        if (caller.UsedToken)
            return TokenIssuer.Refuse(http, AuthResult.Invalid("Ask for a token with a user name and password."));
        if (caller.Principal.IsAnonymous && (!issuer.AnonymousAccess || wanted.Count == 0))
            return TokenIssuer.Refuse(http, AuthResult.Invalid("Sign in first."));
        return await issuer.IssueAsync(caller.Principal, wanted, showScope: false, ct);
    }

    private static async Task<IResult> Post(HttpContext http, Authenticator authenticator, TokenIssuer issuer, RequestLimits limits, CancellationToken ct)
    {
        if (!http.Request.HasFormContentType)
            return OciError.Invalid("Send the form fields grant_type, service, client_id, scope, username and password (application/x-www-form-urlencoded).");
        IFormCollection form;
        try
        {
            form = await http.Request.ReadFormAsync(ct);
        }
        catch (InvalidDataException)
        {
            return OciError.Invalid("The form is malformed or too large.");
        }
        if (form["grant_type"] != "password")
            return new OciError(400, "UNSUPPORTED", "The grant type is 'password'. For other credentials use GET with an Authorization header.");
        if (!issuer.TryParse(form["scope"], out var wanted, out var error))
            return error;
        var result = await authenticator.BasicAsync(form["username"].ToString(), form["password"].ToString(), http.Connection.RemoteIpAddress, ct);
        http.Features.Set(new SignInAttempt("v2auth", form["username"].ToString(), result.Caller?.Principal));
        if (limits.Check(http, result.Caller?.Principal) is { } limited)
            return limited;
        return result.Caller is { } caller ? await issuer.IssueAsync(caller.Principal, wanted, showScope: true, ct) : TokenIssuer.Refuse(http, result);
    }
}
