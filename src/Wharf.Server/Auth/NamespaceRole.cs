namespace Wharf.Server.Auth;

/// <summary>What a principal is in a namespace; each role includes the ones before it. A person is the admin of the own namespace.</summary>
internal enum NamespaceRole
{
    None,

    /// <summary>In a team: sees the organization, and nothing of its repositories by that.</summary>
    Member,

    /// <summary>May make repositories, whose admin it becomes.</summary>
    Creator,

    /// <summary>May do everything in the namespace.</summary>
    Admin,
}
