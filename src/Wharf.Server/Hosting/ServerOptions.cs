using System.ComponentModel.DataAnnotations;
using System.Net;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting;

/// <summary>The section <c>Server</c>: where the server listens and how it is reached. Options of the command line win over it.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    /// <summary>The data directory; <c>--data</c>. Relative paths start at the working directory.</summary>
    public string Data { get; set; } = "./wharf-data";

    /// <summary>Addresses such as <c>http://127.0.0.1:8080</c> or <c>https://*:8443</c>; <c>--listen</c>. Port 0 takes a free one.</summary>
    public List<string> Listen { get; set; } = [];

    /// <summary>When given, health, metrics and version are served here only; <c>--management-listen</c>.</summary>
    public string? ManagementListen { get; set; }

    /// <summary>What this process does; <c>--role</c>. Empty: everything.</summary>
    public List<Role> Roles { get; set; } = [];

    /// <summary>The address that clients use: token realm, audience and absolute links. See <see cref="PublicAddress"/>.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Further host names, with or without a port, under which clients may come.</summary>
    public List<string> HostNames { get; set; } = [];

    /// <summary>Networks whose X-Forwarded-For, -Proto and -Host, and whose PROXY headers, are believed.</summary>
    public List<IPNetwork> TrustedProxies { get; set; } = [];

    /// <summary>Whether every connection to a main listener begins with a PROXY header, version 1 or 2.</summary>
    public bool ProxyProtocol { get; set; }

    /// <summary>How long running transfers may take to finish after SIGTERM.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan ShutdownGrace { get; set; } = TimeSpan.FromSeconds(30);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (PublicUrl is { } url && (url.Scheme is not ("http" or "https") || url.PathAndQuery != "/" || url.Fragment.Length > 0 || url.UserInfo.Length > 0))
        {
            yield return new ValidationResult("must be http:// or https:// with a host and no path, such as https://registry.example.com", [nameof(PublicUrl)]);
        }

        if (HostNames.Any(name => name.Length == 0 || !new HostString(name).HasValue || name.Any(c => !char.IsAsciiLetterOrDigit(c) && !"-.:[]_".Contains(c, StringComparison.Ordinal))))
        {
            yield return new ValidationResult("must be host names such as registry.example.com or registry.internal:8443", [nameof(HostNames)]);
        }

        foreach (var listen in Listen.Where(l => ListenAddress.Parse(l) is null))
        {
            yield return new ValidationResult($"'{listen}' is not an address to listen on: {ListenAddress.Expected}", [nameof(Listen)]);
        }

        if (ManagementListen is { } management && ListenAddress.Parse(management) is null)
        {
            yield return new ValidationResult($"'{management}' is not an address to listen on: {ListenAddress.Expected}", [nameof(ManagementListen)]);
        }

        if (ProxyProtocol && TrustedProxies.Count == 0)
        {
            yield return new ValidationResult("needs Server.TrustedProxies: only those may send PROXY headers", [nameof(ProxyProtocol)]);
        }
    }
}
