using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.Repositories;

namespace Wharf.Server.Content;

internal sealed partial class Collector
{
    /// <summary>
    /// A deleted repository whose window has passed goes in steps, one batch each, so that no transaction is long: its manifests, its
    /// links, its tags, and then the repository itself. From the first step on it cannot be restored. Leases keep all of it, and so does
    /// a hold on anything in it, also between two steps.
    /// </summary>
    private async ValueTask<Collected> ReviewRepositoryAsync(Tx tx, int count)
    {
        var review = await NextAsync(tx, "repository");
        if (review.Id == 0)
            return default;
        var (ns, repo) = (("ns", (object?)review.NamespaceId), ("repo", (object?)review.RepositoryId));
        await tx.ExecuteAsync(LegalHolds.Lock(db), ns);
        if (await tx.OneAsync($"SELECT 1 FROM repository WHERE id = @repo {db.ForUpdateSkipLocked}", static r => r.GetInt32(0), repo) == 0)
            return await tx.OneAsync("SELECT 1 FROM repository WHERE id = @repo", static r => r.GetInt32(0), repo) == 0 ? await DoneAsync(tx, review) : await AgainAsync(tx, review, null);
        var (due, purging) = await tx.OneAsync("""
            SELECT r.deleted_ms + n.tag_expiration_s * 1000, r.purge_ms FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE r.id = @repo
            """, static r => (r.IsDBNull(0) ? (long?)null : r.GetInt64(0), !r.IsDBNull(1)), repo);
        // Whoever lifts the hold has it looked at again.
        if (due is not { } dueMs || await tx.OneAsync($"SELECT 1 WHERE {LegalHolds.InRepository}", static r => r.GetInt32(0), ns, repo) == 1)
            return await DoneAsync(tx, review);
        var leased = await tx.OneAsync("SELECT max(expires_ms) FROM digest_lease WHERE namespace_id = @ns AND repository_id = @repo AND expires_ms > now_ms()", static r => Number(r, 0), ns, repo);
        if (leased is not null || (!purging && dueMs > review.NowMs))
            return await AgainAsync(tx, review, Math.Max(leased ?? 0, dueMs));
        if (!purging)
            await tx.ExecuteAsync("UPDATE repository SET purge_ms = now_ms() WHERE id = @repo", repo);

        foreach (var (kind, table, collectAsync) in ((string, string, Func<Tx, long[], ValueTask>)[])[("manifest", "manifest_link", CollectManifestsAsync), ("link", "repository_blob", UnlinkAsync)])
        {
            var reviews = await tx.ListAsync($"""
                INSERT INTO gc_review (kind, namespace_id, repository_id, digest, due_ms)
                SELECT '{kind}', namespace_id, repository_id, digest, now_ms() FROM {table} WHERE namespace_id = @ns AND repository_id = @repo LIMIT @count
                RETURNING id
                """, static r => r.GetInt64(0), ns, repo, ("count", count));
            if (reviews.Count == 0)
                continue;
            await collectAsync(tx, [.. reviews]);
            await tx.ExecuteAsync($"DELETE FROM gc_review WHERE id {db.Among("ids")}", ("ids", reviews.ToArray()));
            return new Collected(reviews.Count, 0, reviews.Count, 0);
        }
        foreach (var (table, key) in ((string, string)[])[("tag", "name, started_ms"), ("pull_count", "tag, digest"), ("repository_day", "day")])
        {
            var rows = await tx.ExecuteAsync($"""
                DELETE FROM {table} WHERE namespace_id = @ns AND repository_id = @repo AND ({key}) IN (
                       SELECT {key} FROM {table} WHERE namespace_id = @ns AND repository_id = @repo LIMIT @count)
                """, ns, repo, ("count", count));
            if (rows > 0)
                return new Collected(rows, 0, rows, 0);
        }
        await RepositoryStore.PurgeAsync(tx, review.NamespaceId, review.RepositoryId);
        return await DoneAsync(tx, review, removed: 1);
    }

    /// <summary>
    /// A deleted namespace whose window has passed loses its repositories first and then what the other slices have about it; its row
    /// stays, since its number is in the history. One that is not deleted has another window than before: what waits is dated anew,
    /// one repository a step (the review's repository is the last one).
    /// </summary>
    private async ValueTask<Collected> ReviewNamespaceAsync(Tx tx)
    {
        var review = await NextAsync(tx, "namespace");
        if (review.Id == 0)
            return default;
        var (ns, last) = (("ns", (object?)review.NamespaceId), ("last", (object?)review.RepositoryId));
        if (await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @ns {db.ForUpdateSkipLocked}", static r => r.GetInt32(0), ns) == 0)
            return await AgainAsync(tx, review, null);
        var (windowMs, deletedMs, purging, name) = await tx.OneAsync("SELECT tag_expiration_s * 1000, deleted_ms, purge_ms, name FROM namespace WHERE id = @ns",
            static r => (r.GetInt64(0), r.IsDBNull(1) ? (long?)null : r.GetInt64(1), !r.IsDBNull(2), r.GetString(3)), ns);
        if (deletedMs is { } deleted)
        {
            if (await tx.OneAsync($"SELECT 1 WHERE {LegalHolds.InNamespace}", static r => r.GetInt32(0), ns) == 1)
                return await DoneAsync(tx, review);
            if (!purging && deleted + windowMs > review.NowMs)
                return await AgainAsync(tx, review, deleted + windowMs);
            if (!purging)
                await tx.ExecuteAsync("UPDATE namespace SET purge_ms = now_ms() WHERE id = @ns", ns);
            var next = await tx.ListAsync("SELECT id FROM repository WHERE namespace_id = @ns AND id > @last ORDER BY id LIMIT 500", static r => r.GetInt64(0), ns, last);
            if (next.Count > 0)
            {
                var ids = ("ids", (object?)next.ToArray());
                await tx.ExecuteAsync($"UPDATE repository SET deleted_ms = @deleted WHERE id {db.Among("ids")} AND deleted_ms IS NULL", ids, ("deleted", deleted));
                await Reviews.AddAsync(tx, $"SELECT 'repository', namespace_id, id, @none, now_ms() FROM repository WHERE id {db.Among("ids")}", ids, ("none", Array.Empty<byte>()));
                return await MoveAsync(tx, review, next[^1], review.NowMs);
            }
            if (await tx.OneAsync("SELECT 1 FROM repository WHERE namespace_id = @ns LIMIT 1", static r => r.GetInt32(0), ns) == 1)
                return await AgainAsync(tx, review, null);
            foreach (var purge in purges)
                await purge.Run(tx, review.NamespaceId);
            await Events.AddAsync(tx, "organization.purged", review.NamespaceId, null, null, $$"""{"by":0,"name":"{{name}}"}""");
            return await DoneAsync(tx, review, removed: 1);
        }

        var repository = await tx.OneAsync("SELECT id FROM repository WHERE namespace_id = @ns AND id > @last ORDER BY id LIMIT 1", static r => r.GetInt64(0), ns, last);
        if (repository == 0)
            return await DoneAsync(tx, review);
        var (repo, window) = (("repo", (object?)repository), ("window", (object?)windowMs));
        await Reviews.AddAsync(tx, """
            SELECT 'manifest', namespace_id, repository_id, digest, max(ended_ms) + @window FROM tag
             WHERE namespace_id = @ns AND repository_id = @repo AND ended_ms IS NOT NULL AND collected_ms IS NULL GROUP BY namespace_id, repository_id, digest
            """, ns, repo, window);
        await Reviews.AddAsync(tx, """
            SELECT 'manifest', namespace_id, repository_id, digest, coalesce(pinned_ms, linked_ms) + @window FROM manifest_link
             WHERE namespace_id = @ns AND repository_id = @repo AND (pinned_ms IS NULL OR pinned_ms > 0)
            """, ns, repo, window);
        await Reviews.AddAsync(tx, "SELECT 'repository', namespace_id, id, @none, deleted_ms + @window FROM repository WHERE id = @repo AND deleted_ms IS NOT NULL",
            repo, window, ("none", Array.Empty<byte>()));
        return await MoveAsync(tx, review, repository, review.NowMs);
    }

    /// <summary>Has a page of what a repository has looked at after a hold was lifted; the review's digest is the last of the page before.</summary>
    private async ValueTask<Collected> ReviewLiftedAsync(Tx tx, int count)
    {
        var review = await NextAsync(tx, "lifted");
        if (review.Id == 0)
            return default;
        var (ns, repo, after) = (("ns", (object?)review.NamespaceId), ("repo", (object?)review.RepositoryId), ("after", (object?)review.Digest));
        const string Rows = "namespace_id = @ns AND repository_id = @repo AND digest > @after";
        var page = await tx.ListAsync($"""
            SELECT digest FROM (
                   SELECT * FROM (SELECT digest FROM manifest_link WHERE {Rows} ORDER BY digest LIMIT @count) manifests
                   UNION SELECT * FROM (SELECT digest FROM repository_blob WHERE {Rows} ORDER BY digest LIMIT @count) links) both_kinds
             ORDER BY digest LIMIT @count
            """, static r => r.GetFieldValue<byte[]>(0), ns, repo, after, ("count", count));
        if (page.Count == 0)
            return await DoneAsync(tx, review);
        foreach (var (kind, table) in ((string, string)[])[("manifest", "manifest_link"), ("link", "repository_blob")])
            await Reviews.AddAsync(tx, $"SELECT '{kind}', namespace_id, repository_id, digest, now_ms() FROM {table} WHERE {Rows} AND digest <= @last", ns, repo, after, ("last", page[^1]));
        await tx.ExecuteAsync("UPDATE gc_review SET digest = @last, due_ms = now_ms() WHERE id = @id", ("last", page[^1]), ("id", review.Id));
        return new Collected(1, 0, 0, 1);
    }

    private ValueTask<Review> NextAsync(Tx tx, string kind) => tx.OneAsync($"""
        SELECT id, namespace_id, repository_id, now_ms(), digest FROM gc_review WHERE kind = @kind AND due_ms <= now_ms() ORDER BY due_ms LIMIT 1 {db.ForUpdateSkipLocked}
        """, static r => new Review(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetFieldValue<byte[]>(4)), ("kind", kind));

    private static async ValueTask<Collected> DoneAsync(Tx tx, Review review, int removed = 0)
    {
        await tx.ExecuteAsync("DELETE FROM gc_review WHERE id = @id", ("id", review.Id));
        return new Collected(1, 0, removed, 0);
    }

    private static ValueTask<Collected> AgainAsync(Tx tx, Review review, long? dueMs) => MoveAsync(tx, review, review.RepositoryId, dueMs ?? review.NowMs + AgainMs);

    private static async ValueTask<Collected> MoveAsync(Tx tx, Review review, long repository, long dueMs)
    {
        await tx.ExecuteAsync("UPDATE gc_review SET due_ms = @due, repository_id = @repo WHERE id = @id", ("due", dueMs), ("repo", repository), ("id", review.Id));
        return new Collected(1, 0, 0, 1);
    }

    private readonly record struct Review(long Id, long NamespaceId, long RepositoryId, long NowMs, byte[] Digest);
}
