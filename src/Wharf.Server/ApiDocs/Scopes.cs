using Wharf.Server.Auth;

namespace Wharf.Server.ApiDocs;

/// <summary>Quay's OAuth scopes, as the documents of the API name them.</summary>
internal static class Scopes
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

    /// <summary>The scope that a token needs for the operation, or null when it is for everyone or there is no such thing.</summary>
    public static string? Of(ApiOperation operation) => operation.IsRegistry || operation.Requires.InPerson ? null : operation.Requires.Permission switch
    {
        Permission.Pull => "repo:read",
        Permission.Push or Permission.Delete => "repo:write",
        Permission.Inspect or Permission.Administer => "repo:admin",
        Permission.Person => operation.Method == "GET" ? "user:read" : "user:admin",
        Permission.SeeOrganization or Permission.InspectOrganization or Permission.AdministerOrganization => "org:admin",
        Permission.InspectRegistry or Permission.Superuser => "super:user",
        _ => null,
    };
}
