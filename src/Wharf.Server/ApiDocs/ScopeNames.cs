using Wharf.Server.Auth;

namespace Wharf.Server.ApiDocs;

/// <summary>Quay's OAuth scopes, as the documents of the API name them.</summary>
internal static class ScopeNames
{
    public static readonly IReadOnlyList<(string Name, string Meaning)> All =
    [
        ("repo:read", "Pull from repositories and see them."),
        ("repo:write", "Push to repositories."),
        ("repo:admin", "Administer repositories."),
        ("repo:create", "Make repositories."),
        ("user:read", "See the account."),
        ("user:admin", "Change the account."),
        ("org:admin", "Administer organizations."),
        ("super:user", "Do what superusers may."),
    ];

    /// <summary>The scopes that a token needs for the operation, all of them; none where it is for everyone or there is no such thing.</summary>
    public static string[] Of(ApiOperation operation) =>
        operation.IsRegistry || operation.Requires.InPerson ? [] : [.. ScopeText.Names(operation.Requires.Needed)];
}
