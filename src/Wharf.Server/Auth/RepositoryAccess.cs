using Wharf.Oci;

namespace Wharf.Server.Auth;

/// <summary>The permission engine's answer for one principal and one repository.</summary>
/// <param name="Name">The repository asked about.</param>
/// <param name="NamespaceId">Its namespace, or 0 when that does not exist.</param>
/// <param name="RepositoryId">The repository, or 0 when it does not exist.</param>
/// <param name="Role">What the principal may do with it; for one that does not exist, <see cref="RepositoryRole.Admin"/> to those who may create it.</param>
/// <param name="ReadOnly">Whether its state keeps everyone from pushing to it and deleting from it.</param>
internal sealed record RepositoryAccess(RepositoryName Name, long NamespaceId, long RepositoryId, RepositoryRole Role, bool ReadOnly = false)
{
    /// <summary>The account that granted the role, or 0 where it comes from no grant.</summary>
    public long GrantedBy { get; init; }

    public bool Exists => RepositoryId != 0;
}
