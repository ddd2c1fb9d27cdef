using Wharf.Server.Auth;

namespace Wharf.Server.Repositories;

/// <summary>
/// The permission engine's rule for reading (<see cref="Permissions"/>) as SQL, for what looks at many repositories: lists and
/// searches. @me is the account, 0 for an anonymous caller.
/// </summary>
internal static class VisibleRepositories
{
    /// <summary>The namespace n of a repository is there, and its owner's account is not disabled.</summary>
    public static string Namespace(Principal principal) => principal.Superuser || principal.ReadsAll
        ? "n.deleted_ms IS NULL"
        : "n.deleted_ms IS NULL AND NOT EXISTS (SELECT 1 FROM account d WHERE d.id = n.id AND d.enabled = 0)";

    /// <summary>
    /// The repository r of the namespace n may be read. None of the subqueries depends on the row, so that each is answered once;
    /// what must not look at rows that the caller cannot see has branches of its own (<see cref="RepositoryDirectory"/>).
    /// </summary>
    public static string Condition(Principal principal) => !principal.Has(Scopes.RepoRead)
        ? $"r.deleted_ms IS NULL AND {Namespace(principal)} AND r.public = 1 AND @me = @me"
        : SeesAll(principal)
        ? $"r.deleted_ms IS NULL AND {Namespace(principal)} AND @me = @me"
        : $"""
            r.deleted_ms IS NULL AND {Namespace(principal)}
              AND (r.public = 1 OR r.namespace_id = @me
                OR r.namespace_id IN (SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me AND t.role = 'admin')
                OR r.id IN (SELECT g.repository_id FROM account_grant g WHERE g.account_id = @me)
                OR r.id IN (SELECT g.repository_id FROM team_member m JOIN team_grant g ON g.team_id = m.team_id WHERE m.account_id = @me))
            """;

    /// <summary>
    /// The beginning of a query: <c>own</c> (id, namespace_id), the repositories that somebody owns or administers, was granted or has
    /// starred, at most so many. It is where to look first; whether he may see one is asked by <see cref="Condition"/> as ever.
    /// </summary>
    public static string Own(int most) => $"""
        WITH own AS MATERIALIZED (
            SELECT r.id, r.namespace_id
              FROM (SELECT id FROM (SELECT r.id FROM repository r WHERE r.deleted_ms IS NULL AND r.namespace_id IN (
                           SELECT @me UNION SELECT t.namespace_id FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @me AND t.role = 'admin') LIMIT {most}) administered
                    UNION SELECT g.repository_id FROM account_grant g WHERE g.account_id = @me
                    UNION SELECT g.repository_id FROM team_member m JOIN team_grant g ON g.team_id = m.team_id WHERE m.account_id = @me
                    UNION SELECT s.repository_id FROM star s WHERE s.account_id = @me
                    LIMIT {most}) theirs
              JOIN repository r ON r.id = theirs.id AND r.deleted_ms IS NULL)
        """;

    public static bool SeesAll(Principal principal) => principal.Has(Scopes.RepoRead) && (principal.ReadsAll || principal.AdministersAll);
}
