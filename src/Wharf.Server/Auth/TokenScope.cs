using Wharf.Oci;

namespace Wharf.Server.Auth;

/// <summary>One resource of a registry token: at most these actions on it (Docker token authentication, "access").</summary>
/// <param name="Type"><c>repository</c> or <c>registry</c>.</param>
/// <param name="Name">A repository name or <c>catalog</c>.</param>
/// <param name="Actions">Of <c>pull</c>, <c>push</c>, <c>delete</c> and <c>*</c>.</param>
internal sealed record TokenScope(string Type, string Name, IReadOnlyList<string> Actions)
{
    /// <summary>More scopes than any client asks for in one request.</summary>
    public const int MaxScopes = 64;

    private const int MaxLength = 4096;

    /// <summary>Parses <c>type:name:action[,action]</c>; the name may itself hold a colon (a host with a port).</summary>
    public static bool TryParse(string text, string? libraryNamespace, out TokenScope scope)
    {
        scope = null!;
        var first = text.IndexOf(':', StringComparison.Ordinal);
        var last = text.LastIndexOf(':');
        if (text.Length > MaxLength || first <= 0 || last <= first)
            return false;
        var type = text[..first];
        var name = text[(first + 1)..last];
        var actions = text[(last + 1)..].Split(',', StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToArray();
        if (actions.Length > 8)
            return false;
        switch (type)
        {
            case "repository":
                // Quay lets clients put the registry's host before the name.
                if (name.IndexOf('/', StringComparison.Ordinal) is var slash and > 0 && name.AsSpan(0, slash).ContainsAny(':', '.') && name.AsSpan(0, slash).Contains(':'))
                    name = name[(slash + 1)..];
                if (!RepositoryName.TryParse(name, libraryNamespace, out var repository))
                    return false;
                scope = new TokenScope(type, repository.ToString(), actions);
                return true;
            case "registry" when name == "catalog":
                scope = new TokenScope(type, name, actions);
                return true;
            default:
                return false;
        }
    }
}
