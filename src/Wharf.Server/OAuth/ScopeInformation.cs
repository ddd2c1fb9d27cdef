using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>A scope as people are asked about it.</summary>
/// <param name="Icon">The name by which Quay's pages draw it.</param>
/// <param name="Dangerous">Whether an application that has it can take the account or what it administers away.</param>
internal sealed record ScopeInformation(string Title, string Scope, string Description, string Icon, bool Dangerous)
{
    private static readonly (Scopes Scope, ScopeInformation About)[] s_all =
    [
        (Scopes.RepoRead, new("View repositories", "repo:read", "See and pull every repository that you can see.", "fa-hdd-o", false)),
        (Scopes.RepoWrite, new("Push to repositories", "repo:write", "See, pull and push to every repository to which you can push.", "fa-hdd-o", false)),
        (Scopes.RepoAdmin, new("Administer repositories", "repo:admin", "Do everything with every repository that you administer, deleting it included.", "fa-hdd-o", false)),
        (Scopes.RepoCreate, new("Create repositories", "repo:create", "Create repositories wherever you can.", "fa-plus", false)),
        (Scopes.UserRead, new("Read your account", "user:read", "See your user name, your e-mail address and your organizations.", "fa-user", false)),
        (Scopes.UserAdmin, new("Administer your account", "user:admin", "Change your account, create robots of yours and give them access to your repositories. Allow this only to what you trust completely.", "fa-gear", true)),
        (Scopes.OrgAdmin, new("Administer your organizations", "org:admin", "Change your organizations, their teams, members and robots. Allow this only to what you trust completely.", "fa-gear", true)),
        (Scopes.SuperUser, new("Administer this registry", "super:user", "Do everything that you can do as a superuser. Allow this only to what you trust completely.", "fa-street-view", true)),
    ];

    public static IReadOnlyList<ScopeInformation> Of(Scopes scopes) => [.. s_all.Where(s => scopes.HasFlag(s.Scope)).Select(static s => s.About)];
}
