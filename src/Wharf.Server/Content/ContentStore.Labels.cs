using Wharf.Oci;
using Wharf.Server.Auth;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>What an image of the repository says of itself; null when the repository does not have it.</summary>
    public async ValueTask<Dictionary<string, string>?> FindImageLabelsAsync(RepositoryAccess access, Digest digest, CancellationToken ct) =>
        await FindManifestAsync(access, digest, ct) is { } found && Manifest.TryParse(found.Bytes, found.MediaType, out var manifest, out _)
            ? (await ReadFactsAsync(access, manifest, ct)).Labels
            : null;

    /// <summary>What the image says. An index that does not say what it wants of its tags wants what all its manifests do.</summary>
    private async ValueTask<Said> SaidByAsync(RepositoryAccess access, Manifest manifest, List<Descriptor> children, CancellationToken ct)
    {
        var (labels, platform) = await ReadFactsAsync(access, manifest, ct);
        var (lifetime, immutable) = (ImageFacts.LifetimeMs(labels), ImageFacts.IsImmutable(labels));
        if (children.Count == 0 || (lifetime is not null && immutable is not null))
            return new Said(lifetime, immutable == true, platform);
        return await db.OneAsync($"""
            SELECT CASE WHEN count(expires_after_ms) = @count AND min(expires_after_ms) = max(expires_after_ms) THEN min(expires_after_ms) END,
                   CASE WHEN count(*) = @count THEN min(immutable) END
              FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND deleted_ms IS NULL AND digest {db.AmongBytes("digests")}
            """, r => new Said(lifetime ?? (r.IsDBNull(0) ? null : r.GetInt64(0)), immutable ?? (!r.IsDBNull(1) && r.GetInt64(1) == 1), platform), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("count", (long)children.Count), ("digests", children.Select(static c => c.Digest.ToArray()).ToArray()));
    }

    /// <param name="LifetimeMs">How long its tags are to live, in milliseconds; null: as long as nobody ends them.</param>
    /// <param name="Immutable">Whether its tags cannot be changed.</param>
    /// <param name="Platform">What it is for; null where that is not one thing, or not said.</param>
    private readonly record struct Said(long? LifetimeMs, bool Immutable, string? Platform);

    private async ValueTask<ImageFacts> ReadFactsAsync(RepositoryAccess access, Manifest manifest, CancellationToken ct) =>
        await ImageFacts.ReadAsync(manifest, ImageFacts.HasConfig(manifest) ? await FindBlobAsync(access, manifest.Config!.Digest, ct) : null, ct);
}
