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
        var said = known ? default : await SaidByAsync(access, manifest, children, ct);
        if (await repositories.EnsureAsync(by, access, ct) is not { } to)
            return Refusal.NamespaceGone;
        var refusal = await rules.ApplyAsync(new Change(ChangeKind.PutManifest, by, to) { Tags = tags, Digest = digest, Bytes = manifest.Bytes.Length },
            terms => PutManifestAsync(by, to, manifest, digest, tags, known, blobs, children, said, terms, ct), ct);
        if (ReferenceEquals(refusal, BlobGone) && await MissingAsync(to, [.. blobs.Select(static b => b.Digest)], ct) is { } gone)
        {
            _blobs.Drop((to.RepositoryId, gone));
            return new Refusal(RefusalKind.ReferencedBlobUnknown, gone);
        }
        if (!ReferenceEquals(refusal, ManifestGone) && !ReferenceEquals(refusal, BlobGone))
            return refusal;
        // Deleted or collected by another replica since it was served here.
        _manifests.Drop((to.RepositoryId, digest));
        return await PutManifestAsync(by, access, manifest, digest, tags, ct);
    }

    private Task<Refusal?> PutManifestAsync(
        Principal by, RepositoryAccess to, Manifest manifest, Digest digest, IReadOnlyList<string> tags, bool known, List<Descriptor> blobs, List<Descriptor> children, Said said, Terms terms, CancellationToken ct)
    {
        var batch = new Batch<Refusal>();
        RequireRepository(batch, to);
        // Lock order: tags, manifests, blobs (contract 2).
        LockTags(batch, to, tags);
        terms.AddTo(batch);
        var raw = digest.ToArray();
        if (known)
            // Shared with other pushes, and not with a deletion, which then ends the tags that this one moves.
            batch.Require(ManifestGone, $"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForShare}",
                ("ns", to.NamespaceId), ("repo", to.RepositoryId), ("digest", raw));
        else
        {
            LockChildren(batch, to, children);
            RequireBlobs(batch, to, [.. blobs.Select(static b => b.Digest)], BlobGone);
            LinkManifest(batch, to, manifest, digest, blobs, children, said, tagged: tags.Count > 0);
            if (quota.Enabled)
                Usage.Count(batch, to, raw, manifest.Bytes.Length);
            batch.OnCommit(() => _manifests.Drop((to.RepositoryId, digest)));
        }
        if (tags.Count == 0)
            Pin(batch, to, raw);
        foreach (var tag in tags.Order(StringComparer.Ordinal))
            MoveTag(batch, to, tag, digest, by, terms);
        Events.Add(batch, "manifest.pushed", to.NamespaceId, to.RepositoryId, raw,
            JsonSerializer.Serialize(new PushPayload(by.AccountId, [.. tags.Take(32)], manifest.MediaType), PayloadJson.Default.PushPayload));
        return RunAsync(batch, to, ct);
    }

    /// <summary>The manifests that an index names must be here, or those that are must stay where an index may name others.</summary>
    private void LockChildren(Batch<Refusal> batch, RepositoryAccess to, List<Descriptor> children)
    {
        var (ns, repo) = (("ns", (object?)to.NamespaceId), ("repo", (object?)to.RepositoryId));
        if (options.SparseIndexes && children.Count > 0 && db.ForKeyShare.Length > 0)
            batch.Add($"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")} ORDER BY digest {db.ForKeyShare}",
                ns, repo, ("digests", children.Select(static c => c.Digest.ToArray()).ToArray()));
        if (!options.SparseIndexes)
            foreach (var child in children)
                batch.Require(new Refusal(RefusalKind.ChildUnknown, child.Digest),
                    $"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForShare}",
                    ns, repo, ("digest", child.Digest.ToArray()));
    }

    private void LockTags(Batch<Refusal> batch, RepositoryAccess access, IReadOnlyList<string> tags)
    {
        if (db.LockTag is not { } takeTurn)
            return;
        foreach (var tag in tags.Order(StringComparer.Ordinal))
            batch.Add(takeTurn, ("repo", access.RepositoryId), ("name", tag));
    }

    /// <summary>Without a tag a push keeps a manifest for one window, at least for the grace.</summary>
    private void Pin(Batch<Refusal> batch, RepositoryAccess access, byte[] digest)
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest));
        batch.Add("UPDATE manifest_link SET pinned_ms = now_ms(), released_ms = NULL WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest", ns, repo, raw);
        Reviews.Add(batch, $"""
            SELECT 'manifest', @ns, @repo, @digest, CASE WHEN {Reviews.AfterWindow} > now_ms() + @grace THEN {Reviews.AfterWindow} ELSE now_ms() + @grace END
            """, ns, repo, raw, ("grace", _graceMs));
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
    private static readonly Refusal BlobGone = new(RefusalKind.ReferencedBlobUnknown);

    /// <summary>Takes a manifest out of the repository and ends every tag that names it.</summary>
    public Task<Refusal?> DeleteManifestAsync(Principal by, RepositoryAccess access, Digest digest, CancellationToken ct) =>
        rules.ApplyAsync(new Change(ChangeKind.DeleteManifest, by, access) { Digest = digest }, terms => DeleteManifestAsync(by, access, digest, terms, ct), ct);

    private Task<Refusal?> DeleteManifestAsync(Principal by, RepositoryAccess access, Digest digest, Terms terms, CancellationToken ct)
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
        var batch = new Batch<Refusal>();
        RequireRepository(batch, access);
        // Shared with who takes a lease: either it is seen here, or it finds the manifest deleted.
        batch.Require(new Refusal(RefusalKind.ManifestUnknown, digest),
            $"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForUpdate}", ns, repo, raw);
        terms.AddTo(batch);
        batch.Require(new Refusal(RefusalKind.Leased, digest), """
            SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM digest_lease WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND expires_ms > now_ms())
            """, ns, repo, raw);
        batch.Add("""
            UPDATE manifest_link SET deleted_ms = now_ms(), pinned_ms = CASE WHEN pinned_ms = 0 THEN 0 ELSE now_ms() END
             WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest
            """, ns, repo, raw);
        Reviews.Add(batch, $"SELECT 'manifest', @ns, @repo, @digest, {Reviews.AfterWindow}", ns, repo, raw);
        batch.Add("""
            UPDATE tag SET ended_ms = CASE WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END, ended_by = @by
             WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND ended_ms IS NULL AND immutable = 0
            """, ("by", by.AccountId), ns, repo, raw);
        // Whoever made one immutable since it was judged had a lock of the tag, and not of the manifest.
        batch.Require(Refusal.RuleChanged, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM tag WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND ended_ms IS NULL)", ns, repo, raw);
        Events.Add(batch, "manifest.deleted", access.NamespaceId, access.RepositoryId, digest.ToArray(), $$"""{"by":{{by.AccountId}}}""");
        batch.OnCommit(() => _manifests.Drop((access.RepositoryId, digest)));
        return RunAsync(batch, access, ct);
    }

    private void LinkManifest(Batch<Refusal> batch, RepositoryAccess to, Manifest manifest, Digest digest, List<Descriptor> blobs, List<Descriptor> children, Said said, bool tagged)
    {
        var (ns, repo, raw, bytes) = (("ns", (object?)to.NamespaceId), ("repo", (object?)to.RepositoryId), digest.ToArray(), manifest.Bytes.ToArray());
        batch.Add("INSERT INTO manifest (digest, content) VALUES (@digest, @content) ON CONFLICT (digest) DO NOTHING", ("digest", raw), ("content", bytes));
        // One that was there already may be about to go.
        if (db.ForKeyShare.Length > 0)
            batch.Require(ManifestGone, $"SELECT 1 FROM manifest WHERE digest = @digest {db.ForKeyShare}", ("digest", raw));
        batch.Add("""
            INSERT INTO manifest_link (namespace_id, repository_id, digest, media_type, subject, artifact_type, descriptor, linked_ms, origin, expires_after_ms, immutable, platform, pinned_ms)
            VALUES (@ns, @repo, @digest, @type, @subject, @artifact, @descriptor, now_ms(), 'pushed', @lifetime, @immutable, @platform, @pinned)
            ON CONFLICT (namespace_id, repository_id, digest) DO UPDATE SET
                media_type = excluded.media_type, artifact_type = excluded.artifact_type, descriptor = excluded.descriptor, expires_after_ms = excluded.expires_after_ms, immutable = excluded.immutable, platform = excluded.platform,
                linked_ms = CASE WHEN manifest_link.deleted_ms IS NULL THEN manifest_link.linked_ms ELSE excluded.linked_ms END, deleted_ms = NULL, released_ms = NULL
            """, ns, repo, ("digest", raw), ("type", manifest.MediaType), ("subject", manifest.Subject?.Digest.ToArray()),
            ("artifact", manifest.ArtifactType), ("lifetime", said.LifetimeMs), ("immutable", said.Immutable ? 1L : 0L), ("platform", said.Platform), ("descriptor", manifest.Subject is null ? null : manifest.ReferrerDescriptor(digest, bytes.Length)), ("pinned", tagged ? 0L : null));
        foreach (var (descriptor, kind) in blobs.Select(static b => (b, "blob")).Concat(children.Select(static c => (c, "child"))))
            batch.Add("""
                INSERT INTO manifest_ref (namespace_id, repository_id, manifest, digest, size, kind) VALUES (@ns, @repo, @manifest, @digest, @size, @kind)
                ON CONFLICT (namespace_id, repository_id, manifest, digest) DO NOTHING
                """, ns, repo, ("manifest", raw), ("digest", descriptor.Digest.ToArray()), ("size", descriptor.Size), ("kind", kind));
    }
}
