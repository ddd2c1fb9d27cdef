namespace Wharf.Server.Auth;

/// <summary>The declaration that the access middleware enforces and that a test demands of every endpoint.</summary>
/// <param name="Fresh">A browser session must have shown the password within the last ten minutes (Quay's fresh login).</param>
/// <param name="ByReaders">Global read-only superusers may call it although it is no GET: it changes nothing but their own session.</param>
/// <param name="InPerson">Not with an app token or an OAuth token: it is about passwords, sessions and tokens themselves.</param>
/// <param name="Scope">The scopes that an OAuth token needs, where they are not those that go with the permission.</param>
internal sealed record RequiresPermission(Permission Permission, bool Fresh = false, bool ByReaders = false, bool InPerson = false, Scopes? Scope = null)
{
    /// <summary>
    /// The scopes that an OAuth token needs, all of them. Where anyone may ask (Anyone, and Pull of what is public) a token without them
    /// is not refused: it is told no more than anyone. To see an organization needs one that leaves a role in it, which the engine decides.
    /// </summary>
    public Scopes Needed => Scope ?? Permission switch
    {
        Permission.Open or Permission.Anyone or Permission.Authenticated or Permission.Catalog or Permission.SeeOrganization => Scopes.None,
        Permission.SignedIn => Scopes.UserRead,
        Permission.Person => Scopes.UserAdmin,
        Permission.Pull => Scopes.RepoRead,
        Permission.Push or Permission.Delete => Scopes.RepoWrite,
        Permission.Inspect or Permission.Administer => Scopes.RepoAdmin,
        Permission.InspectOrganization or Permission.AdministerOrganization => Scopes.OrgAdmin,
        Permission.InspectRegistry or Permission.Superuser => Scopes.SuperUser,
        _ => Scopes.All,
    };
}

internal static class RequiresPermissionExtensions
{
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, Permission permission, bool fresh = false, bool byReaders = false, bool inPerson = false, Scopes? scope = null)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new RequiresPermission(permission, fresh, byReaders, inPerson, scope));
}
