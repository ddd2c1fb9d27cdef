using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>What an image of the repository says of itself; null when the repository does not have it.</summary>
    public async ValueTask<Dictionary<string, string>?> FindImageLabelsAsync(RepositoryAccess access, Digest digest, CancellationToken ct) =>
        await FindManifestAsync(access, digest, ct) is { } found && Manifest.TryParse(found.Bytes, found.MediaType, out var manifest, out _)
            ? await ReadLabelsAsync(access, manifest, ct)
            : null;

    /// <summary>How long the image wants its tags to live, in milliseconds, or null. An index that does not say it wants what all its manifests do.</summary>
    private async ValueTask<long?> LifetimeAsync(RepositoryAccess access, Manifest manifest, List<Descriptor> children, CancellationToken ct)
    {
        var own = ImageLabels.LifetimeMs(await ReadLabelsAsync(access, manifest, ct));
        return own is not null || children.Count == 0 ? own : await db.OneAsync($"""
            SELECT CASE WHEN count(expires_after_ms) = @count AND min(expires_after_ms) = max(expires_after_ms) THEN min(expires_after_ms) END
              FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND deleted_ms IS NULL AND digest {db.AmongBytes("digests")}
            """, static r => r.IsDBNull(0) ? (long?)null : r.GetInt64(0), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("count", (long)children.Count), ("digests", children.Select(static c => c.Digest.ToArray()).ToArray()));
    }

    private async ValueTask<Dictionary<string, string>> ReadLabelsAsync(RepositoryAccess access, Manifest manifest, CancellationToken ct) =>
        await images.ReadAsync(manifest, ImageLabels.HasLabels(manifest) ? await FindBlobAsync(access, manifest.Config!.Digest, ct) : null, ct);
}
