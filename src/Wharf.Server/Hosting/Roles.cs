namespace Wharf.Server.Hosting;

/// <summary>The roles of this process.</summary>
internal sealed class Roles(IReadOnlyCollection<Role> roles)
{
    public bool Has(Role role) => roles.Count == 0 || roles.Contains(role);
}

internal static class RolesExtensions
{
    /// <summary>Whether this process has a role; known before slices are registered.</summary>
    public static bool Has(this WebApplicationBuilder builder, Role role) => ((Roles)builder.Services.Last(static s => s.ServiceType == typeof(Roles)).ImplementationInstance!).Has(role);
}
