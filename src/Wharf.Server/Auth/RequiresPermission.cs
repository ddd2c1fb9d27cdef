namespace Wharf.Server.Auth;

/// <summary>The declaration that the access middleware enforces and that a test demands of every endpoint.</summary>
internal sealed record RequiresPermission(Permission Permission);

internal static class RequiresPermissionExtensions
{
    public static TBuilder Requires<TBuilder>(this TBuilder endpoint, Permission permission) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new RequiresPermission(permission));
}
