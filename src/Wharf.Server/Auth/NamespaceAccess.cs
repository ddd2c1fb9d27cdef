namespace Wharf.Server.Auth;

/// <summary>The permission engine's answer for one principal and one namespace.</summary>
/// <param name="NamespaceId">The namespace, or 0 when it does not exist.</param>
/// <param name="IsOrganization">Whether it is an organization, not a person's own.</param>
/// <param name="Role">What the principal is there by membership or ownership; superusers' rights come on top (<see cref="Permissions.Allows(Principal, NamespaceAccess, Permission)"/>).</param>
internal sealed record NamespaceAccess(string Name, long NamespaceId, bool IsOrganization, NamespaceRole Role)
{
    public bool Exists => NamespaceId != 0;
}
