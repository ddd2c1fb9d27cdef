using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Wharf.Server.Hosting.Network;

/// <summary>
/// An address to listen on, as in <c>--listen</c>: scheme, IP address or <c>*</c> or <c>localhost</c> (Host, as written without
/// brackets), port. Addresses is what to bind; IPv6 Any takes IPv4 as well.
/// </summary>
internal sealed record ListenAddress(bool Https, string Host, IReadOnlyList<IPAddress> Addresses, int Port)
{
    public const string Expected = "give http:// or https://, an IP address (or localhost, or * for all), and a port, such as http://127.0.0.1:8080, https://*:8443 or http://[::]:8080";

    /// <summary>Whether it stands for every address of the machine.</summary>
    public bool Any => Addresses.Any(a => a.Equals(IPAddress.Any) || a.Equals(IPAddress.IPv6Any));

    public static ListenAddress? Parse(string text)
    {
        var https = text.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (!https && !text.StartsWith("http://", StringComparison.OrdinalIgnoreCase)) return null;

        var authority = text[(text.IndexOf("://", StringComparison.Ordinal) + 3)..];
        if (authority.EndsWith('/')) authority = authority[..^1];
        var colon = authority.LastIndexOf(':');
        if (colon < authority.LastIndexOf(']')) colon = -1;

        var port = https ? 443 : 80;
        if (colon >= 0 && !(int.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) && port <= 65535)) return null;

        var host = colon >= 0 ? authority[..colon] : authority;
        var bracketed = host.StartsWith('[') && host.EndsWith(']');
        if (bracketed) host = host[1..^1];
        var addresses = Resolve(host, bracketed, port);
        return addresses is null ? null : new ListenAddress(https, host, addresses, port);
    }

    /// <summary>The address with the port that was really taken, as a client on this machine would type it.</summary>
    public string Url(int port)
    {
        var host = Any ? "localhost" : Addresses[0].AddressFamily == AddressFamily.InterNetworkV6 && Host != "localhost" ? $"[{Host}]" : Host;
        return string.Create(CultureInfo.InvariantCulture, $"{(Https ? "https" : "http")}://{host}:{port}");
    }

    private static IPAddress[]? Resolve(string host, bool bracketed, int port)
    {
        if (host is "*" or "+") return [Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any];
        // A free port of one family need not be free in the other.
        if (host == "localhost") return port == 0 || !Socket.OSSupportsIPv6 ? [IPAddress.Loopback] : [IPAddress.Loopback, IPAddress.IPv6Loopback];
        if (!IPAddress.TryParse(host, out var address)) return null;
        // 127.1 and 0x7f000001 parse as well; only what reads as an address is taken.
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        return v6 == bracketed && (v6 || address.ToString() == host) ? [address] : null;
    }
}
