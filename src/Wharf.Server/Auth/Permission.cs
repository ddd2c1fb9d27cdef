namespace Wharf.Server.Auth;

/// <summary>What an endpoint asks of its caller. Every endpoint declares one.</summary>
internal enum Permission
{
    /// <summary>Nothing: whoever can reach the endpoint may use it.</summary>
    Open,

    /// <summary>A valid credential; a token made for an anonymous caller counts where anonymous access is allowed.</summary>
    Authenticated,

    /// <summary>A person (or, later, a robot) who is known by name.</summary>
    SignedIn,

    /// <summary>To list repositories: the answer holds what the caller may see.</summary>
    Catalog,

    /// <summary>To read the repository that the request names.</summary>
    Pull,

    /// <summary>To write to the repository that the request names, or to create it.</summary>
    Push,

    /// <summary>To delete from the repository that the request names. Whoever may push may delete, but a token may be for one of the two only.</summary>
    Delete,

    /// <summary>To administer the repository that the request names.</summary>
    Administer,

    /// <summary>A superuser.</summary>
    Superuser,
}
