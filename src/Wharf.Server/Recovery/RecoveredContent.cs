using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.Recovery;

/// <summary>
/// Tells what the collector had removed (the journal does not say that) from what was lost, and has the collector look at all that may be
/// garbage. Content whose bytes are missing was collected when nothing holds it.
/// </summary>
internal sealed class RecoveredContent(Database db)
{
    private static readonly string s_isHeld = $"""
        EXISTS (SELECT 1 FROM namespace n WHERE n.id = l.namespace_id AND (
               coalesce(l.pinned_ms, l.linked_ms) + n.tag_expiration_s * 1000 > now_ms()
            OR {IsTagged("l.digest")}
            OR {IsTagged("l.subject")}
            OR EXISTS (SELECT 1 FROM manifest_ref p WHERE p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.digest = l.digest AND p.kind = 'child' AND {IsTagged("p.manifest")})
            OR EXISTS (SELECT 1 FROM digest_lease d WHERE d.namespace_id = l.namespace_id AND d.repository_id = l.repository_id AND d.digest = l.digest AND d.expires_ms > now_ms())))
        """;

    // By a live tag, or by one that can be had back; each of the two has an index.
    private static string IsTagged(string digest) => $"""
        (EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = {digest} AND t.ended_ms IS NULL)
         OR EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = {digest}
                       AND t.ended_ms IS NOT NULL AND t.collected_ms IS NULL AND t.ended_ms > now_ms() - n.tag_expiration_s * 1000))
        """;

    /// <param name="lost">How many placements have no object.</param>
    /// <returns>What is lost that somebody needs, in words.</returns>
    public async Task<List<string>> SettleAsync(long lost, int most, CancellationToken ct)
    {
        if (lost > 0)
            await db.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync($"""
                    DELETE FROM manifest_link AS l
                     WHERE EXISTS (SELECT 1 FROM manifest_ref r JOIN blob_placement p ON p.digest = r.digest AND p.state = 'lost'
                                    WHERE r.namespace_id = l.namespace_id AND r.repository_id = l.repository_id AND r.manifest = l.digest AND r.kind = 'blob')
                       AND NOT {s_isHeld}
                    """);
                foreach (var (table, column) in ((string, string)[])[("manifest_ref", "manifest"), ("label", "manifest")])
                    await tx.ExecuteAsync($"DELETE FROM {table} AS r WHERE NOT EXISTS (SELECT 1 FROM manifest_link l WHERE l.namespace_id = r.namespace_id AND l.repository_id = r.repository_id AND l.digest = r.{column})");
                await tx.ExecuteAsync("""
                    DELETE FROM repository_blob AS b
                     WHERE EXISTS (SELECT 1 FROM blob_placement p WHERE p.digest = b.digest AND p.state = 'lost')
                       AND NOT EXISTS (SELECT 1 FROM manifest_ref r WHERE r.namespace_id = b.namespace_id AND r.repository_id = b.repository_id AND r.digest = b.digest)
                    """);
                await tx.ExecuteAsync("DELETE FROM blob_placement WHERE state = 'lost' AND NOT EXISTS (SELECT 1 FROM repository_blob b WHERE b.digest = blob_placement.digest)");
                return await tx.ExecuteAsync("DELETE FROM blob WHERE NOT EXISTS (SELECT 1 FROM blob_placement p WHERE p.digest = blob.digest) AND NOT EXISTS (SELECT 1 FROM repository_blob b WHERE b.digest = blob.digest)");
            }, ct);

        var dangling = await db.ListAsync($"""
            SELECT n.name, r.name, t.name, t.digest
              FROM tag t JOIN repository r ON r.id = t.repository_id JOIN namespace n ON n.id = t.namespace_id
             WHERE t.ended_ms IS NULL AND NOT EXISTS (SELECT 1 FROM manifest_link l WHERE l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest)
             LIMIT {most.ToString(CultureInfo.InvariantCulture)}
            """, static r => $"The tag {r.GetString(0)}/{r.GetString(1)}:{r.GetString(2)} was ended: its manifest {new Digest(r.GetFieldValue<byte[]>(3))} is not there.", ct);
        var missing = await db.ListAsync($"""
            SELECT p.digest, b.size, (SELECT min(n.name || '/' || r.name) FROM repository_blob x JOIN repository r ON r.id = x.repository_id JOIN namespace n ON n.id = x.namespace_id WHERE x.digest = p.digest)
              FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.state = 'lost' ORDER BY p.digest LIMIT {most.ToString(CultureInfo.InvariantCulture)}
            """, static r => $"The bytes of the blob {new Digest(r.GetFieldValue<byte[]>(0))} ({r.GetInt64(1)} bytes, in {(r.IsDBNull(2) ? "no repository" : r.GetString(2))}) are missing; the next push of it brings them back.", ct);

        await db.WriteAsync(async tx =>
        {
            // History that outlived its content says so.
            await tx.ExecuteAsync("""
                UPDATE tag SET collected_ms = now_ms(), ended_ms = coalesce(ended_ms, CASE WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END)
                 WHERE collected_ms IS NULL AND NOT EXISTS (SELECT 1 FROM manifest_link l WHERE l.namespace_id = tag.namespace_id AND l.repository_id = tag.repository_id AND l.digest = tag.digest)
                """);
            foreach (var rows in (string[])[
                "SELECT 'manifest', l.namespace_id, l.repository_id, l.digest, now_ms() FROM manifest_link l WHERE NOT EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = l.digest AND t.ended_ms IS NULL)",
                "SELECT 'link', b.namespace_id, b.repository_id, b.digest, now_ms() FROM repository_blob b WHERE NOT EXISTS (SELECT 1 FROM manifest_ref r WHERE r.namespace_id = b.namespace_id AND r.repository_id = b.repository_id AND r.digest = b.digest)",
                $"SELECT 'blob', 0, 0, digest, now_ms() FROM blob WHERE NOT EXISTS (SELECT 1 FROM repository_blob l WHERE l.digest = blob.digest) AND NOT EXISTS (SELECT 1 FROM blob_placement p WHERE p.digest = blob.digest AND {Placements.IsForeign("p.storage_key")})",
                "SELECT 'content', 0, 0, digest, now_ms() FROM manifest WHERE NOT EXISTS (SELECT 1 FROM manifest_link l WHERE l.digest = manifest.digest)",
                "SELECT 'repository', r.namespace_id, r.id, @nothing, r.deleted_ms + n.tag_expiration_s * 1000 FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE r.deleted_ms IS NOT NULL",
                "SELECT 'namespace', id, 0, @nothing, deleted_ms + tag_expiration_s * 1000 FROM namespace WHERE deleted_ms IS NOT NULL AND kind <> 'robot'",
                ])
                await Reviews.AddAsync(tx, rows, rows.Contains("@nothing", StringComparison.Ordinal) ? [("nothing", Array.Empty<byte>())] : []);
            return 0;
        }, ct);
        return [.. dangling, .. missing];
    }
}
