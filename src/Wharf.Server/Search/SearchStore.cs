using System.Data.Common;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Repositories;

namespace Wharf.Server.Search;

/// <summary>
/// Searches by name, each over what its caller may see. Names are of ASCII, and prefixes are ranges of the names' own indexes; only
/// the search for a part of a name uses LIKE, with every metacharacter of the caller's text escaped.
/// </summary>
internal sealed class SearchStore(Database db)
{
    /// <summary>No name is longer.</summary>
    public const int MaxLength = 255;

    // What matches best is ranked by stars and pushes too. A text that thousands of names contain ranks no more than these.
    private const int Candidates = 400;

    // Greater than any character of a name.
    private const string Above = "~";

    /// <summary>Repositories whose name contains the text: first the ones that are called so, then those that begin with it, those with a word that does, and the others; of these, the more starred and later pushed first.</summary>
    public ValueTask<List<FoundRepository>> RepositoriesAsync(Principal principal, string text, int offset, int count, CancellationToken ct) => db.ListAsync($"""
        WITH candidates AS (
            SELECT r.id, n.name AS ns, n.kind,
                   CASE WHEN r.name = @text OR n.name || '/' || r.name = @text THEN 0
                        WHEN r.name LIKE @prefix ESCAPE '!' OR n.name || '/' || r.name LIKE @prefix ESCAPE '!' THEN 1
                        WHEN r.name LIKE @slash ESCAPE '!' OR r.name LIKE @dash ESCAPE '!' OR r.name LIKE @dot ESCAPE '!' OR r.name LIKE @low ESCAPE '!' THEN 2
                        ELSE 3 END AS rank
              FROM repository r JOIN namespace n ON n.id = r.namespace_id
             WHERE (r.name LIKE @part ESCAPE '!' OR (@whole = 1 AND n.name || '/' || r.name LIKE @part ESCAPE '!')) AND {VisibleRepositories.Condition(principal)}
             ORDER BY rank, r.id DESC LIMIT {Candidates})
        SELECT ns, kind, name, description, public, stars, pushed
          FROM (SELECT c.ns, c.kind, c.rank, r.id, r.name, r.description, r.public, (SELECT count(*) FROM star s WHERE s.repository_id = r.id) AS stars,
                       (SELECT max(t.started_ms) FROM tag t WHERE t.namespace_id = r.namespace_id AND t.repository_id = r.id) AS pushed
                  FROM candidates c JOIN repository r ON r.id = c.id) found
         ORDER BY rank, stars DESC, coalesce(pushed, 0) DESC, id
         LIMIT @count OFFSET @offset
        """,
        static r => new FoundRepository(r.GetString(0), r.GetString(1) == "organization", r.GetString(2), r.GetString(3), r.GetInt64(4) == 1, r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6)),
        ct, ("me", principal.AccountId), ("text", text), ("prefix", Escape(text) + "%"), ("part", $"%{Escape(text)}%"), ("whole", text.Contains('/', StringComparison.Ordinal) ? 1 : 0),
        ("slash", $"%/{Escape(text)}%"), ("dash", $"%-{Escape(text)}%"), ("dot", $"%.{Escape(text)}%"), ("low", $"%!_{Escape(text)}%"), ("count", count), ("offset", offset));

    /// <summary>Teams whose name begins so, of which the caller is a member or whose organization he administers.</summary>
    public ValueTask<List<FoundEntity>> OwnTeamsAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT t.name, 'team', n.name, 1
          FROM team t JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
         WHERE t.namespace_id IN (SELECT o.namespace_id FROM team_member m JOIN team o ON o.id = m.team_id WHERE m.account_id = @me)
           AND t.name >= @from AND t.name < @to
           AND (EXISTS (SELECT 1 FROM team_member m WHERE m.account_id = @me AND m.team_id = t.id)
             OR EXISTS (SELECT 1 FROM team_member m JOIN team o ON o.id = m.team_id WHERE m.account_id = @me AND o.namespace_id = t.namespace_id AND o.role = 'admin'))
         ORDER BY t.name, n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("count", count)]);

    /// <summary>Teams of an organization whose name begins so.</summary>
    public ValueTask<List<FoundEntity>> TeamsAsync(NamespaceAccess organization, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT name, 'team', NULL, 1 FROM team WHERE namespace_id = @ns AND name >= @from AND name < @to ORDER BY name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", organization.NamespaceId), ("count", count)]);

    /// <summary>The caller's own robots, and those of organizations that he administers, whose short name begins so.</summary>
    public ValueTask<List<FoundEntity>> OwnRobotsAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT a.name, 'robot', NULL, 1
          FROM robot r JOIN namespace a ON a.id = r.id AND a.deleted_ms IS NULL JOIN namespace n ON n.id = r.namespace_id AND n.deleted_ms IS NULL
         WHERE (r.namespace_id = @me OR r.namespace_id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me AND t.role = 'admin'))
           AND r.name >= @from AND r.name < @to
         ORDER BY r.name, a.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("count", count)]);

    /// <summary>Robots of a namespace whose short name begins so.</summary>
    public ValueTask<List<FoundEntity>> RobotsAsync(NamespaceAccess owner, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT a.name, 'robot', NULL, 1 FROM robot r JOIN namespace a ON a.id = r.id AND a.deleted_ms IS NULL
         WHERE r.namespace_id = @ns AND r.name >= @from AND r.name < @to ORDER BY r.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", owner.NamespaceId), ("count", count)]);

    /// <summary>People whose name begins so.</summary>
    /// <param name="organization">Whose members to mark; 0 for none.</param>
    public ValueTask<List<FoundEntity>> PeopleAsync(long organization, string prefix, int count, CancellationToken ct) => db.ListAsync("""
        SELECT n.name, 'user', NULL, CASE WHEN EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = n.id AND t.namespace_id = @ns) THEN 1 ELSE 0 END
          FROM namespace n JOIN account a ON a.id = n.id AND a.enabled = 1
         WHERE n.kind = 'user' AND n.deleted_ms IS NULL AND n.name >= @from AND n.name < @to ORDER BY n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("ns", organization), ("count", count)]);

    /// <summary>People and organizations whose name begins so: the caller himself, his organizations, and who has a repository that he may see.</summary>
    public ValueTask<List<FoundEntity>> NamespacesAsync(Principal principal, string prefix, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT n.name, n.kind, NULL, 0
          FROM namespace n
         WHERE n.kind <> 'robot' AND n.name >= @from AND n.name < @to AND {VisibleRepositories.Namespace(principal)}
           AND ((@user = 1 AND (n.id = @me OR n.id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me)))
             OR EXISTS (SELECT 1 FROM repository r WHERE r.namespace_id = n.id AND {VisibleRepositories.Condition(principal)}))
         ORDER BY n.name LIMIT @count
        """, Read, ct, [.. Range(prefix), ("me", principal.AccountId), ("user", principal.Has(Scopes.UserRead) ? 1 : 0), ("count", count)]);

    private static (string, object?)[] Range(string prefix) => [("from", prefix), ("to", prefix + Above)];

    private static string Escape(string text) => text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);

    private static FoundEntity Read(DbDataReader r) => new(r.GetString(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetInt64(3) == 1);
}
