namespace Wharf.Server.Auth;

/// <summary>What a principal may do with a repository; each role includes the ones before it (Quay's read, write, admin).</summary>
internal enum RepositoryRole
{
    None,
    Read,
    Write,
    Admin,
}
