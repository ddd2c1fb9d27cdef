using Wharf.Server.Content;
using Wharf.Server.Data;

namespace Wharf.Server.Immutability;

/// <summary>
/// Makes the tags immutable that a policy is about and that were there before it. No push escapes: 1. The policy and a new version are
/// committed. 2. The applier takes a turn on all tags of a repository and gives it back: whoever judged by an older version has the lock
/// on its tag from before it judged until it is committed, and so is through now; whoever comes later sees the version. 3. The tags are
/// read and matched, outside of any lock, and marked in batches. How far it has come is stored with each, so that any process goes on
/// after a crash. Where two do the same, or the policy is changed meanwhile, one finds another place than it left and does nothing.
/// </summary>
internal sealed class PolicyApplier(Database db, ContentStore content, TimeProvider clock)
{
    /// <summary>Tags are locked for as long as one batch takes to be marked.</summary>
    private const int BatchSize = 1000;

    /// <summary>How many repositories are waited for at once.</summary>
    private const int ChunkSize = 100;

    /// <summary>Applies what waits, or one policy.</summary>
    /// <param name="uuid">Only this one; null for all.</param>
    /// <param name="time">Not longer than this and one batch.</param>
    /// <returns>Whether all of it is done.</returns>
    public async Task<bool> ApplyAsync(string? uuid, TimeSpan time, CancellationToken ct)
    {
        var started = clock.GetTimestamp();
        while (await FindAsync(uuid, ct) is { } job)
        {
            if (clock.GetElapsedTime(started) > time)
                return false;
            var repositories = await RepositoriesAsync(job, ct);
            if (repositories.Count == 0)
            {
                await FinishAsync(job, ct);
                continue;
            }
            await WaitForPushesAsync(repositories, ct);
            var place = (Job?)job;
            while (place is { } at && at.NextRepository <= repositories[^1])
            {
                if (clock.GetElapsedTime(started) > time)
                    return false;
                place = await StepAsync(at, repositories[0], repositories[^1], ct);
            }
        }
        return true;
    }

    private ValueTask<Job?> FindAsync(string? uuid, CancellationToken ct) => db.OneAsync($"""
        SELECT p.uuid, p.namespace_id, p.repository_id, p.pattern, p.matches, p.created_by, p.version, p.next_repository, p.next_tag, n.name
          FROM immutability_policy p JOIN namespace n ON n.id = p.namespace_id
         WHERE p.applied_ms IS NULL{(uuid is null ? "" : " AND p.uuid = @uuid")}
         ORDER BY p.created_ms, p.uuid LIMIT 1
        """, static r => new Job(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetString(3), r.GetInt64(4) == 1, r.GetInt64(5), r.GetInt64(6), r.GetInt64(7), r.GetString(8), r.GetString(9)),
        ct, uuid is null ? [] : [("uuid", uuid)]);

    /// <summary>The next ones; deleted ones are among them, since they may come back.</summary>
    private ValueTask<List<long>> RepositoriesAsync(Job job, CancellationToken ct) => db.ListAsync($"""
        SELECT id FROM repository WHERE namespace_id = @ns AND id >= @next AND purge_ms IS NULL AND (@repo = 0 OR id = @repo) ORDER BY id LIMIT {ChunkSize}
        """, static r => r.GetInt64(0), ct, ("ns", job.NamespaceId), ("next", job.NextRepository), ("repo", job.RepositoryId));

    private async Task WaitForPushesAsync(List<long> repositories, CancellationToken ct)
    {
        // Where writers take turns anyway, all that came before the policy are through.
        if (db.LockTags is not { } takeTurn)
            return;
        foreach (var repository in repositories)
            await db.WriteAsync(tx => tx.ExecuteAsync(takeTurn, ("repo", repository)), ct);
    }

    /// <summary>One batch; the place behind it, or null when somebody else was there.</summary>
    private async Task<Job?> StepAsync(Job job, long firstRepository, long lastRepository, CancellationToken ct)
    {
        var (pattern, problem) = TagPattern.Parse(job.Pattern);
        if (pattern is null)
            throw new InvalidOperationException($"The pattern {job.Pattern} of an immutability policy is not understood: {problem}");
        var policies = new Policies(job.Version, [(pattern, job.Matches)]);
        var (repository, after) = job.NextRepository < firstRepository ? (firstRepository, "") : (job.NextRepository, job.NextTag);
        var tags = await content.ListChangeableTagsAsync(job.NamespaceId, repository, after, lastRepository, BatchSize, ct);
        var chosen = tags.Where(t => policies.Protect(t.Name)).GroupBy(static t => t.RepositoryId, static t => t.Name).OrderBy(static g => g.Key).ToList();
        var next = tags.Count == BatchSize ? job with { NextRepository = tags[^1].RepositoryId, NextTag = tags[^1].Name } : job with { NextRepository = lastRepository + 1, NextTag = "" };
        return await db.WriteAsync(async tx =>
        {
            if (await MoveAsync(tx, job, next, "") == 0)
                return null;
            foreach (var of in chosen)
            {
                var count = await content.MakeImmutableAsync(tx, job.NamespaceId, of.Key, [.. of]);
                if (count == 0)
                    continue;
                var name = await tx.OneAsync("SELECT name FROM repository WHERE id = @repo", static r => r.GetString(0), ("repo", of.Key));
                var scope = new PolicyScope(job.NamespaceId, of.Key, job.Namespace, name);
                await PolicyStore.TellAsync(tx, "tag.made_immutable", scope, new PolicyPayload(job.By, job.Namespace, job.Uuid, job.Pattern, job.Matches) { Repo = name, Count = count });
            }
            return next;
        }, ct);
    }

    private Task<int> FinishAsync(Job job, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await MoveAsync(tx, job, job, ", applied_ms = now_ms()") == 1)
            await PolicyStore.TellAsync(tx, "immutability.applied", new PolicyScope(job.NamespaceId, job.RepositoryId, job.Namespace, null),
                new PolicyPayload(job.By, job.Namespace, job.Uuid, job.Pattern, job.Matches));
        return 0;
    }, ct);

    private static ValueTask<int> MoveAsync(Tx tx, Job from, Job to, string more) => tx.ExecuteAsync($"""
        UPDATE immutability_policy SET next_repository = @repo, next_tag = @tag{more}
         WHERE uuid = @uuid AND version = @version AND next_repository = @from_repo AND next_tag = @from_tag AND applied_ms IS NULL
        """, ("repo", to.NextRepository), ("tag", to.NextTag), ("uuid", from.Uuid), ("version", from.Version), ("from_repo", from.NextRepository), ("from_tag", from.NextTag));

    private sealed record Job(string Uuid, long NamespaceId, long RepositoryId, string Pattern, bool Matches, long By, long Version, long NextRepository, string NextTag, string Namespace);
}
