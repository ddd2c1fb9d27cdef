using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class Collector
{
    private string LockManifests => $"""
        SELECT v.id FROM gc_review v JOIN manifest_link l ON l.namespace_id = v.namespace_id AND l.repository_id = v.repository_id AND l.digest = v.digest
         WHERE v.id {db.Among("ids")} ORDER BY l.namespace_id, l.repository_id, l.digest {db.ForUpdateSkipLocked}
        """;

    // A push without a tag keeps a manifest for one window, at least for the grace, as an ended tag does.
    // A hold keeps what is about to go with its repository, too.
    private string ReadManifests => $"""
        SELECT v.id, v.namespace_id, v.repository_id, v.digest,
               CASE WHEN {LegalHolds.OnManifest("l")} THEN 1
                    WHEN r.purge_ms IS NOT NULL THEN 0
                    WHEN EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = l.digest AND t.ended_ms IS NULL)
                      OR EXISTS (SELECT 1 FROM manifest_ref p WHERE p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.digest = l.digest AND p.kind = 'child')
                      OR EXISTS (SELECT 1 FROM manifest_link s WHERE s.namespace_id = l.namespace_id AND s.repository_id = l.repository_id AND s.digest = l.subject)
                    THEN 1 ELSE 0 END,
               (SELECT max(until) FROM (
                       SELECT (SELECT max(t.ended_ms) FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = l.digest
                                  AND t.ended_ms IS NOT NULL AND t.collected_ms IS NULL) + n.tag_expiration_s * 1000 AS until
                       UNION ALL
                       SELECT (SELECT max(e.expires_ms) FROM digest_lease e WHERE e.namespace_id = l.namespace_id AND e.repository_id = l.repository_id AND e.digest = l.digest)
                       UNION ALL
                       SELECT CASE WHEN l.pinned_ms = 0 THEN NULL ELSE coalesce(l.pinned_ms, l.linked_ms) + CASE WHEN n.tag_expiration_s * 1000 > {_graceMs} THEN n.tag_expiration_s * 1000 ELSE {_graceMs} END END) holds),
               l.released_ms, CASE WHEN r.purge_ms IS NULL THEN 0 ELSE 1 END, now_ms()
          FROM gc_review v
          JOIN manifest_link l ON l.namespace_id = v.namespace_id AND l.repository_id = v.repository_id AND l.digest = v.digest
          JOIN repository r ON r.id = v.repository_id
          JOIN namespace n ON n.id = v.namespace_id
         WHERE v.id {db.Among("ids")}
        """;

    /// <summary>Takes manifests out of their repositories; what they named, and what named them as its subject, is looked at next.</summary>
    private async ValueTask CollectManifestsAsync(Tx tx, long[] reviews)
    {
        var ids = ("ids", (object?)reviews);
        var these = $"(SELECT v.namespace_id, v.repository_id, v.digest FROM gc_review v WHERE v.id {db.Among("ids")})";
        var gone = await tx.ListAsync($"SELECT DISTINCT v.namespace_id, v.repository_id, v.digest FROM gc_review v WHERE v.id {db.Among("ids")}",
            static r => (r.GetInt64(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2)), ids);
        await Reviews.AddAsync(tx, $"""
            SELECT DISTINCT CASE r.kind WHEN 'child' THEN 'manifest' ELSE 'link' END, r.namespace_id, r.repository_id, r.digest, now_ms()
              FROM gc_review v JOIN manifest_ref r ON r.namespace_id = v.namespace_id AND r.repository_id = v.repository_id AND r.manifest = v.digest
             WHERE v.id {db.Among("ids")}
            """, ids);
        await Reviews.AddAsync(tx, $"""
            SELECT DISTINCT 'manifest', s.namespace_id, s.repository_id, s.digest, now_ms()
              FROM gc_review v JOIN manifest_link s ON s.namespace_id = v.namespace_id AND s.repository_id = v.repository_id AND s.subject = v.digest
             WHERE v.id {db.Among("ids")}
            """, ids);
        await ReviewUsageAsync(tx, ids);
        await Reviews.AddAsync(tx, $"SELECT DISTINCT 'content', 0, 0, v.digest, now_ms() FROM gc_review v WHERE v.id {db.Among("ids")}", ids);
        await tx.ExecuteAsync($"UPDATE tag SET collected_ms = now_ms() WHERE (namespace_id, repository_id, digest) IN {these} AND ended_ms IS NOT NULL AND collected_ms IS NULL", ids);
        await tx.ExecuteAsync($"DELETE FROM manifest_ref WHERE (namespace_id, repository_id, manifest) IN {these}", ids);
        await tx.ExecuteAsync($"DELETE FROM label WHERE (namespace_id, repository_id, manifest) IN {these}", ids);
        await tx.ExecuteAsync($"DELETE FROM pull_count WHERE (namespace_id, repository_id, digest) IN {these} AND tag = ''", ids);
        await tx.ExecuteAsync($"DELETE FROM digest_lease WHERE (namespace_id, repository_id, digest) IN {these}", ids);
        await tx.ExecuteAsync($"DELETE FROM manifest_link WHERE (namespace_id, repository_id, digest) IN {these}", ids);
        await CountAsync(tx, gone.Count, 0, 0, 0);
        await TellAsync(tx, gone, "manifests");
    }

    private string LockContents => $"SELECT v.id FROM gc_review v JOIN manifest m ON m.digest = v.digest WHERE v.id {db.Among("ids")} ORDER BY m.digest {db.ForUpdateSkipLocked}";

    private string ReadContents => $"""
        SELECT v.id, v.namespace_id, v.repository_id, v.digest, CASE WHEN EXISTS (SELECT 1 FROM manifest_link l WHERE l.digest = m.digest) THEN 1 ELSE 0 END, NULL, 0, 1, now_ms()
          FROM gc_review v JOIN manifest m ON m.digest = v.digest WHERE v.id {db.Among("ids")}
        """;

    private async ValueTask RemoveContentsAsync(Tx tx, long[] reviews) =>
        await tx.ExecuteAsync($"DELETE FROM manifest WHERE digest IN (SELECT v.digest FROM gc_review v WHERE v.id {db.Among("ids")})", ("ids", reviews));
}
