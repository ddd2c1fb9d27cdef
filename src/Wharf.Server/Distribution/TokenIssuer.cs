using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Repositories;

namespace Wharf.Server.Distribution;

/// <summary>Scopes in, token out: what the permission engine grants of what was asked.</summary>
internal sealed class TokenIssuer(RegistryTokens tokens, Permissions permissions, RegistryOptions registry, AuthOptions auth)
{
    private static readonly (string Action, RepositoryRole Needs)[] Actions =
        [("pull", RepositoryRole.Read), ("push", RepositoryRole.Write), ("delete", RepositoryRole.Write), ("*", RepositoryRole.Admin)];

    public bool AnonymousAccess => auth.AnonymousAccess;

    public bool TryParse(IReadOnlyList<string?> parameters, out List<TokenScope> scopes, out OciError error)
    {
        scopes = [];
        error = null!;
        foreach (var text in parameters.SelectMany(static p => (p ?? "").Split(' ', TokenScope.MaxScopes + 2, StringSplitOptions.RemoveEmptyEntries)))
        {
            if (scopes.Count == TokenScope.MaxScopes)
                error = OciError.Invalid($"At most {TokenScope.MaxScopes} scopes fit into one token.");
            else if (!TokenScope.TryParse(text, registry.LibraryNamespace, out var scope))
                error = OciError.Invalid("A scope is 'repository:<name>:<pull|push|delete|*>[,...]' or 'registry:catalog:*'.");
            else
                scopes.Add(scope);
            if (error is not null)
                return false;
        }
        return true;
    }

    public async Task<IResult> IssueAsync(Principal principal, List<TokenScope> wanted, bool showScope, CancellationToken ct)
    {
        var granted = new List<TokenScope>();
        foreach (var scope in wanted)
        {
            if (scope.Type == "registry")
            {
                granted.Add(scope with { Actions = [.. scope.Actions.Where(static a => a == "*")] });
                continue;
            }
            RepositoryName.TryParse(scope.Name, null, out var name);
            var needed = Actions.Where(a => scope.Actions.Contains(a.Action)).Select(static a => a.Needs).DefaultIfEmpty().Max();
            var access = await permissions.DecideAsync(principal, name!, needed, ct);
            var most = access.ReadOnly && access.Role > RepositoryRole.Read ? RepositoryRole.Read : access.Role;
            granted.Add(scope with { Actions = [.. Actions.Where(a => most >= a.Needs && scope.Actions.Contains(a.Action)).Select(static a => a.Action)] });
        }
        var (token, issuedMs) = await tokens.MintAsync(principal, granted, ct);
        if (token.Length > RegistryTokens.MaxLength)
            return OciError.Invalid("The scopes are too long for one token; ask for fewer at a time.");
        var shown = showScope ? string.Join(' ', granted.Where(static s => s.Actions.Count > 0).Select(static s => $"{s.Type}:{s.Name}:{string.Join(',', s.Actions)}")) : null;
        return TypedResults.Json(new TokenAnswer(token, token, tokens.LifetimeSeconds,
            DateTimeOffset.FromUnixTimeMilliseconds(issuedMs).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture), shown), DistributionJson.Default.TokenAnswer);
    }

    public static IResult Refuse(HttpContext http, AuthResult result)
    {
        if (result.RetryAfterSeconds > 0)
            return OciError.TooManyRequests(result.Problem!, result.RetryAfterSeconds);
        http.Response.Headers.WWWAuthenticate = "Basic realm=\"wharf\", charset=\"UTF-8\"";
        return OciError.Unauthorized(result.Problem!);
    }
}
