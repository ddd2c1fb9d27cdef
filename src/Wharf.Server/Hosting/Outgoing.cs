using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Wharf.Server.Hosting;

/// <summary>
/// The one way out: HTTP clients without proxy, cookies and redirects. Where the address comes from a user, the connection itself is
/// checked, after the name was resolved, so that no name leads to what only this server can reach (SSRF).
/// </summary>
internal static class Outgoing
{
    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(10);

    // RFC 6890 and what clouds have beside it: no host of the public Internet is there.
    private static readonly IPNetwork[] s_special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
            "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
        }.Select(static n => IPNetwork.Parse(n)),
    ];

    /// <summary>A client for an address that the settings give.</summary>
    /// <param name="authority">A PEM file with the authorities to trust in place of the system's.</param>
    public static HttpClient Trusted(string? authority, TimeSpan timeout) => Create(timeout, TlsOf(authority, null), null);

    /// <summary>A client for an address that a user gave: it reaches public addresses, and those that are allowed.</summary>
    public static HttpClient Guarded(IReadOnlyList<IPNetwork> allowed, TimeSpan timeout) => Create(timeout, new SslClientAuthenticationOptions(), allowed);

    /// <summary>Whether an address is one of the public Internet, or allowed.</summary>
    public static bool MayReach(IPAddress address, IReadOnlyList<IPNetwork> allowed)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return allowed.Any(n => n.Contains(plain)) || !s_special.Any(n => n.Contains(plain));
    }

    /// <summary>How to check a server: by the system's authorities, or by those of a file alone.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It holds no certificates.</exception>
    public static SslClientAuthenticationOptions TlsOf(string? authority, string? host)
    {
        var tls = new SslClientAuthenticationOptions { TargetHost = host };
        if (authority is null)
            return tls;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(authority);
        tls.CertificateChainPolicy = policy;
        return tls;
    }

    private static HttpClient Create(TimeSpan timeout, SslClientAuthenticationOptions tls, IReadOnlyList<IPNetwork>? allowed)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = s_connect,
            SslOptions = tls,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseHeadersLength = 64,
        };
        if (allowed is not null)
            handler.ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, allowed, ct);
        return new HttpClient(handler) { Timeout = timeout, MaxResponseContentBufferSize = 4 << 20 };
    }

    private static async ValueTask<Stream> ConnectAsync(DnsEndPoint to, IReadOnlyList<IPNetwork> allowed, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(to.Host, ct);
        // One forbidden address among several is reason enough: a name that leads to both is an attack.
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, a => MayReach(a, allowed)))
            throw new HttpRequestException($"{to.Host} is not a host of the public Internet.");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, to.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
