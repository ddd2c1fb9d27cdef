using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>
    /// Makes a blob visible in a repository (made when it does not exist), once its bytes are durable under <paramref name="storageKey"/>.
    /// When the same content is here already, the new bytes become garbage.
    /// </summary>
    /// <param name="uploadId">The upload that this ends, or null; the commit fails with <see cref="UploadLost"/> when another request claimed it.</param>
    public Task<Refusal?> CommitBlobAsync(Principal by, RepositoryAccess access, Digest digest, long size, string storageKey, string? uploadId, long generation, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (uploadId is not null && await tx.ExecuteAsync("DELETE FROM upload WHERE id = @id AND generation = @generation", ("id", uploadId), ("generation", generation)) == 0)
            throw new UploadLost();
        if (await repositories.EnsureAsync(tx, by, access) is not var (ns, repo))
            return new Refusal(RefusalKind.NamespaceGone);
        var raw = digest.ToArray();
        var state = await tx.OneAsync("SELECT state FROM blob WHERE digest = @digest", static r => r.GetString(0), ("digest", raw));
        if (state is null)
            await tx.ExecuteAsync("INSERT INTO blob (digest, size, state) VALUES (@digest, @size, 'live')", ("digest", raw), ("size", size));
        else if (state != "live")
            await tx.ExecuteAsync("UPDATE blob SET state = 'live', condemned_until_ms = NULL WHERE digest = @digest", ("digest", raw));
        var present = state is null or "deleting" ? null : await tx.OneAsync(
            "SELECT storage_key FROM blob_placement WHERE digest = @digest AND location = @location AND state = 'present'", static r => r.GetString(0), ("digest", raw), ("location", Location));
        if (present is null)
            // Over a blob that is being deleted this names the new bytes, so that the late delete takes only what no row names.
            await tx.ExecuteAsync("""
                INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, @location, @key, 'present')
                ON CONFLICT (digest, location) DO UPDATE SET storage_key = excluded.storage_key, state = 'present'
                """, ("digest", raw), ("location", Location), ("key", storageKey));
        else
            await DiscardAsync(tx, storageKey);
        await LinkBlobAsync(tx, ns, repo, digest, "pushed");
        return null;
    }, ct);

    /// <summary>Links a blob of another repository into this one. The caller has made sure that the principal may read the other.</summary>
    public Task<Refusal?> MountAsync(Principal by, RepositoryAccess from, RepositoryAccess to, Digest digest, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var raw = digest.ToArray();
        var state = await tx.OneAsync("""
            SELECT b.state FROM repository_blob l JOIN blob b ON b.digest = l.digest
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND b.state <> 'deleting'
            """, static r => r.GetString(0), ("ns", from.NamespaceId), ("repo", from.RepositoryId), ("digest", raw));
        if (state is null)
            return new Refusal(RefusalKind.BlobUnknown, digest);
        if (await repositories.EnsureAsync(tx, by, to) is not var (ns, repo))
            return new Refusal(RefusalKind.NamespaceGone);
        if (state == "condemned")
            await tx.ExecuteAsync("UPDATE blob SET state = 'live', condemned_until_ms = NULL WHERE digest = @digest AND state = 'condemned'", ("digest", raw));
        await LinkBlobAsync(tx, ns, repo, digest, "mounted");
        return null;
    }, ct);

    /// <summary>Takes a blob out of a repository, unless a manifest there still names it.</summary>
    public Task<Refusal?> DeleteBlobAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var (ns, repo, raw) = (access.NamespaceId, access.RepositoryId, digest.ToArray());
        var holder = await tx.OneAsync("""
            SELECT r.manifest
              FROM manifest_ref r
              JOIN manifest_link l ON l.namespace_id = r.namespace_id AND l.repository_id = r.repository_id AND l.digest = r.manifest AND l.deleted_ms IS NULL
             WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.digest = @digest AND r.kind = 'blob' LIMIT 1
            """, static r => r.GetFieldValue<byte[]>(0), ("ns", ns), ("repo", repo), ("digest", raw));
        if (holder is not null)
            return new Refusal(RefusalKind.StillReferenced, new Digest(holder));
        var found = await tx.ExecuteAsync("DELETE FROM repository_blob WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest", ("ns", ns), ("repo", repo), ("digest", raw));
        if (found == 0)
            return new Refusal(RefusalKind.BlobUnknown, digest);
        await Events.AddAsync(tx, "blob.unlinked", ns, repo, raw, $$"""{"by":{{by.AccountId}}}""");
        tx.OnCommit(() => _blobs.Drop((repo, digest)));
        return null;
    }, ct);

    /// <summary>Bytes that no row names any more; a worker deletes them.</summary>
    private static ValueTask<int> DiscardAsync(Tx tx, string storageKey) => tx.ExecuteAsync("""
        INSERT INTO storage_garbage (location, storage_key, after_ms) VALUES (@location, @key, @now) ON CONFLICT (location, storage_key) DO NOTHING
        """, ("location", Location), ("key", storageKey), ("now", tx.NowMs));

    private static async ValueTask LinkBlobAsync(Tx tx, long ns, long repo, Digest digest, string origin)
    {
        var linked = await tx.ExecuteAsync("""
            INSERT INTO repository_blob (namespace_id, repository_id, digest, linked_ms, origin) VALUES (@ns, @repo, @digest, @now, @origin)
            ON CONFLICT (namespace_id, repository_id, digest) DO NOTHING
            """, ("ns", ns), ("repo", repo), ("digest", digest.ToArray()), ("now", tx.NowMs), ("origin", origin));
        if (linked == 1)
            await Events.AddAsync(tx, "blob.linked", ns, repo, digest.ToArray(), "{}");
    }

    /// <summary>Another request has claimed the upload since this one did.</summary>
    internal sealed class UploadLost : Exception;
}
