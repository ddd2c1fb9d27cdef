namespace Wharf.Server.Hosting.Network;

internal enum ListenerKind
{
    /// <summary>Where clients come in: <c>--listen</c>.</summary>
    Main,

    /// <summary>Health, metrics and version: <c>--management-listen</c>.</summary>
    Management,

    /// <summary>The socket in the data directory, for whoever may read that directory.</summary>
    Admin,
}
