using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>
/// Goes through all content, page by page, and enqueues what nothing seems to need and no review waits for. Whoever changes content
/// enqueues it already, so that from the second pass on this finds nothing; the first one, after an upgrade, finds what earlier
/// programs left.
/// </summary>
internal sealed class Inventory(Database db)
{
    private static readonly Table[] s_tables =
    [
        new("manifest", "manifest_link", """
            NOT EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = l.digest AND t.ended_ms IS NULL)
            AND NOT EXISTS (SELECT 1 FROM manifest_ref p WHERE p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.digest = l.digest AND p.kind = 'child')
            AND NOT EXISTS (SELECT 1 FROM manifest_link s WHERE s.namespace_id = l.namespace_id AND s.repository_id = l.repository_id AND s.digest = l.subject)
            AND NOT EXISTS (SELECT 1 FROM repository r WHERE r.id = l.repository_id AND r.purge_ms IS NOT NULL)
            """ + $" AND NOT {LegalHolds.OnManifest("l")}"),
        new("link", "repository_blob", """
            NOT EXISTS (SELECT 1 FROM manifest_ref r WHERE r.namespace_id = l.namespace_id AND r.repository_id = l.repository_id AND r.digest = l.digest AND r.kind = 'blob')
            AND NOT EXISTS (SELECT 1 FROM repository r WHERE r.id = l.repository_id AND r.purge_ms IS NOT NULL)
            """ + $" AND NOT {LegalHolds.OnRepository("l")}"),
        // What was adopted waits for a repository that has it.
        new("blob", "blob", $"NOT EXISTS (SELECT 1 FROM repository_blob r WHERE r.digest = l.digest) AND NOT EXISTS (SELECT 1 FROM blob_placement p WHERE p.digest = l.digest AND {Placements.IsForeign("p.storage_key")})", OnlyDigest: true),
        new("content", "manifest", "NOT EXISTS (SELECT 1 FROM manifest_link r WHERE r.digest = l.digest)", OnlyDigest: true),
    ];

    private (int Table, long Namespace, long Repository, byte[] Digest) _at = (0, 0, 0, []);

    /// <summary>One page; returns how many reviews were missing, and whether the pass goes on.</summary>
    public async Task<(int Missing, bool More)> PageAsync(int count, CancellationToken ct)
    {
        var table = s_tables[_at.Table];
        var key = table.OnlyDigest ? "0, 0, l.digest" : "l.namespace_id, l.repository_id, l.digest";
        var after = table.OnlyDigest ? "l.digest > @digest" : "(l.namespace_id, l.repository_id, l.digest) > (@ns, @repo, @digest)";
        (string, object?)[] args = table.OnlyDigest ? [("digest", _at.Digest), ("count", count)] : [("ns", _at.Namespace), ("repo", _at.Repository), ("digest", _at.Digest), ("count", count)];
        var order = table.OnlyDigest ? "l.digest" : key;
        var page = await db.ListAsync($"""
            SELECT {key}, CASE WHEN {table.Unheld} AND NOT EXISTS (SELECT 1 FROM gc_review v WHERE v.digest = l.digest AND v.kind = '{table.Kind}'
                   {(table.OnlyDigest ? "" : "AND v.namespace_id = l.namespace_id AND v.repository_id = l.repository_id")}) THEN 1 ELSE 0 END
              FROM {table.Name} l WHERE {after} ORDER BY {order} LIMIT @count
            """, static r => (Namespace: r.GetInt64(0), Repository: r.GetInt64(1), Digest: r.GetFieldValue<byte[]>(2), IsMissing: r.GetInt32(3) == 1), ct, args);
        var missing = page.Where(static row => row.IsMissing).Select(row => new object?[] { table.Kind, row.Namespace, row.Repository, row.Digest, 0L }).ToList();
        if (missing.Count > 0)
            await db.WriteAsync(async tx =>
            {
                await tx.AppendAsync("gc_review", ["kind", "namespace_id", "repository_id", "digest", "due_ms"], missing);
                return 0;
            }, ct);
        if (page.Count == count)
        {
            _at = (_at.Table, page[^1].Namespace, page[^1].Repository, page[^1].Digest);
            return (missing.Count, true);
        }
        _at = ((_at.Table + 1) % s_tables.Length, 0, 0, []);
        return _at.Table != 0 ? (missing.Count, true) : (missing.Count + await DeletedAsync(ct), false);
    }

    private Task<int> DeletedAsync(CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var none = ("none", (object?)Array.Empty<byte>());
        return await Reviews.AddAsync(tx, """
            SELECT 'repository', r.namespace_id, r.id, @none, 0 FROM repository r
             WHERE r.deleted_ms IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gc_review v WHERE v.digest = @none AND v.kind = 'repository' AND v.repository_id = r.id)
               AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = r.namespace_id AND h.repository_id IN (0, r.id))
            """, none)
            + await Reviews.AddAsync(tx, """
            SELECT 'namespace', n.id, 0, @none, 0 FROM namespace n
             WHERE n.deleted_ms IS NOT NULL AND n.kind <> 'robot' AND n.purge_ms IS NULL AND NOT EXISTS (SELECT 1 FROM gc_review v WHERE v.digest = @none AND v.kind = 'namespace' AND v.namespace_id = n.id)
               AND NOT EXISTS (SELECT 1 FROM legal_hold h WHERE h.lifted_ms IS NULL AND h.namespace_id = n.id)
            """, none);
    }, ct);

    private sealed record Table(string Kind, string Name, string Unheld, bool OnlyDigest = false);
}
