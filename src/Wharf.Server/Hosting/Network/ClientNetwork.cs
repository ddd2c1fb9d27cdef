using System.Net;
using System.Net.Sockets;

namespace Wharf.Server.Hosting.Network;

/// <summary>What stands for a client that is known by its address only.</summary>
internal static class ClientNetwork
{
    /// <summary>The address; of an IPv6 one its /64, since whoever has one address has all of them.</summary>
    public static IPAddress Of(IPAddress? address)
    {
        if (address is null)
            return IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
