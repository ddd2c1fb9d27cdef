namespace Wharf.Server.Hosting;

/// <summary>The roles of this process.</summary>
internal sealed class Roles(IReadOnlyCollection<Role> roles)
{
    public bool Has(Role role) => roles.Count == 0 || roles.Contains(role);
}
