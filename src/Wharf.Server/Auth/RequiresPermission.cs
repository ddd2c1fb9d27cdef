namespace Wharf.Server.Auth;

/// <summary>The declaration that the access middleware enforces and that a test demands of every endpoint.</summary>
/// <param name="Fresh">A browser session must have shown the password within the last ten minutes (Quay's fresh login).</param>
/// <param name="ByReaders">Global read-only superusers may call it although it is no GET: it changes nothing but their own session.</param>
/// <param name="InPerson">Not with an app token: it is about passwords, sessions and tokens themselves.</param>
internal sealed record RequiresPermission(Permission Permission, bool Fresh = false, bool ByReaders = false, bool InPerson = false);

internal static class RequiresPermissionExtensions
{
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, Permission permission, bool fresh = false, bool byReaders = false, bool inPerson = false) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new RequiresPermission(permission, fresh, byReaders, inPerson));
}
