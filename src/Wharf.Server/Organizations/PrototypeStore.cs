using System.Data.Common;
using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Organizations;

/// <summary>The default permissions of an organization. They are applied where a repository is made, and change none that there is.</summary>
internal sealed class PrototypeStore(Database db)
{
    /// <summary>How many an organization has at most: each new repository goes through all of them.</summary>
    private const int MaxPrototypes = 1000;

    private const string Select = """
        SELECT p.id, p.uuid, p.role,
               b.name, b.kind, (SELECT count(*) FROM team_member m JOIN team mt ON mt.id = m.team_id WHERE m.account_id = b.id AND mt.namespace_id = p.namespace_id),
               a.name, a.kind, (SELECT count(*) FROM team_member m JOIN team mt ON mt.id = m.team_id WHERE m.account_id = a.id AND mt.namespace_id = p.namespace_id),
               t.name
          FROM prototype p
          LEFT JOIN namespace b ON b.id = p.activating_id AND b.deleted_ms IS NULL
          LEFT JOIN namespace a ON a.id = p.account_id AND a.deleted_ms IS NULL
          LEFT JOIN team t ON t.id = p.team_id
         WHERE p.namespace_id = @ns AND (p.activating_id IS NULL OR b.id IS NOT NULL) AND (a.id IS NOT NULL OR t.id IS NOT NULL)
        """;

    /// <summary>In the order in which they were made.</summary>
    public ValueTask<List<Prototype>> ListAsync(long organizationId, CancellationToken ct) =>
        db.ListAsync($"{Select} ORDER BY p.id LIMIT {MaxPrototypes}", Read, ct, ("ns", organizationId));

    public ValueTask<Prototype?> FindAsync(long organizationId, string uuid, CancellationToken ct) =>
        db.OneAsync($"{Select} AND p.uuid = @uuid", Read, ct, ("ns", organizationId), ("uuid", uuid));

    /// <param name="activating">The name of who makes the repository, or null for anyone.</param>
    /// <param name="delegateTo">The name of whom to grant the role: a team, or else a person or robot.</param>
    public Task<(OrganizationOutcome Outcome, string? Uuid)> CreateAsync(Principal by, long organizationId, string? activating, string delegateTo, bool toTeam, RepositoryRole role, CancellationToken ct) =>
        db.WriteAsync<(OrganizationOutcome, string?)>(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return (OrganizationOutcome.Gone, null);
        long? activatingId = null;
        if (activating is not null)
        {
            if (await FindAccountAsync(tx, activating) is not { } maker)
                return (OrganizationOutcome.Refused("Unknown activating user"), null);
            if (maker.RobotOf is { } owner && owner != organizationId)
                return (ForeignRobot, null);
            activatingId = maker.Id;
        }
        long? teamId = null;
        long? accountId = null;
        if (toTeam)
            teamId = await tx.OneAsync("SELECT id FROM team WHERE namespace_id = @ns AND name = @name", static r => (long?)r.GetInt64(0), ("ns", organizationId), ("name", delegateTo));
        else if (await FindAccountAsync(tx, delegateTo) is { } account)
        {
            if (account.RobotOf is { } owner && owner != organizationId)
                return (ForeignRobot, null);
            accountId = account.Id;
        }
        if (teamId is null && accountId is null)
            return (OrganizationOutcome.Refused("Missing delegate user or team"), null);
        if (await tx.OneAsync("SELECT count(*) FROM prototype WHERE namespace_id = @ns", static r => r.GetInt64(0), ("ns", organizationId)) >= MaxPrototypes)
            return (OrganizationOutcome.Refused($"An organization has at most {MaxPrototypes} default permissions."), null);
        var uuid = Guid.NewGuid().ToString();
        await tx.ExecuteAsync("""
            INSERT INTO prototype (uuid, namespace_id, activating_id, account_id, team_id, role, created_ms) VALUES (@uuid, @ns, @activating, @account, @team, @role, now_ms())
            """, ("uuid", uuid), ("ns", organizationId), ("activating", activatingId), ("account", accountId), ("team", teamId), ("role", (long)role));
        await AddEventAsync(tx, "organization.prototype_created", organizationId, by, uuid,
            $",\"activating\":{activatingId ?? 0},\"{(toTeam ? "team" : "account")}\":{teamId ?? accountId},\"delegate\":\"{JsonEncodedText.Encode(delegateTo)}\",\"role\":{(long)role}");
        return (OrganizationOutcome.Done, uuid);
    }, ct);

    /// <summary>Gives it another role; false when there is no such one.</summary>
    public Task<bool> ChangeAsync(Principal by, long organizationId, string uuid, RepositoryRole role, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("UPDATE prototype SET role = @role WHERE namespace_id = @ns AND uuid = @uuid", ("role", (long)role), ("ns", organizationId), ("uuid", uuid)) == 0)
            return false;
        await AddEventAsync(tx, "organization.prototype_changed", organizationId, by, uuid, $",\"role\":{(long)role}");
        return true;
    }, ct);

    /// <summary>Removes it; false when there is no such one.</summary>
    public Task<bool> DeleteAsync(Principal by, long organizationId, string uuid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("DELETE FROM prototype WHERE namespace_id = @ns AND uuid = @uuid", ("ns", organizationId), ("uuid", uuid)) == 0)
            return false;
        await AddEventAsync(tx, "organization.prototype_deleted", organizationId, by, uuid, "");
        return true;
    }, ct);

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long organizationId, Principal by, string uuid, string more) =>
        Events.AddAsync(tx, kind, organizationId, null, null, $$"""{"by":{{by.AccountId}},"prototype":"{{uuid}}"{{more}}}""");

    // Locked, so that who is deleted at the same moment takes the rule along or is gone here.
    private ValueTask<Account?> FindAccountAsync(Tx tx, string name) => tx.OneAsync($"""
        SELECT n.id, (SELECT r.namespace_id FROM robot r WHERE r.id = n.id) FROM namespace n WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'organization' {db.ForShare}
        """, static r => new Account(r.GetInt64(0), r.IsDBNull(1) ? null : r.GetInt64(1)), ("name", name));

    internal static OrganizationOutcome ForeignRobot => OrganizationOutcome.Refused("Only robots of the organization itself can be in its default permissions.");

    private static Prototype Read(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), ReadAccount(r, 3), ReadAccount(r, 6), r.IsDBNull(9) ? null : r.GetString(9), (RepositoryRole)r.GetInt64(2));

    private static PrototypeAccount? ReadAccount(DbDataReader r, int at)
    {
        if (r.IsDBNull(at))
            return null;
        var isRobot = r.GetString(at + 1) == "robot";
        return new(r.GetString(at), isRobot, isRobot || r.GetInt64(at + 2) > 0);
    }

    /// <param name="RobotOf">The namespace whose robot it is; null for a person.</param>
    private sealed record Account(long Id, long? RobotOf);
}
