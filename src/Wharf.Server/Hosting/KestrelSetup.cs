using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Wharf.Server.Hosting.Network;

namespace Wharf.Server.Hosting;

/// <summary>Bounds what a connection may cost before a slice sees it. Upload endpoints lift the body limit for themselves.</summary>
internal sealed class KestrelSetup(Listeners listeners) : IConfigureOptions<KestrelServerOptions>
{
    // The OCI spec lets a registry refuse manifests over 4 MiB (distribution-spec, pushing manifests); the bytes above it are for the request around.
    private const long MaxBody = (4 << 20) + (64 << 10);

    public void Configure(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        var limits = options.Limits;
        limits.MaxRequestBodySize = MaxBody;
        limits.MaxRequestLineSize = 16 << 10; // docker asks for a token with one scope for each repository
        limits.MaxRequestHeadersTotalSize = 32 << 10;
        limits.MaxRequestHeaderCount = 100;
        limits.MaxConcurrentConnections = MostConnections();
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(20);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);
        // docker push compresses while it sends: pauses of many seconds are honest, bytes that drip for hours are not.
        limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(60));
        limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(30));
        listeners.Configure(options);
    }

    // A connection may hold a file beside its socket, and some descriptors are kept for the rest: the runtime needs one to start a
    // thread, and ends the process when it gets none.
    private static long? MostConnections()
    {
        const long Kept = 128;
        const string Limit = "Max open files";
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(static l => l.StartsWith(Limit, StringComparison.Ordinal));
        return long.TryParse(line?[Limit.Length..].Split(' ', 2, StringSplitOptions.RemoveEmptyEntries)[0], out var most) ? Math.Max(16, (most - Kept) / 2) : null;
    }
}
