namespace Wharf.Server.Auth;

/// <summary>What an endpoint asks of its caller. Every endpoint declares one.</summary>
internal enum Permission
{
    /// <summary>Nothing: whoever can reach the endpoint may use it.</summary>
    Open,

    /// <summary>Nothing, but the answer depends on who asks: a credential that is sent must be right.</summary>
    Anyone,

    /// <summary>A valid credential; a token made for an anonymous caller counts where anonymous access is allowed.</summary>
    Authenticated,

    /// <summary>A person or a robot, known by name.</summary>
    SignedIn,

    /// <summary>A person: what concerns the own account (Quay's user:admin).</summary>
    Person,

    /// <summary>To list repositories: the answer holds what the caller may see.</summary>
    Catalog,

    /// <summary>To read the repository that the request names.</summary>
    Pull,

    /// <summary>To write to the repository that the request names, or to create it.</summary>
    Push,

    /// <summary>To delete from the repository that the request names. Whoever may push may delete, but a token may be for one of the two only.</summary>
    Delete,

    /// <summary>To read the settings of the repository that the request names: its admins, and global read-only superusers.</summary>
    Inspect,

    /// <summary>To administer the repository that the request names.</summary>
    Administer,

    /// <summary>To see the organization that the request names: its members, and superusers of either kind.</summary>
    SeeOrganization,

    /// <summary>To read the settings of the organization that the request names: its admins, and global read-only superusers.</summary>
    InspectOrganization,

    /// <summary>To administer the organization that the request names.</summary>
    AdministerOrganization,

    /// <summary>To read what superusers read: superusers, and global read-only ones.</summary>
    InspectRegistry,

    /// <summary>A superuser.</summary>
    Superuser,
}
