using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.Repositories;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// The one owner of what can be lost: blobs, placements, uploads, manifests, links and tags (contract 1). This part reads; the
/// changes are beside it, one file per kind. A repository serves only what it links: knowing a digest is not permission.
/// </summary>
internal sealed partial class ContentStore(Database db, RepositoryStore repositories, ChangeRules rules, RegistryOptions options, LifetimeOptions lifetimes, QuotaOptions quota, Locations locations, TimeProvider clock)
{
    private readonly Cache<(long Repository, Digest), ManifestEntry> _manifests = new(32 << 20, static m => m.Bytes.Length + 256, db.Freshness);
    private readonly Cache<(long Repository, Digest), BlobEntry> _blobs = new(50_000, static _ => 1, db.Freshness);

    // How long an answer that something is there and kept is good: far less than the grace, within which it can not go.
    private readonly TimeSpan _trusted = lifetimes.Grace / 4 < s_maxTrusted ? lifetimes.Grace / 4 : s_maxTrusted;
    private static readonly TimeSpan s_maxTrusted = TimeSpan.FromMinutes(10);
    private readonly long _graceMs = (long)lifetimes.Grace.TotalMilliseconds;

    private readonly SharedReads<(long Repository, string Tag), Digest?> _tagReads = new();

    // Which manifest a tag named when last asked; only to know whether that manifest will have to be read along.
    private readonly Cache<(long Repository, string Tag), Digest> _lastNamed = new(50_000, static _ => 1);

    /// <summary>The manifest of this digest in this repository, or null. From memory where it was served before.</summary>
    public async ValueTask<ManifestEntry?> FindManifestAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        if (_manifests.TryGet((access.RepositoryId, digest), out var known))
            return known;
        return (await ReadManifestAsync(access, digest, ct)).Entry;
    }

    /// <summary>
    /// The same for who asks whether it is there (HEAD) and will rely on it: it stays for another grace, even when nothing needs it
    /// now (contract 2). What was read lately is not asked again: the collector releases first and takes a grace later.
    /// </summary>
    public async ValueTask<ManifestEntry?> KeepManifestAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        if (_manifests.TryGet((access.RepositoryId, digest), out var known) && clock.GetElapsedTime(known.ReadAt) < _trusted)
            return known;
        var (entry, isReleased) = await ReadManifestAsync(access, digest, ct);
        if (entry is null || !isReleased)
            return entry;
        var kept = await db.WriteAsync(async tx =>
        {
            var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
            var rows = await tx.ExecuteAsync("UPDATE manifest_link SET released_ms = NULL WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL", ns, repo, raw);
            if (rows == 1)
                await Reviews.AddAsync(tx, "SELECT 'manifest', @ns, @repo, @digest, now_ms() + @grace", ns, repo, raw, ("grace", _graceMs));
            return rows;
        }, ct);
        if (kept == 1)
            return entry;
        _manifests.Drop((access.RepositoryId, digest));
        return null;
    }

    private async ValueTask<(ManifestEntry? Entry, bool IsReleased)> ReadManifestAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        var (epoch, now) = (_manifests.Epoch, clock.GetTimestamp());
        var (entry, isReleased) = await db.OneAsync("""
            SELECT l.media_type, m.content, l.released_ms
              FROM manifest_link l JOIN manifest m ON m.digest = l.digest
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
            """, r => (new ManifestEntry(r.GetString(0), r.GetFieldValue<byte[]>(1), now), !r.IsDBNull(2)), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()));
        if (entry is not null)
            _manifests.Add((access.RepositoryId, digest), isReleased ? entry with { ReadAt = long.MinValue / 2 } : entry, epoch);
        return (entry, isReleased);
    }

    /// <summary>The manifest that a tag names now, or null. Which one that is is asked anew each time, in one round trip.</summary>
    public async ValueTask<(Digest Digest, ManifestEntry Manifest)?> FindManifestAsync(RepositoryAccess access, string tag, CancellationToken ct)
    {
        if (_lastNamed.TryGet((access.RepositoryId, tag), out var last) && _manifests.TryGet((access.RepositoryId, last), out var known))
        {
            if (await FindTagAsync(access, tag, ct) is not { } digest)
                return null;
            if (digest == last)
                return (digest, known);
            _lastNamed.Drop((access.RepositoryId, tag));
            return await FindManifestAsync(access, digest, ct) is { } manifest ? (digest, manifest) : null;
        }
        var (epoch, now) = (_manifests.Epoch, clock.GetTimestamp());
        var row = await db.OneAsync("""
            SELECT t.digest, l.media_type, m.content
              FROM tag t
              JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest AND l.deleted_ms IS NULL
              JOIN manifest m ON m.digest = l.digest
             WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name = @name AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
            """, r => ((Digest, ManifestEntry)?)(new Digest(r.GetFieldValue<byte[]>(0)), new ManifestEntry(r.GetString(1), r.GetFieldValue<byte[]>(2), now)), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));
        if (row is not var (found, entry))
            return null;
        _manifests.Add((access.RepositoryId, found), entry, epoch);
        _lastNamed.Add((access.RepositoryId, tag), found, _lastNamed.Epoch);
        return (found, entry);
    }

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened is { Kind: "manifest.deleted", RepositoryId: { } manifestOf })
            _manifests.Drop((manifestOf, happened.Digest));
        else if (happened is { Kind: "blob.unlinked", RepositoryId: { } blobOf })
            _blobs.Drop((blobOf, happened.Digest));
        else if (happened is { Kind: "content.collected", RepositoryId: { } collectedFrom } && JsonSerializer.Deserialize(happened.Payload, PayloadJson.Default.CollectedContent) is { } collected)
            Drop(collectedFrom, collected.Digests.Select(static d => Digest.TryParse(d, out var digest) ? digest : default));
        else if (happened.Kind.StartsWith("scrub.", StringComparison.Ordinal) || happened.Kind == "storage.removed")
            DropPlacements();
    }

    /// <summary>Forgets where all blobs are, after some were found lost, got other bytes or another place.</summary>
    public void DropPlacements() => _blobs.DropAll();

    /// <summary>Whether the repository has the blob, of which <see cref="FindBlobAsync"/> found no bytes to serve, because they are lost or damaged.</summary>
    /// <exception cref="StorageException">They are in a location that the settings do not name: that is no absence.</exception>
    public async ValueTask<bool> IsQuarantinedAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        var places = await db.ListAsync("""
            SELECT p.location, p.state FROM repository_blob l JOIN blob_placement p ON p.digest = l.digest
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
            """, static r => (Location: r.GetString(0), State: r.GetString(1)), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()));
        foreach (var (location, _) in places.Where(static p => p.State == "present"))
            _ = locations.Of(location);
        return places.Count > 0;
    }

    /// <summary>Forgets what a repository has no more.</summary>
    public void Drop(long repositoryId, IEnumerable<Digest> digests)
    {
        foreach (var digest in digests)
        {
            _manifests.Drop((repositoryId, digest));
            _blobs.Drop((repositoryId, digest));
        }
    }

    // A query that SQLite answers in microseconds is not worth sharing.
    private ValueTask<Digest?> FindTagAsync(RepositoryAccess access, string tag, CancellationToken ct) => db.AnswersAtOnce
        ? ReadTagAsync(access, tag, ct)
        : new(_tagReads.ReadAsync((access.RepositoryId, tag), () => ReadTagAsync(access, tag, CancellationToken.None).AsTask(), ct));

    private ValueTask<Digest?> ReadTagAsync(RepositoryAccess access, string tag, CancellationToken ct) => db.OneAsync("""
        SELECT digest FROM tag
         WHERE namespace_id = @ns AND repository_id = @repo AND name = @name AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())
        """, static r => (Digest?)new Digest(r.GetFieldValue<byte[]>(0)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));

    /// <summary>The blob in this repository, or null.</summary>
    public async ValueTask<BlobEntry?> FindBlobAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        if (_blobs.TryGet((access.RepositoryId, digest), out var known))
            return known;
        return (await ReadBlobAsync(access, digest, ct)).Entry;
    }

    /// <summary>The same for who asks whether it is there and will name it in a manifest: it stays for another grace (contract 2).</summary>
    public async ValueTask<BlobEntry?> KeepBlobAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        if (_blobs.TryGet((access.RepositoryId, digest), out var known) && clock.GetElapsedTime(known.ReadAt) < _trusted)
            return known;
        var (entry, isReleased) = await ReadBlobAsync(access, digest, ct);
        if (entry is null || !isReleased)
            return entry;
        var kept = await db.WriteAsync(async tx =>
        {
            var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
            var rows = await tx.ExecuteAsync("UPDATE repository_blob SET released_ms = NULL WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL", ns, repo, raw);
            if (rows == 1)
                await Reviews.AddAsync(tx, "SELECT 'link', @ns, @repo, @digest, now_ms() + @grace", ns, repo, raw, ("grace", _graceMs));
            return rows;
        }, ct);
        if (kept == 1)
            return entry;
        _blobs.Drop((access.RepositoryId, digest));
        return null;
    }

    private async ValueTask<(BlobEntry? Entry, bool IsReleased)> ReadBlobAsync(RepositoryAccess access, Digest digest, CancellationToken ct)
    {
        var (epoch, now) = (_blobs.Epoch, clock.GetTimestamp());
        var (entry, isReleased, best) = ((BlobEntry?)null, false, int.MaxValue);
        foreach (var (size, key, released, location) in await db.ListAsync("""
            SELECT b.size, p.storage_key, l.released_ms, p.location
              FROM repository_blob l
              JOIN blob b ON b.digest = l.digest
              JOIN blob_placement p ON p.digest = l.digest AND p.state = 'present'
             WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
            """, static r => (r.GetInt64(0), r.GetString(1), !r.IsDBNull(2), r.GetString(3)), ct,
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray())))
            if (locations.RankOf(location) is { } rank && rank < best)
                (entry, isReleased, best) = (new BlobEntry(size, locations.All[rank], key, now), released, rank);
        if (entry is not null)
            _blobs.Add((access.RepositoryId, digest), isReleased ? entry with { ReadAt = long.MinValue / 2 } : entry, epoch);
        return (entry, isReleased);
    }

    /// <summary>Live tags after <paramref name="last"/> in ASCII order.</summary>
    public ValueTask<List<string>> ListTagsAsync(RepositoryAccess access, string last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT name FROM tag
         WHERE namespace_id = @ns AND repository_id = @repo AND name > @last AND ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())
         ORDER BY name LIMIT @count
        """, static r => r.GetString(0), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("last", last), ("count", count));

    /// <summary>Descriptors (JSON) of the manifests whose subject this is, by digest, after <paramref name="last"/>.</summary>
    /// <param name="artifactType">Only those of this type; null for all.</param>
    public ValueTask<List<(Digest Digest, byte[] Descriptor)>> ListReferrersAsync(
        RepositoryAccess access, Digest subject, string? artifactType, Digest last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT digest, descriptor FROM manifest_link
         WHERE namespace_id = @ns AND repository_id = @repo AND subject = @subject AND deleted_ms IS NULL
           AND digest > @last AND (@all = 1 OR artifact_type = @type)
         ORDER BY digest LIMIT @count
        """, static r => (new Digest(r.GetFieldValue<byte[]>(0)), r.GetFieldValue<byte[]>(1)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("subject", subject.ToArray()),
        ("last", last.ToArray()), ("all", artifactType is null ? 1 : 0), ("type", artifactType ?? ""), ("count", count));

    /// <summary>Repositories that hold a blob and that this account may read.</summary>
    public ValueTask<List<string>> FindHoldersAsync(Principal principal, Digest digest, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT n.name, r.name
          FROM repository_blob l
          JOIN repository r ON r.id = l.repository_id
          JOIN namespace n ON n.id = r.namespace_id
         WHERE l.digest = @digest AND l.deleted_ms IS NULL AND {VisibleRepositories.Condition(principal)}
         LIMIT @count
        """, static r => $"{r.GetString(0)}/{r.GetString(1)}", ct, ("digest", digest.ToArray()), ("me", principal.AccountId), ("count", count));
}
