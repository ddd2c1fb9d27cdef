using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>
    /// Stores a manifest, links it to the repository (made when it does not exist) and moves the tags to it, all or nothing.
    /// Every blob it names must be linked to this repository, with the size that the descriptor tells.
    /// </summary>
    public Task<Refusal?> PutManifestAsync(Principal by, RepositoryAccess access, Manifest manifest, Digest digest, IReadOnlyList<string> tags, CancellationToken ct)
    {
        var bytes = manifest.Bytes.ToArray();
        var blobs = manifest.RequiredBlobs.DistinctBy(static b => b.Digest).OrderBy(static b => b.Digest).ToList();
        var children = manifest.Children.DistinctBy(static c => c.Digest).OrderBy(static c => c.Digest).ToList();
        var payload = JsonSerializer.Serialize(new PushPayload(by.AccountId, [.. tags.Take(32)], manifest.MediaType), PayloadJson.Default.PushPayload);
        return db.WriteAsync(async tx =>
        {
            if (await repositories.EnsureAsync(tx, by, access) is not var (ns, repo))
                return new Refusal(RefusalKind.NamespaceGone);
            var known = await tx.OneAsync("""
                SELECT media_type FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL
                """, static r => r.GetString(0), ("ns", ns), ("repo", repo), ("digest", digest.ToArray()));
            if (known != manifest.MediaType)
            {
                if (await CheckReferencesAsync(tx, ns, repo, blobs, children) is { } refusal)
                    return refusal;
                await LinkManifestAsync(tx, ns, repo, manifest, digest, bytes, blobs, children);
                tx.OnCommit(() => _manifests.Drop((repo, digest)));
            }
            foreach (var tag in tags.Order(StringComparer.Ordinal))
                await MoveTagAsync(tx, ns, repo, tag, digest, by);
            await Events.AddAsync(tx, "manifest.pushed", ns, repo, digest.ToArray(), payload);
            return null;
        }, ct);
    }

    /// <summary>Takes a manifest out of the repository and ends every tag that names it.</summary>
    public Task<Refusal?> DeleteManifestAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var (ns, repo, raw) = (access.NamespaceId, access.RepositoryId, digest.ToArray());
        var found = await tx.ExecuteAsync("""
            UPDATE manifest_link SET deleted_ms = @now WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL
            """, ("now", tx.NowMs), ("ns", ns), ("repo", repo), ("digest", raw));
        if (found == 0)
            return new Refusal(RefusalKind.ManifestUnknown, digest);
        await tx.ExecuteAsync("""
            UPDATE tag SET ended_ms = CASE WHEN @now > started_ms THEN @now ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND ended_ms IS NULL
            """, ("now", tx.NowMs), ("by", by.AccountId), ("ns", ns), ("repo", repo), ("digest", raw));
        await Events.AddAsync(tx, "manifest.deleted", ns, repo, raw, $$"""{"by":{{by.AccountId}}}""");
        tx.OnCommit(() => _manifests.Drop((repo, digest)));
        return null;
    }, ct);

    private async ValueTask<Refusal?> CheckReferencesAsync(Tx tx, long ns, long repo, List<Descriptor> blobs, List<Descriptor> children)
    {
        foreach (var blob in blobs)
        {
            var row = await tx.OneAsync("""
                SELECT b.size, b.state FROM repository_blob l JOIN blob b ON b.digest = l.digest
                 WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND b.state <> 'deleting'
                """, static r => ((long Size, string State)?)(r.GetInt64(0), r.GetString(1)), ("ns", ns), ("repo", repo), ("digest", blob.Digest.ToArray()));
            if (row is not { } stored)
                return new Refusal(RefusalKind.BlobUnknown, blob.Digest);
            if (stored.Size != blob.Size)
                return new Refusal(RefusalKind.SizeMismatch, blob.Digest, $"The descriptor of {blob.Digest} says {blob.Size} bytes; the blob has {stored.Size}.");
            if (stored.State == "condemned")
                await tx.ExecuteAsync("UPDATE blob SET state = 'live', condemned_until_ms = NULL WHERE digest = @digest AND state = 'condemned'", ("digest", blob.Digest.ToArray()));
        }
        if (options.SparseIndexes)
            return null;
        foreach (var child in children)
        {
            var linked = await tx.OneAsync("""
                SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL
                """, static r => r.GetInt32(0), ("ns", ns), ("repo", repo), ("digest", child.Digest.ToArray()));
            if (linked == 0)
                return new Refusal(RefusalKind.ChildUnknown, child.Digest);
        }
        return null;
    }

    private static async ValueTask LinkManifestAsync(Tx tx, long ns, long repo, Manifest manifest, Digest digest, byte[] bytes, List<Descriptor> blobs, List<Descriptor> children)
    {
        var raw = digest.ToArray();
        await tx.ExecuteAsync("INSERT INTO manifest (digest, content) VALUES (@digest, @content) ON CONFLICT (digest) DO NOTHING", ("digest", raw), ("content", bytes));
        await tx.ExecuteAsync("""
            INSERT INTO manifest_link (namespace_id, repository_id, digest, media_type, subject, artifact_type, descriptor, linked_ms, origin)
            VALUES (@ns, @repo, @digest, @type, @subject, @artifact, @descriptor, @now, 'pushed')
            ON CONFLICT (namespace_id, repository_id, digest) DO UPDATE SET
                media_type = excluded.media_type, artifact_type = excluded.artifact_type, descriptor = excluded.descriptor, linked_ms = excluded.linked_ms, deleted_ms = NULL
            """, ("ns", ns), ("repo", repo), ("digest", raw), ("type", manifest.MediaType), ("subject", manifest.Subject?.Digest.ToArray()),
            ("artifact", manifest.ArtifactType), ("descriptor", manifest.Subject is null ? null : manifest.ReferrerDescriptor(digest, bytes.Length)), ("now", tx.NowMs));
        foreach (var (descriptor, kind) in blobs.Select(static b => (b, "blob")).Concat(children.Select(static c => (c, "child"))))
            await tx.ExecuteAsync("""
                INSERT INTO manifest_ref (namespace_id, repository_id, manifest, digest, size, kind) VALUES (@ns, @repo, @manifest, @digest, @size, @kind)
                ON CONFLICT (namespace_id, repository_id, manifest, digest) DO NOTHING
                """, ("ns", ns), ("repo", repo), ("manifest", raw), ("digest", descriptor.Digest.ToArray()), ("size", descriptor.Size), ("kind", kind));
    }
}
