using System.Data.Common;
using System.Security.Cryptography;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

/// <summary>
/// Manifests that somebody needs by their digest until a time: what a cluster runs, what a deployment is pinned to. While a lease lasts
/// the manifest and all that it names stays, whatever becomes of its tags, and nobody deletes it by its digest.
/// </summary>
internal sealed class DigestLeases(Database db)
{
    /// <summary>How many a repository can have; a cluster has one for each image that it runs.</summary>
    public const int MaxPerRepository = 10_000;

    private static readonly Refusal s_tooMany = new(RefusalKind.TooMany);

    /// <summary>Takes a lease; the same holder's former one on the same digest is renewed.</summary>
    public async Task<(DigestLease? Lease, Refusal? Refusal)> TakeAsync(Principal by, RepositoryAccess access, Digest digest, string holder, TimeSpan time, CancellationToken ct)
    {
        Refusal? refusal = null;
        var lease = await db.WriteAsync(async tx =>
        {
            refusal = null;
            var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
            // Shared with a deletion and the collector: they see the lease, or it finds the manifest gone.
            if (await tx.OneAsync($"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND deleted_ms IS NULL {db.ForShare}", static r => r.GetInt32(0), ns, repo, raw) == 0)
            {
                refusal = new Refusal(RefusalKind.ManifestUnknown, digest);
                return null;
            }
            var (former, others) = await tx.OneAsync("""
                SELECT (SELECT id FROM digest_lease WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND holder = @holder AND expires_ms > now_ms() ORDER BY id LIMIT 1),
                       (SELECT count(*) FROM digest_lease WHERE namespace_id = @ns AND repository_id = @repo)
                """, static r => (r.IsDBNull(0) ? null : r.GetString(0), r.GetInt64(1)), ns, repo, raw, ("holder", holder));
            if (former is null && others >= MaxPerRepository)
            {
                refusal = s_tooMany;
                return null;
            }
            var id = former ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
            var until = ("time", (object?)(long)time.TotalMilliseconds);
            if (former is null)
            {
                await tx.ExecuteAsync("""
                    INSERT INTO digest_lease (id, namespace_id, repository_id, digest, holder, created_by, created_ms, expires_ms)
                    SELECT @id, @ns, @repo, @digest, @holder, @by, now_ms(), now_ms() + @time
                    """, ("id", id), ns, repo, raw, ("holder", holder), ("by", by.AccountId), until);
                await Events.AddAsync(tx, "lease.taken", access.NamespaceId, access.RepositoryId, digest.ToArray(), $$"""{"by":{{by.AccountId}},"lease":"{{id}}"}""");
            }
            else
                await tx.ExecuteAsync("UPDATE digest_lease SET expires_ms = CASE WHEN expires_ms > now_ms() + @time THEN expires_ms ELSE now_ms() + @time END WHERE id = @id", ("id", id), until);
            await Reviews.AddAsync(tx, "SELECT 'manifest', @ns, @repo, @digest, now_ms() + @time", ns, repo, raw, until);
            return await FindAsync(tx, access, id);
        }, ct);
        return (lease, refusal);
    }

    /// <summary>Has a lease last from now on for so long; null when it is over.</summary>
    public Task<DigestLease?> RenewAsync(RepositoryAccess access, string id, TimeSpan time, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var digest = await tx.OneAsync("""
            UPDATE digest_lease SET expires_ms = now_ms() + @time WHERE id = @id AND namespace_id = @ns AND repository_id = @repo AND expires_ms > now_ms() RETURNING digest
            """, static r => r.GetFieldValue<byte[]>(0), ("time", (long)time.TotalMilliseconds), ("id", id), ("ns", access.NamespaceId), ("repo", access.RepositoryId));
        if (digest is null)
            return null;
        await Reviews.AddAsync(tx, "SELECT 'manifest', @ns, @repo, @digest, now_ms() + @time",
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest), ("time", (long)time.TotalMilliseconds));
        return await FindAsync(tx, access, id);
    }, ct);

    /// <summary>Ends a lease; whether there was one.</summary>
    public Task<bool> EndAsync(Principal by, RepositoryAccess access, string id, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var digest = await tx.OneAsync("DELETE FROM digest_lease WHERE id = @id AND namespace_id = @ns AND repository_id = @repo AND expires_ms > now_ms() RETURNING digest",
            static r => r.GetFieldValue<byte[]>(0), ("id", id), ("ns", access.NamespaceId), ("repo", access.RepositoryId));
        if (digest is null)
            return false;
        await Reviews.AddAsync(tx, "SELECT 'manifest', @ns, @repo, @digest, now_ms()", ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest));
        await Events.AddAsync(tx, "lease.ended", access.NamespaceId, access.RepositoryId, digest, $$"""{"by":{{by.AccountId}},"lease":"{{id}}"}""");
        return true;
    }, ct);

    public ValueTask<DigestLease?> FindAsync(RepositoryAccess access, string id, CancellationToken ct) => db.OneAsync(
        $"{Select} AND l.id = @id", static r => (DigestLease?)Read(r), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("id", id));

    /// <summary>Those that last, by id, after one.</summary>
    /// <param name="digest">Only those on this manifest; null for all.</param>
    public ValueTask<List<DigestLease>> ListAsync(RepositoryAccess access, Digest? digest, string after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} AND l.id > @after AND (@all = 1 OR l.digest = @digest) ORDER BY l.id LIMIT @count", Read, ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("after", after), ("all", digest is null ? 1 : 0), ("digest", digest?.ToArray() ?? []), ("count", count));

    /// <summary>Forgets those that are over; their manifests have been looked at, or will be.</summary>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM digest_lease WHERE expires_ms <= now_ms()"), ct);

    private const string Select = """
        SELECT l.id, l.digest, l.holder, l.created_by, n.name, l.created_ms, l.expires_ms
          FROM digest_lease l LEFT JOIN namespace n ON n.id = l.created_by
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.expires_ms > now_ms()
        """;

    private static ValueTask<DigestLease?> FindAsync(Tx tx, RepositoryAccess access, string id) => tx.OneAsync(
        $"{Select} AND l.id = @id", static r => (DigestLease?)Read(r), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("id", id));

    private static DigestLease Read(DbDataReader r) =>
        new(r.GetString(0), new Digest(r.GetFieldValue<byte[]>(1)), r.GetString(2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetString(4), r.GetInt64(5), r.GetInt64(6));
}

/// <param name="Holder">Who needs it, in the words of who asked.</param>
internal sealed record DigestLease(string Id, Digest Digest, string Holder, long CreatedBy, string? CreatedByName, long CreatedMs, long ExpiresMs);
