using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>
/// How many bytes namespaces hold (contract 11): each content counts once, however many repositories of the namespace have it, from when
/// the first one links it until the collector has taken it from the last one. A row for each is inserted by who links it; a worker
/// folds the rows into one number, for a number that all pushes change would be a queue of all pushes.
/// </summary>
internal sealed class Usage(Database db)
{
    private const int Page = 5000;

    /// <summary>SQL for the bytes that are used now: of what is folded, and of what came and went since.</summary>
    public static string Used(string ns, string quota) => $"""
        (coalesce((SELECT u.bytes FROM usage u WHERE u.namespace_id = {ns} AND u.quota_id = {quota}), 0)
         + coalesce((SELECT sum(b.bytes) FROM usage_blob b WHERE b.namespace_id = {ns} AND b.quota_id = {quota} AND b.folded = 0), 0)
         + coalesce((SELECT sum(d.bytes) FROM usage_delta d WHERE d.namespace_id = {ns} AND d.quota_id = {quota}), 0))
        """;

    /// <summary>Counts what the batch links. One that is counted already stays locked, so that the collector does not take it away meanwhile.</summary>
    public static void Count(Batch<Refusal> batch, RepositoryAccess to, byte[] digest, long bytes) => batch.Add("""
        INSERT INTO usage_blob (namespace_id, quota_id, digest, bytes, folded)
        SELECT @ns, s.id, @digest, @bytes, 0 FROM (
               SELECT CAST(0 AS BIGINT) AS id UNION ALL
               SELECT q.id FROM quota q JOIN repository r ON r.id = @repo WHERE q.namespace_id = @ns AND q.prefix <> '' AND substr(r.name, 1, length(q.prefix)) = q.prefix) s
         WHERE 1 = 1
        ON CONFLICT (namespace_id, quota_id, digest) DO UPDATE SET bytes = usage_blob.bytes WHERE 1 = 0
        """, ("ns", to.NamespaceId), ("repo", to.RepositoryId), ("digest", digest), ("bytes", bytes));

    /// <summary>The bytes that are used now.</summary>
    public ValueTask<long> GetAsync(UsageScope scope, CancellationToken ct) =>
        db.OneAsync($"SELECT CAST({Used("@ns", "@quota")} AS BIGINT)", static r => r.GetInt64(0), ct, ("ns", scope.NamespaceId), ("quota", scope.QuotaId));

    /// <summary>Folds what came and went lately, some thousand rows; returns how many.</summary>
    public async Task<int> FoldAsync(CancellationToken ct)
    {
        var scopes = await db.ListAsync("""
            SELECT DISTINCT namespace_id, quota_id FROM usage_blob WHERE folded = 0 UNION SELECT DISTINCT namespace_id, quota_id FROM usage_delta LIMIT 500
            """, static r => new UsageScope(r.GetInt64(0), r.GetInt64(1)), ct);
        var folded = 0;
        foreach (var scope in scopes)
            folded += await FoldAsync(scope, ct);
        return folded;
    }

    private Task<int> FoldAsync(UsageScope scope, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var (ns, quota) = (("ns", (object?)scope.NamespaceId), ("quota", (object?)scope.QuotaId));
        await tx.ExecuteAsync("INSERT INTO usage (namespace_id, quota_id, bytes, recount_ms) VALUES (@ns, @quota, 0, 0) ON CONFLICT (namespace_id, quota_id) DO NOTHING", ns, quota);
        // In the order in which a push takes them: the number, then the rows.
        if (await tx.OneAsync($"SELECT 1 FROM usage WHERE namespace_id = @ns AND quota_id = @quota {db.ForUpdateSkipLocked}", static r => r.GetInt32(0), ns, quota) == 0)
            return 0;
        var rows = await tx.ListAsync($"SELECT digest, bytes FROM usage_blob WHERE namespace_id = @ns AND quota_id = @quota AND folded = 0 LIMIT {Page} {db.ForUpdateSkipLocked}",
            static r => (Digest: r.GetFieldValue<byte[]>(0), Bytes: r.GetInt64(1)), ns, quota);
        if (rows.Count > 0)
            await tx.ExecuteAsync($"UPDATE usage_blob SET folded = 1 WHERE namespace_id = @ns AND quota_id = @quota AND digest {db.AmongBytes("digests")}",
                ns, quota, ("digests", rows.Select(static r => r.Digest).ToArray()));
        var gone = await tx.ListAsync("DELETE FROM usage_delta WHERE namespace_id = @ns AND quota_id = @quota RETURNING bytes", static r => r.GetInt64(0), ns, quota);
        await tx.ExecuteAsync("UPDATE usage SET bytes = bytes + @sum WHERE namespace_id = @ns AND quota_id = @quota", ns, quota, ("sum", rows.Sum(static r => r.Bytes) + gone.Sum()));
        await tx.ExecuteAsync("""
            INSERT INTO usage_day (namespace_id, quota_id, day_ms, bytes)
            SELECT namespace_id, quota_id, now_ms() / 86400000 * 86400000, bytes FROM usage WHERE namespace_id = @ns AND quota_id = @quota
            ON CONFLICT (namespace_id, quota_id, day_ms) DO UPDATE SET bytes = excluded.bytes
            """, ns, quota);
        return rows.Count + gone.Count;
    }, ct);

    /// <summary>Has everything of a scope compared with what its repositories link. What is missing is counted, what is too much goes.</summary>
    /// <returns>How many were missing, and how many look like too many, of which the collector decides.</returns>
    public async Task<(int Missing, int Surplus)> RecountAsync(UsageScope scope, CancellationToken ct)
    {
        var (ns, quota) = (("ns", (object?)scope.NamespaceId), ("quota", (object?)scope.QuotaId));
        var (missing, surplus) = (0, 0);
        var repositories = await db.ListAsync("""
            SELECT r.id FROM repository r WHERE r.namespace_id = @ns
               AND (@quota = 0 OR EXISTS (SELECT 1 FROM quota q WHERE q.id = @quota AND substr(r.name, 1, length(q.prefix)) = q.prefix))
             ORDER BY r.id
            """, static r => r.GetInt64(0), ct, ns, quota);
        foreach (var repository in repositories)
            foreach (var (table, size) in ((string, string)[])[("repository_blob", "SELECT b.size FROM blob b WHERE b.digest = l.digest"), ("manifest_link", "SELECT length(m.content) FROM manifest m WHERE m.digest = l.digest")])
            {
                byte[] last = [];
                while (true)
                {
                    var page = await db.ListAsync($"SELECT digest FROM {table} WHERE namespace_id = @ns AND repository_id = @repo AND digest > @last ORDER BY digest LIMIT {Page}",
                        static r => r.GetFieldValue<byte[]>(0), ct, ns, ("repo", repository), ("last", last));
                    if (page.Count == 0)
                        break;
                    last = page[^1];
                    missing += await db.WriteAsync(tx => tx.ExecuteAsync($"""
                        INSERT INTO usage_blob (namespace_id, quota_id, digest, bytes, folded)
                        SELECT @ns, @quota, l.digest, ({size}), 0 FROM {table} l
                         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest {db.AmongBytes("digests")}
                           AND NOT EXISTS (SELECT 1 FROM usage_blob u WHERE u.namespace_id = @ns AND u.quota_id = @quota AND u.digest = l.digest)
                         ORDER BY l.digest {db.ForKeyShare}
                        ON CONFLICT (namespace_id, quota_id, digest) DO NOTHING
                        """, ns, quota, ("repo", repository), ("digests", page.ToArray())), ct);
                }
            }
        byte[] after = [];
        while (true)
        {
            var page = await db.ListAsync($"SELECT digest FROM usage_blob WHERE namespace_id = @ns AND quota_id = @quota AND digest > @last ORDER BY digest LIMIT {Page}",
                static r => r.GetFieldValue<byte[]>(0), ct, ns, quota, ("last", after));
            if (page.Count == 0)
                break;
            after = page[^1];
            surplus += await db.WriteAsync(tx => Reviews.AddAsync(tx, $"""
                SELECT 'usage', u.namespace_id, u.quota_id, u.digest, now_ms() FROM usage_blob u
                 WHERE u.namespace_id = @ns AND u.quota_id = @quota AND u.digest {db.AmongBytes("digests")} AND NOT ({Collector.IsUsed("u")})
                """, ns, quota, ("digests", page.ToArray())), ct);
        }
        // A push that began before a quota with this prefix was there did not count for it.
        await db.WriteAsync(tx => tx.ExecuteAsync("""
            INSERT INTO usage (namespace_id, quota_id, bytes, counted_ms) VALUES (@ns, @quota, 0, now_ms())
            ON CONFLICT (namespace_id, quota_id) DO UPDATE SET counted_ms = now_ms(),
               recount_ms = (SELECT q.created_ms + 120000 FROM quota q WHERE q.id = @quota AND q.created_ms > now_ms() - 60000)
            """, ns, quota), ct);
        return (missing, surplus);
    }

    /// <summary>Scopes whose turn it is to be counted anew: those that somebody asked for, and those of which that was a day ago.</summary>
    public ValueTask<List<UsageScope>> ListDueAsync(CancellationToken ct) => db.ListAsync("""
        SELECT u.namespace_id, u.quota_id FROM usage u
         WHERE u.recount_ms <= now_ms() OR (u.recount_ms IS NULL AND (u.counted_ms IS NULL OR u.counted_ms < now_ms() - 86400000)) LIMIT 100
        """, static r => new UsageScope(r.GetInt64(0), r.GetInt64(1)), ct);

    /// <summary>Has all scopes of a namespace counted anew, or all that there are.</summary>
    public static ValueTask<int> QueueRecountAsync(Tx tx, long? namespaceId) => namespaceId is { } ns
        ? tx.ExecuteAsync("UPDATE usage SET recount_ms = 0 WHERE namespace_id = @ns", ("ns", ns)) : tx.ExecuteAsync("UPDATE usage SET recount_ms = 0");

    /// <summary>
    /// How many bytes the tags show now, with what indexes and subjects bring along. The rest of what is used is of the time machine, was
    /// pushed without a tag, or waits for the collector. Asked for anew at most every so often.
    /// </summary>
    public async Task<(long Bytes, long AtMs)> CurrentAsync(long namespaceId, TimeSpan maxAge, CancellationToken ct)
    {
        var ns = ("ns", (object?)namespaceId);
        var known = await db.OneAsync("SELECT current_bytes, current_ms FROM usage WHERE namespace_id = @ns AND quota_id = 0 AND current_ms > now_ms() - @age",
            static r => ((long, long)?)(r.GetInt64(0), r.GetInt64(1)), ct, ns, ("age", (long)maxAge.TotalMilliseconds));
        if (known is { } recent)
            return recent;
        var (bytes, at) = await db.OneAsync("""
            WITH RECURSIVE shown (repository_id, digest) AS (
                SELECT DISTINCT t.repository_id, t.digest FROM tag t JOIN repository r ON r.id = t.repository_id AND r.deleted_ms IS NULL
                 WHERE t.namespace_id = @ns AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
                UNION
                SELECT e.repository_id, e.target FROM shown s JOIN (
                       SELECT repository_id, manifest AS source, digest AS target FROM manifest_ref WHERE namespace_id = @ns AND kind = 'child'
                       UNION ALL
                       SELECT repository_id, subject, digest FROM manifest_link WHERE namespace_id = @ns AND subject IS NOT NULL AND deleted_ms IS NULL) e
                    ON e.repository_id = s.repository_id AND e.source = s.digest)
            SELECT CAST(coalesce(sum(u.bytes), 0) AS BIGINT), now_ms() FROM usage_blob u
             WHERE u.namespace_id = @ns AND u.quota_id = 0 AND u.digest IN (
                   SELECT s.digest FROM shown s
                   UNION
                   SELECT r.digest FROM shown s JOIN manifest_ref r ON r.namespace_id = @ns AND r.repository_id = s.repository_id AND r.manifest = s.digest AND r.kind = 'blob')
            """, static r => (r.GetInt64(0), r.GetInt64(1)), ct, ns);
        await db.WriteAsync(tx => tx.ExecuteAsync("UPDATE usage SET current_bytes = @bytes, current_ms = @at WHERE namespace_id = @ns AND quota_id = 0", ns, ("bytes", bytes), ("at", at)), ct);
        return (bytes, at);
    }

    /// <summary>What a scope used at the end of each of the last days, the oldest first; a day without a change has no row.</summary>
    public ValueTask<List<(long DayMs, long Bytes)>> ListDaysAsync(UsageScope scope, int days, CancellationToken ct) => db.ListAsync("""
        SELECT day_ms, bytes FROM usage_day WHERE namespace_id = @ns AND quota_id = @quota AND day_ms > now_ms() - @span ORDER BY day_ms
        """, static r => (r.GetInt64(0), r.GetInt64(1)), ct, ("ns", scope.NamespaceId), ("quota", scope.QuotaId), ("span", days * 86_400_000L));

    /// <summary>Forgets a namespace that is gone for good. Its content has gone before.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        foreach (var table in (string[])["usage_blob", "usage_delta", "usage", "usage_day"])
            await tx.ExecuteAsync($"DELETE FROM {table} WHERE namespace_id = @ns", ("ns", namespaceId));
    }
}
