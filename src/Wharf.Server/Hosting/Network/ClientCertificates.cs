namespace Wharf.Server.Hosting.Network;

internal enum ClientCertificates
{
    /// <summary>Not asked for.</summary>
    None,

    /// <summary>Asked for; a client may come without one, and not with one that is invalid.</summary>
    Allow,

    /// <summary>Without a valid one there is no connection.</summary>
    Require,
}
