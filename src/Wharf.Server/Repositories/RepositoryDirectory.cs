using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Repositories;

/// <summary>Lists of repositories, and all that is shown of one. Changes are <see cref="RepositoryStore"/>'s.</summary>
internal sealed class RepositoryDirectory(Database db)
{
    private const string PastTheLast = "9223372036854775807";

    /// <summary>One page in the order of the ids. It takes as long as the page is large, whatever there is that the caller cannot see.</summary>
    public ValueTask<List<RepositoryEntry>> ListAsync(Principal principal, RepositoryFilter filter, bool withLastPush, long after, int count, CancellationToken ct) => db.ListAsync(
        $"""
        {Ids(principal, filter)}
        SELECT r.id, n.name, r.name, r.description, r.public, CASE r.state WHEN 'read_only' THEN 1 ELSE 0 END,
               CASE WHEN EXISTS (SELECT 1 FROM star s WHERE s.account_id = @me AND s.repository_id = r.id) THEN 1 ELSE 0 END,
               {(withLastPush ? "(SELECT max(t.started_ms) FROM tag t WHERE t.namespace_id = r.namespace_id AND t.repository_id = r.id)" : "NULL")}
          FROM page JOIN repository r ON r.id = page.id JOIN namespace n ON n.id = r.namespace_id
         ORDER BY r.id
        """,
        static r => new RepositoryEntry(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt64(4) == 1, r.GetInt64(5) == 1, r.GetInt64(6) == 1,
            r.IsDBNull(7) ? null : r.GetInt64(7)),
        ct, ("me", principal.AccountId), ("ns", filter.NamespaceId), ("after", after), ("count", count));

    /// <summary>All that is shown of a repository, but for its tags.</summary>
    public ValueTask<RepositoryDetails?> FindAsync(RepositoryAccess access, Principal principal, CancellationToken ct) => db.OneAsync("""
        SELECT r.description, r.public, CASE r.state WHEN 'read_only' THEN 1 ELSE 0 END, n.kind, n.tag_expiration_s,
               CASE WHEN EXISTS (SELECT 1 FROM star s WHERE s.account_id = @me AND s.repository_id = r.id) THEN 1 ELSE 0 END
          FROM repository r JOIN namespace n ON n.id = r.namespace_id
         WHERE r.id = @repo AND r.deleted_ms IS NULL
        """, static r => new RepositoryDetails(r.GetString(0), r.GetInt64(1) == 1, r.GetInt64(2) == 1, r.GetString(3) == "organization", r.GetInt64(4), r.GetInt64(5) == 1),
        ct, ("me", principal.AccountId), ("repo", access.RepositoryId));

    /// <summary>The tags that were moved last, each with the bytes of the blobs that its manifest names.</summary>
    public ValueTask<List<RepositoryTag>> TagsAsync(RepositoryAccess access, int count, CancellationToken ct) => db.ListAsync("""
        SELECT t.name, t.digest, t.started_ms, t.expires_ms,
               (SELECT sum(f.size) FROM manifest_ref f WHERE f.namespace_id = t.namespace_id AND f.repository_id = t.repository_id AND f.manifest = t.digest AND f.kind = 'blob')
          FROM tag t
         WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
         ORDER BY t.started_ms DESC LIMIT @count
        """, static r => new RepositoryTag(r.GetString(0), new Digest(r.GetFieldValue<byte[]>(1)), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.IsDBNull(4) ? null : Convert.ToInt64(r.GetValue(4))),
        ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("count", count));

    /// <summary>What was deleted from a namespace and can be had back, by name: of several with one name the last.</summary>
    public ValueTask<List<DeletedRepository>> ListDeletedAsync(long namespaceId, string after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT d.name, d.deleted_ms, d.until_ms, (SELECT b.name FROM namespace b WHERE b.id = d.deleted_by)
          FROM (SELECT r.name, r.deleted_ms, r.deleted_by, r.deleted_ms + n.tag_expiration_s * 1000 AS until_ms,
                       row_number() OVER (PARTITION BY r.name ORDER BY r.deleted_ms DESC, r.id DESC) AS nth
                  FROM repository r JOIN namespace n ON n.id = r.namespace_id
                 WHERE r.namespace_id = @ns AND r.deleted_ms > now_ms() - n.tag_expiration_s * 1000 AND r.purge_ms IS NULL AND r.name > @after) d
         WHERE d.nth = 1
         ORDER BY d.name LIMIT @count
        """, static r => new DeletedRepository(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetString(3)), ct,
        ("ns", namespaceId), ("after", after), ("count", count));

    // Branches that each begin in an index, in the order of ids, and end after one page. Where a branch goes through several
    // namespaces or teams, the key at which a full page of the one ends bounds what is read of it.
    private static string Ids(Principal principal, RepositoryFilter filter)
    {
        var live = $"r.deleted_ms IS NULL AND {VisibleRepositories.Namespace(principal)}";
        const string JoinNamespace = "JOIN namespace n ON n.id = r.namespace_id";
        if (filter.Starred)
            return $"""
                WITH page AS (
                    SELECT r.id FROM star s JOIN repository r ON r.id = s.repository_id {JoinNamespace}
                     WHERE s.account_id = @me AND s.repository_id > @after AND {VisibleRepositories.Condition(principal)}
                     ORDER BY s.repository_id LIMIT @count)
                """;
        string InNamespace(string column) => filter.NamespaceId != 0 ? $" AND {column} = @ns" : "";
        // An OAuth token that reads no repositories is shown what anyone is.
        if (!principal.Has(Scopes.RepoRead))
            return $"""
                WITH page AS (
                    SELECT r.id FROM repository r {JoinNamespace}
                     WHERE {(filter.Public ? "" : "1 = 0 AND ")}r.public = 1 AND r.id > @after{InNamespace("r.namespace_id")} AND {live} ORDER BY r.id LIMIT @count)
                """;
        if (filter.AllOfNamespace || VisibleRepositories.SeesAll(principal))
            return $"""
                WITH page AS (
                    SELECT r.id FROM repository r {JoinNamespace}
                     WHERE r.id > @after{InNamespace("r.namespace_id")} AND {live} ORDER BY r.id LIMIT @count)
                """;
        return $"""
            WITH administered AS MATERIALIZED (
                SELECT n.id, (SELECT x.id FROM repository x WHERE x.namespace_id = n.id AND x.deleted_ms IS NULL AND x.id > @after ORDER BY x.id LIMIT 1 OFFSET @count) AS last
                  FROM (SELECT id FROM namespace WHERE id = @me
                        UNION SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me AND t.role = 'admin') mine
                  JOIN namespace n ON n.id = mine.id
                 WHERE {VisibleRepositories.Namespace(principal)}{InNamespace("n.id")}),
            teams AS MATERIALIZED (
                SELECT m.team_id, (SELECT r.id FROM team_grant g JOIN repository r ON r.id = g.repository_id {JoinNamespace}
                                    WHERE g.team_id = m.team_id AND g.repository_id > @after AND {live} ORDER BY g.repository_id LIMIT 1 OFFSET @count) AS last
                  FROM team_member m JOIN team t ON t.id = m.team_id
                 WHERE m.account_id = @me{InNamespace("t.namespace_id")}),
            page AS (
                SELECT id FROM (
                    SELECT r.id FROM administered a JOIN repository r ON r.namespace_id = a.id AND r.deleted_ms IS NULL AND r.id > @after AND r.id <= coalesce(a.last, {PastTheLast})
                    UNION
                    SELECT r.id FROM teams a JOIN team_grant g ON g.team_id = a.team_id AND g.repository_id > @after AND g.repository_id <= coalesce(a.last, {PastTheLast})
                           JOIN repository r ON r.id = g.repository_id {JoinNamespace} WHERE {live}
                    UNION
                    SELECT id FROM (SELECT r.id FROM account_grant g JOIN repository r ON r.id = g.repository_id {JoinNamespace}
                                     WHERE g.account_id = @me AND g.repository_id > @after{InNamespace("g.namespace_id")} AND {live} ORDER BY g.repository_id LIMIT @count) granted
                    {(filter.Public ? $"""
                    UNION
                    SELECT id FROM (SELECT r.id FROM repository r {JoinNamespace}
                                     WHERE r.public = 1 AND r.id > @after{InNamespace("r.namespace_id")} AND {live} ORDER BY r.id LIMIT @count) shown
                    """ : "")}) found
                 ORDER BY id LIMIT @count)
            """;
    }
}
