using Wharf.Oci;

namespace Wharf.Server.Auth;

/// <summary>The authenticated side of one request: the principal, how it proved itself, and what its token limits it to.</summary>
/// <param name="Principal">Who calls.</param>
/// <param name="Ceiling">The scopes of a registry token, which cap what the principal may do; null when there is no cap (Basic).</param>
/// <param name="Presented">Whether a credential was sent at all.</param>
internal sealed record Caller(Principal Principal, IReadOnlyList<TokenScope>? Ceiling, bool Presented)
{
    public static readonly Caller Anonymous = new(Principal.Anonymous, null, false);

    /// <summary>A bearer token is answered with a challenge where a Basic credential is answered with DENIED.</summary>
    public bool UsedToken => Ceiling is not null;

    /// <summary>The highest role that the token's scopes leave for this repository.</summary>
    public RepositoryRole CeilingFor(RepositoryName name)
    {
        if (Ceiling is null)
            return RepositoryRole.Admin;
        var role = RepositoryRole.None;
        foreach (var scope in Ceiling)
        {
            if (scope.Type != "repository" || scope.Name != name.ToString())
                continue;
            foreach (var action in scope.Actions)
            {
                var allows = action switch
                {
                    "pull" => RepositoryRole.Read,
                    "push" or "delete" => RepositoryRole.Write,
                    "*" => RepositoryRole.Admin,
                    _ => RepositoryRole.None,
                };
                if (allows > role)
                    role = allows;
            }
        }
        return role;
    }

    public bool MayList => Ceiling is null || Ceiling.Any(s => s is { Type: "registry", Name: "catalog" } && s.Actions.Contains("*"));
}
