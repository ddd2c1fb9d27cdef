using Wharf.Server.Data;

namespace Wharf.Server.Content;

internal sealed partial class Collector
{
    private string LockUsages => $"""
        SELECT v.id FROM gc_review v JOIN usage_blob u ON u.namespace_id = v.namespace_id AND u.quota_id = v.repository_id AND u.digest = v.digest
         WHERE v.id {db.Among("ids")} ORDER BY u.namespace_id, u.quota_id, u.digest {db.ForUpdateSkipLocked}
        """;

    // The repository of such a review is the quota.
    private string ReadUsages => $"""
        SELECT v.id, v.namespace_id, v.repository_id, v.digest, CASE WHEN {IsUsed("u")} THEN 1 ELSE 0 END, NULL, 0, 1, now_ms()
          FROM gc_review v JOIN usage_blob u ON u.namespace_id = v.namespace_id AND u.quota_id = v.repository_id AND u.digest = v.digest
         WHERE v.id {db.Among("ids")}
        """;

    /// <summary>SQL for whether any of the repositories that a row of usage_blob counts for has the content.</summary>
    internal static string IsUsed(string row) => string.Join(" OR ", ((string[])["repository_blob", "manifest_link"]).Select(table => $"""
        EXISTS (SELECT 1 FROM {table} l WHERE l.digest = {row}.digest AND l.namespace_id = {row}.namespace_id AND ({row}.quota_id = 0
                OR EXISTS (SELECT 1 FROM quota q JOIN repository r ON r.id = l.repository_id WHERE q.id = {row}.quota_id AND substr(r.name, 1, length(q.prefix)) = q.prefix)))
        """));

    /// <summary>Has it looked at whether the namespace still has what left one of its repositories.</summary>
    private ValueTask<int> ReviewUsageAsync(Tx tx, (string, object?) ids) => Reviews.AddAsync(tx, $"""
        SELECT DISTINCT 'usage', u.namespace_id, u.quota_id, u.digest, now_ms() FROM gc_review v JOIN usage_blob u ON u.namespace_id = v.namespace_id AND u.digest = v.digest
         WHERE v.id {db.Among("ids")}
        """, ids);

    private async ValueTask UncountAsync(Tx tx, long[] reviews)
    {
        var ids = ("ids", (object?)reviews);
        var these = $"SELECT v.namespace_id, v.repository_id, v.digest FROM gc_review v WHERE v.id {db.Among("ids")}";
        await tx.ExecuteAsync($"""
            INSERT INTO usage_delta (namespace_id, quota_id, bytes)
            SELECT namespace_id, quota_id, -sum(bytes) FROM usage_blob WHERE folded = 1 AND (namespace_id, quota_id, digest) IN ({these}) GROUP BY namespace_id, quota_id
            """, ids);
        await tx.ExecuteAsync($"DELETE FROM usage_blob WHERE (namespace_id, quota_id, digest) IN ({these})", ids);
    }
}
