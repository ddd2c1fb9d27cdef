namespace Wharf.Server.Hosting.Network;

/// <summary>Endpoint metadata: served on this kind of listener only. Endpoints without it are served on the main listeners.</summary>
internal sealed record OnlyOn(ListenerKind Kind);
