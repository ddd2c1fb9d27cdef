using Wharf.Oci;

namespace Wharf.Server.Auth;

/// <summary>The authenticated side of one request: the principal, how it proved itself, and what its token limits it to.</summary>
/// <param name="Principal">Who calls.</param>
/// <param name="Ceiling">The scopes of a registry token, which cap what the principal may do; null when there is no cap (Basic).</param>
/// <param name="Presented">Whether a credential was sent at all.</param>
internal sealed record Caller(Principal Principal, IReadOnlyList<TokenScope>? Ceiling, bool Presented)
{
    public static readonly Caller Anonymous = new(Principal.Anonymous, null, false);

    /// <summary>The session whose cookie was the credential, or null.</summary>
    public SessionState? Session { get; init; }

    /// <summary>A bearer token is answered with a challenge where a Basic credential is answered with DENIED.</summary>
    public bool UsedToken => Ceiling is not null;

    /// <summary>Whether the token's scopes leave this permission on this repository.</summary>
    public bool Covers(RepositoryName name, Permission permission)
    {
        if (Ceiling is null)
            return true;
        foreach (var scope in Ceiling)
            if (scope.Type == "repository" && scope.Name == name.ToString())
                foreach (var action in scope.Actions)
                    if (Allows(action, permission))
                        return true;
        return false;
    }

    public bool MayList => Ceiling is null || Ceiling.Any(s => s is { Type: "registry", Name: "catalog" } && s.Actions.Contains("*"));

    // A push looks for blobs and manifests before it sends them, so "push" reads too.
    private static bool Allows(string action, Permission permission) => action switch
    {
        "pull" => permission is Permission.Pull,
        "push" => permission is Permission.Pull or Permission.Push or Permission.Delete,
        "delete" => permission is Permission.Delete,
        "*" => true,
        _ => false,
    };
}
