using System.Net;

namespace Wharf.Server.Hosting.Network;

/// <summary>The networks of <c>Server.TrustedProxies</c>.</summary>
internal sealed class TrustedProxies(ServerOptions options)
{
    public bool Contain(EndPoint? peer) => peer is IPEndPoint ip && Contain(ip.Address);

    public bool Contain(IPAddress address)
    {
        // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d.
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return options.TrustedProxies.Any(network => network.Contains(plain));
    }
}
