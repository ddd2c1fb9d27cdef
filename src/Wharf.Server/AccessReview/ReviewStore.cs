using Wharf.Server.Data;

namespace Wharf.Server.AccessReview;

/// <summary>Every way in which somebody has access, page by page. Each part goes on behind a key in the order of an index, so that the last page of a million grants costs what the first one does.</summary>
internal sealed class ReviewStore(Database db, TimeProvider clock)
{
    private const long DayMs = 86_400_000;

    // Who it is, and of whom something is to be said: the subject is n, a person's account a, a robot b of x, whose account is xa.
    private const string Columns = """
        n.name, CASE WHEN b.id IS NULL THEN 0 ELSE 1 END, coalesce(a.last_used_ms, b.last_used_ms),
        CASE WHEN a.enabled = 0 OR a.verified = 0 OR xa.enabled = 0 OR b.expires_ms <= now_ms() THEN 1 ELSE 0 END
        """;

    private const string Subject = """
        LEFT JOIN account a ON a.id = n.id
        LEFT JOIN robot b ON b.id = n.id
        LEFT JOIN account xa ON xa.id = b.namespace_id
        """;

    private const string Unused = "(@unused = 0 OR coalesce(a.last_used_ms, b.last_used_ms, n.created_ms) <= @unused)";

    private static readonly string[] s_all = Queries(false);
    private static readonly string[] s_ofOne = Queries(true);

    public static int Parts => 4;

    /// <summary>The entries behind a place, at most so many; fewer only at the end.</summary>
    /// <param name="namespaceId">Of which organization, or 0 for the whole registry.</param>
    /// <param name="unusedDays">Only accounts that were not used, and made, for so many days; or 0.</param>
    public async ValueTask<List<ReviewEntry>> ListAsync(long namespaceId, ReviewPlace after, int unusedDays, int count, CancellationToken ct)
    {
        var unused = unusedDays == 0 ? 0 : clock.GetUtcNow().ToUnixTimeMilliseconds() - unusedDays * DayMs;
        var queries = namespaceId == 0 ? s_all : s_ofOne;
        var entries = new List<ReviewEntry>();
        for (var part = after.Part; part < Parts && entries.Count < count; part++)
        {
            var number = part;
            var from = part == after.Part ? after : new ReviewPlace(part, namespaceId, 0, 0, 0);
            entries.AddRange(await db.ListAsync(queries[part],
                r => new ReviewEntry(
                    new(number, r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3)), r.GetString(4), Text(r, 5), r.GetString(6), r.GetInt64(7) == 1,
                    r.GetString(10), r.GetString(11), Text(r, 12), Text(r, 13), Number(r, 14), Number(r, 8), r.GetInt64(9) == 1),
                ct, ("only", namespaceId), ("ns", from.NamespaceId), ("repo", from.RepositoryId), ("team", from.TeamId), ("account", from.AccountId), ("unused", unused), ("count", count - entries.Count)));
        }
        return entries;

        static string? Text(System.Data.Common.DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
        static long? Number(System.Data.Common.DbDataReader r, int column) => r.IsDBNull(column) ? null : r.GetInt64(column);
    }

    private static string[] Queries(bool ofOne)
    {
        string only(string column) => ofOne ? $"{column} = @only AND" : "";
        const string role = "CASE g.role WHEN 3 THEN 'admin' WHEN 2 THEN 'write' ELSE 'read' END";
        string[] queries =
        [
            // People, in whose namespace there is something.
            $"""
            SELECT n.id, 0, 0, n.id, n.name, NULL, {Columns}, 'namespace_owner', 'admin', NULL, NULL, NULL
              FROM namespace n {Subject}
             WHERE {only("n.id")} n.id > @account AND n.kind = 'user' AND n.deleted_ms IS NULL
               AND EXISTS (SELECT 1 FROM repository r WHERE r.namespace_id = n.id AND r.deleted_ms IS NULL) AND {Unused}
             ORDER BY n.id LIMIT @count
            """,
            // Teams that may do something in all of their organization.
            $"""
            SELECT t.namespace_id, 0, t.id, n.id, o.name, NULL, {Columns}, 'team_role', t.role, t.name, NULL,
                   (SELECT CASE WHEN h.from_ms > 0 THEN h.from_ms END FROM team_member_history h WHERE h.account_id = m.account_id AND h.team_id = m.team_id AND h.to_ms IS NULL)
              FROM team t
              JOIN namespace o ON o.id = t.namespace_id AND o.deleted_ms IS NULL
              JOIN team_member m ON m.team_id = t.id
              JOIN namespace n ON n.id = m.account_id AND n.deleted_ms IS NULL {Subject}
             WHERE {only("t.namespace_id")} t.role <> 'member' AND t.id >= @team AND (t.id > @team OR m.account_id > @account) AND {Unused}
             ORDER BY t.id, m.account_id LIMIT @count
            """,
            $"""
            SELECT g.namespace_id, g.repository_id, 0, n.id, o.name, r.name, {Columns}, 'grant', {role}, NULL, y.name, g.granted_ms
              FROM account_grant g
              JOIN namespace o ON o.id = g.namespace_id AND o.deleted_ms IS NULL
              JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
              JOIN namespace n ON n.id = g.account_id AND n.deleted_ms IS NULL {Subject}
              LEFT JOIN namespace y ON y.id = g.granted_by
             WHERE {only("g.namespace_id")} (g.namespace_id, g.repository_id, g.account_id) > (@ns, @repo, @account) AND {Unused}
             ORDER BY g.namespace_id, g.repository_id, g.account_id LIMIT @count
            """,
            $"""
            SELECT g.namespace_id, g.repository_id, g.team_id, n.id, o.name, r.name, {Columns}, 'team_grant', {role}, t.name, y.name, g.granted_ms
              FROM team_grant g
              JOIN namespace o ON o.id = g.namespace_id AND o.deleted_ms IS NULL
              JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
              JOIN team t ON t.id = g.team_id
              JOIN team_member m ON m.team_id = g.team_id
              JOIN namespace n ON n.id = m.account_id AND n.deleted_ms IS NULL {Subject}
              LEFT JOIN namespace y ON y.id = g.granted_by
             WHERE {only("g.namespace_id")} (g.namespace_id, g.repository_id, g.team_id) >= (@ns, @repo, @team)
               AND ((g.namespace_id, g.repository_id, g.team_id) > (@ns, @repo, @team) OR m.account_id > @account) AND {Unused}
             ORDER BY g.namespace_id, g.repository_id, g.team_id, m.account_id LIMIT @count
            """,
        ];
        return queries;
    }
}
