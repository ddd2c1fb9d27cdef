using System.Net;

namespace Wharf.Server.Hosting.Network;

/// <summary>
/// The address that a client knows this server by: for the token realm and service, and for absolute links; all else is relative.
/// <list type="number">
/// <item>A request for one of <c>Server.HostNames</c> gets that host back, with the scheme that it came with.</item>
/// <item>Else <c>Server.PublicUrl</c>, when set, whatever the request says.</item>
/// <item>Else, with nothing configured, the scheme and host that the request came with: only its sender sees the answer.</item>
/// </list>
/// With PublicUrl or HostNames set, a request for any other host is misdirected (421 on /v2, /api and /oauth): only those hosts, loopback
/// names and the address that the connection came to are ours, so a forged Host header gets nowhere.
/// </summary>
internal sealed class PublicAddress(ServerOptions options)
{
    private readonly HostString? _public = options.PublicUrl is { } url ? new HostString(url.Authority) : null;
    private readonly HostString[] _names = [.. options.HostNames.Select(n => new HostString(n))];

    private bool Configured => _public is not null || _names.Length > 0;

    /// <summary>Scheme and authority without a slash at the end, such as <c>https://registry.example.com</c>.</summary>
    public string BaseUrl(HttpContext http)
    {
        var asked = Asked(http);
        if (options.PublicUrl is { } url && !_names.Any(n => Same(n, asked))) return $"{url.Scheme}://{url.Authority}";
        return $"{(http.Request.Scheme == "https" ? "https" : "http")}://{asked.Value}";
    }

    /// <summary>The name that tokens are made for (their audience, the challenge's service): host, and port unless it is the scheme's own.</summary>
    public string Service(HttpContext http) => BaseUrl(http).Split("://", 2)[1];

    /// <summary>Whether a request for this host is for this server.</summary>
    public bool IsOurs(HttpContext http)
    {
        if (!Configured) return true;
        var asked = Asked(http);
        return (_public is { } own && Same(own, asked))
            || _names.Any(n => Same(n, asked))
            || asked.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(asked.Host.Trim('[', ']'), out var ip) && (IPAddress.IsLoopback(ip) || ip.Equals(Plain(http.Connection.LocalIpAddress))));
    }

    // HTTP/1.0 may come without a Host header.
    private static HostString Asked(HttpContext http) =>
        http.Request.Host.HasValue ? http.Request.Host
        : new HostString(http.Connection.LocalIpAddress?.ToString() ?? "localhost", http.Connection.LocalPort);

    // A configured name without a port stands for all ports: a published container port or a tunnel changes them.
    private static bool Same(HostString configured, HostString asked) =>
        configured.Host.Equals(asked.Host, StringComparison.OrdinalIgnoreCase) && (configured.Port is null || configured.Port == asked.Port);

    private static IPAddress? Plain(IPAddress? address) => address is { IsIPv4MappedToIPv6: true } ? address.MapToIPv4() : address;
}
