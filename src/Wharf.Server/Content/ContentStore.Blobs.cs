using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Storage;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>
    /// Makes a blob visible in a repository (made when it does not exist), once its bytes are durable in a location.
    /// When the same content is here already, the new bytes become garbage.
    /// </summary>
    /// <param name="upload">The upload that this ends, as it was claimed, or null; refused when another request claimed it since.</param>
    public async Task<Refusal?> CommitBlobAsync(Principal by, RepositoryAccess access, Digest digest, StoredBlob stored, Location location, Upload? upload, CancellationToken ct)
    {
        if (await repositories.EnsureAsync(by, access, ct) is not { } to)
            return Refusal.NamespaceGone;
        return await rules.ApplyAsync(new Change(ChangeKind.LinkBlob, by, to) { Digest = digest, Bytes = stored.Size }, terms => CommitBlobAsync(to, digest, stored, location.Name, upload, terms, ct), ct);
    }

    private Task<Refusal?> CommitBlobAsync(RepositoryAccess to, Digest digest, StoredBlob stored, string location, Upload? upload, Terms terms, CancellationToken ct)
    {
        var (raw, storageKey, size) = (digest.ToArray(), stored.Key, stored.Size);
        var batch = new Batch<Refusal>();
        if (upload is not null)
            batch.Require(Refusal.UploadTaken, "DELETE FROM upload WHERE id = @id AND generation = @generation", ("id", upload.Id), ("generation", upload.Generation));
        RequireRepository(batch, to);
        terms.AddTo(batch);
        // Bytes that are lost have new ones from now on; the journal hears of it by the event.
        Events.Add(batch, "blob.placed", to.NamespaceId, to.RepositoryId, raw, "{}", $"EXISTS (SELECT 1 FROM blob_placement WHERE digest = @digest AND location = @location AND state <> 'present')", ("location", location));
        batch.Add("UPDATE blob_placement SET storage_key = @key, state = 'present' WHERE digest = @digest AND location = @location AND state <> 'present'",
            ("key", storageKey), ("digest", raw), ("location", location));
        batch.Add("""
            INSERT INTO blob (digest, size, state) VALUES (@digest, @size, 'live')
            ON CONFLICT (digest) DO UPDATE SET state = 'live', condemned_until_ms = NULL WHERE blob.state <> 'live'
            """, ("digest", raw), ("size", size));
        batch.Add("""
            INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, @location, @key, 'present') ON CONFLICT (digest, location) DO NOTHING
            """, ("digest", raw), ("location", location), ("key", storageKey));
        batch.Add("""
            INSERT INTO storage_garbage (location, storage_key, after_ms)
            SELECT @location, @key, now_ms() WHERE NOT EXISTS (SELECT 1 FROM blob_placement WHERE digest = @digest AND location = @location AND storage_key = @key)
            ON CONFLICT (location, storage_key) DO NOTHING
            """, ("location", location), ("key", storageKey), ("digest", raw));
        LinkBlob(batch, to, raw, size, "pushed");
        return RunAsync(batch, to, ct);
    }

    /// <summary>Links a blob of another repository into this one. The caller has made sure that the principal may read the other.</summary>
    public async Task<Refusal?> MountAsync(Principal by, RepositoryAccess from, RepositoryAccess to, Digest digest, CancellationToken ct)
    {
        if (await FindBlobAsync(from, digest, ct) is not { } blob)
            return new Refusal(RefusalKind.BlobUnknown, digest);
        // What the target links already needs no write; clients mount every layer at every push.
        if (to.Exists && await KeepBlobAsync(to, digest, ct) is not null)
            return null;
        if (await repositories.EnsureAsync(by, to, ct) is not { } target)
            return Refusal.NamespaceGone;
        return await rules.ApplyAsync(new Change(ChangeKind.LinkBlob, by, target) { Digest = digest, Bytes = blob.Size }, terms =>
        {
            var batch = new Batch<Refusal>();
            RequireRepository(batch, target);
            terms.AddTo(batch);
            RequireBlobs(batch, from, [digest], new Refusal(RefusalKind.BlobUnknown, digest));
            LinkBlob(batch, target, digest.ToArray(), blob.Size, "mounted");
            return RunAsync(batch, target, ct);
        }, ct);
    }

    /// <summary>
    /// Takes a blob out of a repository, unless a manifest there still names it. A manifest of the time machine may name it, too; so it
    /// is only hidden here, and goes when nothing can bring it back.
    /// </summary>
    public Task<Refusal?> DeleteBlobAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct) =>
        rules.ApplyAsync(new Change(ChangeKind.DeleteBlob, by, access) { Digest = digest }, terms => db.WriteAsync(async tx =>
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
        // The lock first, and the judgement in the next statement: a push that was about to name the blob is seen by it, or finds it gone (contract 2).
        var linked = await tx.OneAsync(
            $"SELECT 1 FROM repository_blob WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ns, repo, raw);
        if (await CheckRepositoryAsync(tx, access) is { } refusal)
            return refusal;
        if (linked == 0)
            return new Refusal(RefusalKind.BlobUnknown, digest);
        if (await terms.CheckAsync(tx) is { } forbidden)
            return forbidden;
        var holder = await tx.OneAsync("""
            SELECT r.manifest
              FROM manifest_ref r
              JOIN manifest_link l ON l.namespace_id = r.namespace_id AND l.repository_id = r.repository_id AND l.digest = r.manifest AND l.deleted_ms IS NULL
             WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.digest = @digest AND r.kind = 'blob' LIMIT 1
            """, static r => r.GetFieldValue<byte[]>(0), ns, repo, raw);
        if (holder is not null)
            return new Refusal(RefusalKind.StillReferenced, new Digest(holder));
        await tx.ExecuteAsync("UPDATE repository_blob SET deleted_ms = now_ms() WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest", ns, repo, raw);
        await Reviews.AddAsync(tx, "SELECT 'link', @ns, @repo, @digest, now_ms()", ns, repo, raw);
        await Events.AddAsync(tx, "blob.unlinked", access.NamespaceId, access.RepositoryId, digest.ToArray(), $$"""{"by":{{by.AccountId}}}""");
        tx.OnCommit(() => _blobs.Drop((access.RepositoryId, digest)));
        return null;
    }, ct), ct);

    private void LinkBlob(Batch<Refusal> batch, RepositoryAccess to, byte[] digest, long size, string origin)
    {
        // The event first: it is written only when the link is new, or comes back. Until a manifest names it, it stays for a grace.
        const string IsNews = "NOT EXISTS (SELECT 1 FROM repository_blob WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND released_ms IS NULL AND deleted_ms IS NULL)";
        Events.Add(batch, "blob.linked", to.NamespaceId, to.RepositoryId, digest, "{}", IsNews);
        var (ns, repo, raw) = (("ns", (object?)to.NamespaceId), ("repo", (object?)to.RepositoryId), ("digest", (object?)digest));
        Reviews.Add(batch, $"SELECT 'link', @ns, @repo, @digest, now_ms() + @grace WHERE {IsNews}", ns, repo, raw, ("grace", _graceMs));
        batch.Add("""
            INSERT INTO repository_blob (namespace_id, repository_id, digest, linked_ms, origin) VALUES (@ns, @repo, @digest, now_ms(), @origin)
            ON CONFLICT (namespace_id, repository_id, digest) DO UPDATE SET released_ms = NULL, deleted_ms = NULL
             WHERE repository_blob.released_ms IS NOT NULL OR repository_blob.deleted_ms IS NOT NULL
            """, ns, repo, raw, ("origin", origin));
        if (quota.Enabled)
            Usage.Count(batch, to, digest, size);
    }

    private static readonly Refusal s_notWritable = new(RefusalKind.NamespaceGone);

    /// <summary>
    /// The repository must still be there, and its content may be changed. It is not locked: all pushes to it would write to its one row,
    /// and a repository that is deleted at the same moment can be restored with what was pushed.
    /// </summary>
    private static void RequireRepository(Batch<Refusal> batch, RepositoryAccess access) => batch.Require(s_notWritable,
        "SELECT 1 FROM repository WHERE id = @repo AND deleted_ms IS NULL AND state = 'normal'", ("repo", access.RepositoryId));

    /// <summary>Runs a batch that requires the repository; which of its two conditions was not met is only asked when one was not.</summary>
    private async Task<Refusal?> RunAsync(Batch<Refusal> batch, RepositoryAccess access, CancellationToken ct)
    {
        var refusal = await db.RunAsync(batch, ct);
        return !ReferenceEquals(refusal, s_notWritable) ? refusal
            : await db.OneAsync(StateOf, static r => r.GetString(0), ct, ("repo", access.RepositoryId)) is null ? Refusal.NamespaceGone : Refusal.ReadOnly;
    }

    /// <summary>As <see cref="RequireRepository"/>, for what is no batch.</summary>
    private static async ValueTask<Refusal?> CheckRepositoryAsync(Tx tx, RepositoryAccess access) =>
        await tx.OneAsync(StateOf, static r => r.GetString(0), ("repo", access.RepositoryId)) switch
        {
            null => Refusal.NamespaceGone,
            "normal" => null,
            _ => Refusal.ReadOnly,
        };

    private const string StateOf = "SELECT state FROM repository WHERE id = @repo AND deleted_ms IS NULL";

    /// <summary>
    /// The blobs must be linked to the repository and stay alive, until the transaction ends and with what it writes about them from
    /// then on: a condemned one is live again, and one that the collector has taken is absent (contract 2). Which is missing is told
    /// by <see cref="MissingAsync"/>.
    /// </summary>
    private void RequireBlobs(Batch<Refusal> batch, RepositoryAccess access, IReadOnlyList<Digest> digests, Refusal otherwise)
    {
        if (digests.Count == 0)
            return;
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digests", (object?)digests.Order().Select(static d => d.ToArray()).ToArray()));
        if (db.ForKeyShare.Length > 0)
        {
            // The locks first, and the judgement in the next statement.
            batch.Add($"SELECT 1 FROM repository_blob WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")} ORDER BY digest {db.ForKeyShare}", ns, repo, raw);
            batch.Add($"SELECT 1 FROM blob WHERE digest {db.AmongBytes("digests")} ORDER BY digest {db.ForKeyShare}", raw);
        }
        batch.Add($"UPDATE blob SET state = 'live', condemned_until_ms = NULL WHERE digest {db.AmongBytes("digests")} AND state = 'condemned'", raw);
        batch.Require(otherwise, $"""
            SELECT 1 WHERE @count = (
                SELECT count(*) FROM repository_blob l JOIN blob b ON b.digest = l.digest
                 WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest {db.AmongBytes("digests")} AND l.deleted_ms IS NULL)
            """, ("count", (long)digests.Count), ns, repo, raw);
    }

    /// <summary>The first of these blobs that the repository does not have; null when it has them all.</summary>
    private async ValueTask<Digest?> MissingAsync(RepositoryAccess access, IReadOnlyList<Digest> digests, CancellationToken ct)
    {
        var found = await db.ListAsync($"""
            SELECT l.digest FROM repository_blob l JOIN blob b ON b.digest = l.digest
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest {db.AmongBytes("digests")} AND l.deleted_ms IS NULL
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digests", digests.Select(static d => d.ToArray()).ToArray()));
        return digests.Except(found).Select(static d => (Digest?)d).FirstOrDefault();
    }
}
