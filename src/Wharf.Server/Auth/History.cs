namespace Wharf.Server.Auth;

/// <summary>
/// The engine's tables as they were at a time (migration 0009). A query that begins with <see cref="AsOf"/> finds them under the
/// tables' own names, so that the past is asked with the very text with which the present is, and judged by the same rules.
/// </summary>
internal static class History
{
    /// <summary>To be put before a query that is given <c>@at</c>, in Unix milliseconds.</summary>
    public const string AsOf = $"""
        WITH namespace AS NOT MATERIALIZED (SELECT id, name, kind, deleted_ms FROM namespace_history WHERE {Valid}),
             account AS NOT MATERIALIZED (SELECT id, superuser, enabled, verified FROM account_history WHERE {Valid}),
             robot AS NOT MATERIALIZED (SELECT id, namespace_id, expires_ms FROM robot_history WHERE {Valid}),
             team AS NOT MATERIALIZED (SELECT id, namespace_id, name, role FROM team_history WHERE {Valid}),
             team_member AS NOT MATERIALIZED (SELECT team_id, account_id FROM team_member_history WHERE {Valid}),
             repository AS NOT MATERIALIZED (SELECT id, namespace_id, name, public, state, deleted_ms FROM repository_history WHERE {Valid}),
             account_grant AS NOT MATERIALIZED (SELECT namespace_id, repository_id, account_id, role, granted_by, granted_ms FROM account_grant_history WHERE {Valid}),
             team_grant AS NOT MATERIALIZED (SELECT namespace_id, repository_id, team_id, role, granted_by, granted_ms FROM team_grant_history WHERE {Valid})

        """;

    /// <summary>Since when changes are recorded.</summary>
    public const string Began = "SELECT applied_ms FROM schema WHERE version = 9";

    private const string Valid = "from_ms <= @at AND (to_ms IS NULL OR to_ms > @at)";
}
