using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Wharf.Server.Hosting.Network;

/// <summary>Tells Kestrel where to listen: the main addresses, the management address, and the socket for commands.</summary>
internal sealed class Listeners(ServerOptions options, Certificates certificates, ProxyProtocol proxy, Admin.AdminSocket admin)
{
    private static readonly string[] s_default = ["http://127.0.0.1:8080"];
    private readonly List<(ListenAddress Address, ListenOptions Bound)> _main = [];

    public bool HasManagement => options.ManagementListen is not null;

    public IEnumerable<ListenAddress> Main => (options.Listen.Count > 0 ? options.Listen : [.. s_default]).Select(l => ListenAddress.Parse(l)!);

    public bool UseTls => Main.Any(l => l.Https) || (options.ManagementListen is { } m && ListenAddress.Parse(m)!.Https);

    /// <summary>The address of the first main listener, with the port that it really has. Only after the start.</summary>
    public string ReadyUrl => _main[0].Address.Url(_main[0].Bound.IPEndPoint!.Port);

    public void Configure(KestrelServerOptions kestrel)
    {
        foreach (var address in Main) Listen(kestrel, address, Listener.Main);
        if (options.ManagementListen is { } management) Listen(kestrel, ListenAddress.Parse(management)!, Listener.Management);
        kestrel.ListenUnixSocket(admin.BindPath(), socket => Tag(socket, Listener.Admin));
    }

    private void Listen(KestrelServerOptions kestrel, ListenAddress address, Listener listener)
    {
        foreach (var ip in address.Addresses)
        {
            kestrel.Listen(new IPEndPoint(ip, address.Port), bound =>
            {
                Tag(bound, listener);
                if (listener == Listener.Main)
                {
                    _main.Add((address, bound));
                    if (options.ProxyProtocol) bound.Use(proxy.Wrap);
                }

                if (address.Https) bound.UseHttps(certificates.Handshake);
            });
        }
    }

    private static void Tag(ListenOptions bound, Listener listener) => bound.Use(next => connection =>
    {
        connection.Features.Set(listener);
        return next(connection);
    });
}
