using Wharf.Server.Data;

namespace Wharf.Server.Organizations;

/// <summary>What changes of teams and of members have in common: they take turns on the organization, and leave it an admin.</summary>
internal static class Roster
{
    /// <summary>Takes the organization to itself until the transaction ends; false when it has gone. What is judged comes in later statements.</summary>
    public static async ValueTask<bool> LockAsync(Database db, Tx tx, long organizationId) => await tx.OneAsync(
        $"SELECT 1 FROM namespace WHERE id = @ns AND kind = 'organization' AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ("ns", organizationId)) == 1;

    /// <summary>
    /// Whether somebody who can sign in still is an admin once the team, the account, or the account in the team, is one no more. An
    /// organization that had none before loses nothing.
    /// </summary>
    /// <param name="teamId">0 for any.</param>
    /// <param name="accountId">0 for anyone.</param>
    public static async ValueTask<bool> KeepsAdminAsync(Tx tx, long organizationId, long teamId, long accountId) => await tx.OneAsync("""
        SELECT coalesce(sum(CASE WHEN (@team = 0 OR t.id = @team) AND (@account = 0 OR m.account_id = @account) THEN 0 ELSE 1 END), 0), count(*)
          FROM team t
          JOIN team_member m ON m.team_id = t.id
          JOIN account a ON a.id = m.account_id AND a.enabled = 1
          JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL
         WHERE t.namespace_id = @ns AND t.role = 'admin'
        """, static r => r.GetInt64(0) > 0 || r.GetInt64(1) == 0, ("team", teamId), ("account", accountId), ("ns", organizationId));
}
