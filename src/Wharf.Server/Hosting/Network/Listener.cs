namespace Wharf.Server.Hosting.Network;

/// <summary>The listener that a connection came in through; a feature of the connection.</summary>
internal sealed record Listener(ListenerKind Kind)
{
    public static readonly Listener Main = new(ListenerKind.Main);
    public static readonly Listener Management = new(ListenerKind.Management);
    public static readonly Listener Admin = new(ListenerKind.Admin);
}
