using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

/// <summary>Tells each pull to those who asked to know (<see cref="PullListener"/>), before its answer begins.</summary>
internal sealed class Pulls(IEnumerable<PullListener> listeners)
{
    private readonly PullListener[] _listeners = [.. listeners];

    public async ValueTask ManifestAsync(Principal by, RepositoryAccess access, Digest digest, string? tag, string mediaType, CancellationToken ct)
    {
        foreach (var listener in _listeners)
            await listener.OnManifest(by, access, digest, tag, mediaType, ct);
    }

    public async ValueTask BlobAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        foreach (var listener in _listeners)
            await listener.OnBlob(by, access, digest, ct);
    }
}
