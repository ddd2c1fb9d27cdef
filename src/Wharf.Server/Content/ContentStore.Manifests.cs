using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>
    /// Stores a manifest, links it to the repository (made when it does not exist) and moves the tags to it, all or nothing.
    /// Every blob it names must be linked to this repository, with the size that the descriptor tells.
    /// </summary>
    public async Task<Refusal?> PutManifestAsync(Principal by, RepositoryAccess access, Manifest manifest, Digest digest, IReadOnlyList<string> tags, CancellationToken ct)
    {
        // Most pushes of a known manifest only move a tag. What it names cannot have gone: a blob that a linked manifest names stays.
        var known = access.Exists && _manifests.TryGet((access.RepositoryId, digest), out var served) && served.MediaType == manifest.MediaType;
        var blobs = manifest.RequiredBlobs.DistinctBy(static b => b.Digest).OrderBy(static b => b.Digest).ToList();
        var children = manifest.Children.DistinctBy(static c => c.Digest).OrderBy(static c => c.Digest).ToList();
        // A refusal leaves nothing behind, not even an empty repository.
        if (!known && await CheckAsync(access, blobs, children, ct) is { } missing)
            return missing;
        if (await repositories.EnsureAsync(by, access, ct) is not { } to)
            return Refusal.NamespaceGone;

        var batch = new Batch<Refusal>();
        RequireRepository(batch, to);
        if (known)
            // Shared with other pushes, and not with a deletion, which then ends the tags that this one moves.
            batch.Require(ManifestGone, $"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForShare}",
                ("ns", to.NamespaceId), ("repo", to.RepositoryId), ("digest", digest.ToArray()));
        else
        {
            foreach (var blob in blobs)
                RequireBlob(batch, to, blob.Digest, RefusalKind.ReferencedBlobUnknown);
            if (!options.SparseIndexes)
                foreach (var child in children)
                    batch.Require(new Refusal(RefusalKind.ChildUnknown, child.Digest),
                        $"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForShare}",
                        ("ns", to.NamespaceId), ("repo", to.RepositoryId), ("digest", child.Digest.ToArray()));
            LinkManifest(batch, to, manifest, digest, blobs, children);
            batch.OnCommit(() => _manifests.Drop((to.RepositoryId, digest)));
        }
        foreach (var tag in tags.Order(StringComparer.Ordinal))
            MoveTag(batch, to, tag, digest, by);
        Events.Add(batch, "manifest.pushed", to.NamespaceId, to.RepositoryId, digest.ToArray(),
            JsonSerializer.Serialize(new PushPayload(by.AccountId, [.. tags.Take(32)], manifest.MediaType), PayloadJson.Default.PushPayload));
        var refusal = await RunAsync(batch, to, ct);
        if (refusal?.Kind == RefusalKind.ReferencedBlobUnknown)
            _blobs.Drop((to.RepositoryId, refusal.Digest));
        if (!ReferenceEquals(refusal, ManifestGone))
            return refusal;
        // Deleted by another replica since it was served here.
        _manifests.Drop((to.RepositoryId, digest));
        return await PutManifestAsync(by, access, manifest, digest, tags, ct);
    }

    // Reads that tell what is missing before anything is written; the batch looks again.
    private async ValueTask<Refusal?> CheckAsync(RepositoryAccess access, List<Descriptor> blobs, List<Descriptor> children, CancellationToken ct)
    {
        foreach (var blob in blobs)
            if (!access.Exists || await FindBlobAsync(access, blob.Digest, ct) is not { } stored)
                return new Refusal(RefusalKind.ReferencedBlobUnknown, blob.Digest);
            else if (stored.Size != blob.Size)
                return new Refusal(RefusalKind.SizeMismatch, blob.Digest, $"The descriptor of {blob.Digest} says {blob.Size} bytes; the blob has {stored.Size}.");
        return !access.Exists && !options.SparseIndexes && children.Count > 0 ? new Refusal(RefusalKind.ChildUnknown, children[0].Digest) : null;
    }

    private static readonly Refusal ManifestGone = new(RefusalKind.ManifestUnknown);

    /// <summary>Takes a manifest out of the repository and ends every tag that names it.</summary>
    public Task<Refusal?> DeleteManifestAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
        var batch = new Batch<Refusal>();
        RequireRepository(batch, access);
        batch.Require(new Refusal(RefusalKind.ManifestUnknown, digest),
            "UPDATE manifest_link SET deleted_ms = now_ms() WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL", ns, repo, raw);
        batch.Add("""
            UPDATE tag SET ended_ms = CASE WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND ended_ms IS NULL
            """, ("by", by.AccountId), ns, repo, raw);
        Events.Add(batch, "manifest.deleted", access.NamespaceId, access.RepositoryId, digest.ToArray(), $$"""{"by":{{by.AccountId}}}""");
        batch.OnCommit(() => _manifests.Drop((access.RepositoryId, digest)));
        return RunAsync(batch, access, ct);
    }

    private static void LinkManifest(Batch<Refusal> batch, RepositoryAccess to, Manifest manifest, Digest digest, List<Descriptor> blobs, List<Descriptor> children)
    {
        var (ns, repo, raw, bytes) = (("ns", (object?)to.NamespaceId), ("repo", (object?)to.RepositoryId), digest.ToArray(), manifest.Bytes.ToArray());
        batch.Add("INSERT INTO manifest (digest, content) VALUES (@digest, @content) ON CONFLICT (digest) DO NOTHING", ("digest", raw), ("content", bytes));
        batch.Add("""
            INSERT INTO manifest_link (namespace_id, repository_id, digest, media_type, subject, artifact_type, descriptor, linked_ms, origin)
            VALUES (@ns, @repo, @digest, @type, @subject, @artifact, @descriptor, now_ms(), 'pushed')
            ON CONFLICT (namespace_id, repository_id, digest) DO UPDATE SET
                media_type = excluded.media_type, artifact_type = excluded.artifact_type, descriptor = excluded.descriptor,
                linked_ms = CASE WHEN manifest_link.deleted_ms IS NULL THEN manifest_link.linked_ms ELSE excluded.linked_ms END, deleted_ms = NULL
            """, ns, repo, ("digest", raw), ("type", manifest.MediaType), ("subject", manifest.Subject?.Digest.ToArray()),
            ("artifact", manifest.ArtifactType), ("descriptor", manifest.Subject is null ? null : manifest.ReferrerDescriptor(digest, bytes.Length)));
        foreach (var (descriptor, kind) in blobs.Select(static b => (b, "blob")).Concat(children.Select(static c => (c, "child"))))
            batch.Add("""
                INSERT INTO manifest_ref (namespace_id, repository_id, manifest, digest, size, kind) VALUES (@ns, @repo, @manifest, @digest, @size, @kind)
                ON CONFLICT (namespace_id, repository_id, manifest, digest) DO NOTHING
                """, ns, repo, ("manifest", raw), ("digest", descriptor.Digest.ToArray()), ("size", descriptor.Size), ("kind", kind));
    }
}
