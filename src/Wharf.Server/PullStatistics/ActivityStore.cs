using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.PullStatistics;

/// <summary>How often something was pushed to a repository and pulled from it, by day.</summary>
internal sealed class ActivityStore(Database db)
{
    /// <summary>So many days are shown, today among them.</summary>
    public const int Days = 90;

    // A little longer than they are shown.
    private const int KeptDays = Days + 10;

    /// <summary>The days on which anything happened, in order. A push is a tag that was pointed at something, however it was.</summary>
    public ValueTask<List<ActivityDay>> ListAsync(RepositoryAccess access, CancellationToken ct) => db.ListAsync($"""
        SELECT day, CAST(sum(pushes) AS BIGINT), CAST(sum(pulls) AS BIGINT) FROM (
               SELECT t.started_ms / 86400000 AS day, count(*) AS pushes, 0 AS pulls FROM tag t
                WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.started_ms >= (now_ms() / 86400000 - {Days - 1}) * 86400000 GROUP BY t.started_ms / 86400000
               UNION ALL
               SELECT d.day, 0, d.pulls FROM repository_day d WHERE d.namespace_id = @ns AND d.repository_id = @repo AND d.day > now_ms() / 86400000 - {Days}) happened
         GROUP BY day ORDER BY day
        """, static r => new ActivityDay(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId));

    /// <summary>Forgets days that are not shown any more.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(static tx => tx.ExecuteAsync($"""
        DELETE FROM repository_day WHERE (namespace_id, repository_id, day) IN (
               SELECT namespace_id, repository_id, day FROM repository_day WHERE day < now_ms() / 86400000 - {KeptDays} ORDER BY day LIMIT 1000)
        """), ct);
}

/// <param name="Day">Since 1970, UTC.</param>
internal sealed record ActivityDay(long Day, long Pushes, long Pulls);
