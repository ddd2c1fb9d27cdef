namespace Wharf.Tests.Server;

/// <summary>A registry that listens on the IPv6 loopback address only.</summary>
public sealed class IPv6Registry : Registry
{
    protected override IReadOnlyList<string> Arguments => ["--listen", "http://[::1]:0"];
}
