using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class Collector
{
    private string LockLinks => $"""
        SELECT v.id FROM gc_review v JOIN repository_blob l ON l.namespace_id = v.namespace_id AND l.repository_id = v.repository_id AND l.digest = v.digest
         WHERE v.id {db.Among("ids")} ORDER BY l.namespace_id, l.repository_id, l.digest {db.ForUpdateSkipLocked}
        """;

    private string ReadLinks => $"""
        SELECT v.id, v.namespace_id, v.repository_id, v.digest,
               CASE WHEN {LegalHolds.OnRepository("l")} OR EXISTS (SELECT 1 FROM manifest_ref r WHERE r.namespace_id = l.namespace_id AND r.repository_id = l.repository_id AND r.digest = l.digest AND r.kind = 'blob') THEN 1 ELSE 0 END,
               NULL, l.released_ms, CASE WHEN r.purge_ms IS NULL THEN 0 ELSE 1 END, now_ms()
          FROM gc_review v
          JOIN repository_blob l ON l.namespace_id = v.namespace_id AND l.repository_id = v.repository_id AND l.digest = v.digest
          JOIN repository r ON r.id = v.repository_id
         WHERE v.id {db.Among("ids")}
        """;

    /// <summary>Takes blobs out of their repositories.</summary>
    private async ValueTask UnlinkAsync(Tx tx, long[] reviews)
    {
        var ids = ("ids", (object?)reviews);
        var gone = await tx.ListAsync($"SELECT DISTINCT v.namespace_id, v.repository_id, v.digest FROM gc_review v WHERE v.id {db.Among("ids")}",
            static r => (r.GetInt64(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2)), ids);
        await Reviews.AddAsync(tx, $"SELECT DISTINCT 'blob', 0, 0, v.digest, now_ms() FROM gc_review v WHERE v.id {db.Among("ids")}", ids);
        await ReviewUsageAsync(tx, ids);
        await tx.ExecuteAsync($"""
            DELETE FROM repository_blob WHERE (namespace_id, repository_id, digest) IN (SELECT v.namespace_id, v.repository_id, v.digest FROM gc_review v WHERE v.id {db.Among("ids")})
            """, ids);
        await CountAsync(tx, 0, gone.Count, 0, 0);
        await TellAsync(tx, gone, "blobs");
    }

    private string LockBlobs => $"SELECT v.id FROM gc_review v JOIN blob b ON b.digest = v.digest WHERE v.id {db.Among("ids")} ORDER BY b.digest {db.ForUpdateSkipLocked}";

    // While a backup holds, a blob that could go is held for as long as the backup's lease is.
    private string ReadBlobs => $"""
        SELECT v.id, v.namespace_id, v.repository_id, v.digest, CASE WHEN EXISTS (SELECT 1 FROM repository_blob l WHERE l.digest = b.digest) THEN 1 ELSE 0 END,
               CASE WHEN b.state = 'condemned' THEN (SELECT max(until) FROM (SELECT b.condemned_until_ms AS until UNION ALL SELECT max(expires_ms) FROM lease WHERE name = '{Hold}' AND expires_ms > now_ms()) holds) END,
               CASE WHEN b.state = 'condemned' THEN 0 END, 0, now_ms()
          FROM gc_review v JOIN blob b ON b.digest = v.digest WHERE v.id {db.Among("ids")}
        """;

    /// <summary>From here on the blobs are not there any more; their bytes are garbage of the store.</summary>
    private async ValueTask RemoveBlobsAsync(Tx tx, long[] reviews)
    {
        var ids = ("ids", (object?)reviews);
        var these = $"(SELECT v.digest FROM gc_review v WHERE v.id {db.Among("ids")})";
        await tx.ExecuteAsync($"""
            INSERT INTO storage_garbage (location, storage_key, after_ms, digest, size)
            SELECT p.location, p.storage_key, now_ms(), p.digest, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.digest IN {these}
            ON CONFLICT (location, storage_key) DO NOTHING
            """, ids);
        await tx.ExecuteAsync($"DELETE FROM blob_placement WHERE digest IN {these}", ids);
        await CountAsync(tx, 0, 0, await tx.ExecuteAsync($"DELETE FROM blob WHERE digest IN {these}", ids), 0);
    }
}
