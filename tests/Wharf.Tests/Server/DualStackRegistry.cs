namespace Wharf.Tests.Server;

/// <summary>A registry that listens on one port of all IPv4 and IPv6 addresses; <see cref="Registry.Url"/> is that of 127.0.0.1.</summary>
public sealed class DualStackRegistry : Registry
{
    protected override IReadOnlyList<string> Arguments => ["--listen", "http://[::]:0"];
}
