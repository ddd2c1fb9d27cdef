using System.Data.Common;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Organizations;

/// <summary>The people of an organization: those in its teams, and those outside with grants in it.</summary>
internal sealed class MemberStore(Database db, Permissions permissions)
{
    private const string InATeam = "EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = n.id AND t.namespace_id = @ns)";
    private const int MaxDetails = 100_000;

    /// <summary>People in a team of the organization, in the order of their numbers.</summary>
    public ValueTask<List<TeamMember>> ListAsync(long organizationId, long after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT DISTINCT n.id, n.name, n.kind
          FROM team t JOIN team_member m ON m.team_id = t.id JOIN namespace n ON n.id = m.account_id AND n.kind = 'user' AND n.deleted_ms IS NULL
         WHERE t.namespace_id = @ns AND m.account_id > @after ORDER BY n.id LIMIT @count
        """, Read, ct, ("ns", organizationId), ("after", after), ("count", count));

    /// <summary>People in no team of the organization with a grant on a repository of it, in the order of their numbers.</summary>
    public ValueTask<List<TeamMember>> CollaboratorsAsync(long organizationId, long after, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT DISTINCT n.id, n.name, n.kind
          FROM account_grant g
          JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
          JOIN namespace n ON n.id = g.account_id AND n.kind = 'user' AND n.deleted_ms IS NULL
         WHERE g.namespace_id = @ns AND g.account_id > @after AND NOT {InATeam} ORDER BY n.id LIMIT @count
        """, Read, ct, ("ns", organizationId), ("after", after), ("count", count));

    /// <summary>Somebody in a team of the organization, or a robot of it.</summary>
    public ValueTask<TeamMember?> FindAsync(long organizationId, string name, CancellationToken ct) => db.OneAsync($"""
        SELECT n.id, n.name, n.kind FROM namespace n
         WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'organization' AND ({InATeam} OR EXISTS (SELECT 1 FROM robot r WHERE r.id = n.id AND r.namespace_id = @ns))
        """, Read, ct, ("ns", organizationId), ("name", name));

    /// <summary>The teams of the accounts whose numbers are from one to the other.</summary>
    public ValueTask<List<(long AccountId, string Name)>> TeamsAsync(long organizationId, long first, long last, CancellationToken ct) => db.ListAsync($"""
        SELECT m.account_id, t.name FROM team t JOIN team_member m ON m.team_id = t.id
         WHERE t.namespace_id = @ns AND m.account_id BETWEEN @first AND @last ORDER BY t.id LIMIT {MaxDetails}
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", organizationId), ("first", first), ("last", last));

    /// <summary>The repositories on which the accounts whose numbers are from one to the other have a grant of their own.</summary>
    public ValueTask<List<(long AccountId, string Name)>> RepositoriesAsync(long organizationId, long first, long last, CancellationToken ct) => db.ListAsync($"""
        SELECT g.account_id, r.name FROM account_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
         WHERE g.namespace_id = @ns AND g.account_id BETWEEN @first AND @last ORDER BY r.id LIMIT {MaxDetails}
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", organizationId), ("first", first), ("last", last));

    /// <summary>
    /// Removes a person from all teams, with every grant and invitation of the organization to them, and the default permissions that
    /// would grant something again. Somebody outside who has only grants is removed as well.
    /// </summary>
    public Task<OrganizationOutcome> RemoveAsync(Principal by, long organizationId, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return OrganizationOutcome.Gone;
        var id = await tx.OneAsync("SELECT id FROM namespace WHERE name = @name AND deleted_ms IS NULL AND kind = 'user'", static r => r.GetInt64(0), ("name", name));
        if (id == 0)
            return NoSuchMember;
        if (!await Roster.KeepsAdminAsync(tx, organizationId, 0, id))
            return OrganizationOutcome.LastAdmin;
        var removed = 0;
        foreach (var statement in (string[])["DELETE FROM team_member WHERE account_id = @id AND team_id IN (SELECT t.id FROM team t WHERE t.namespace_id = @ns)",
            "DELETE FROM team_invite WHERE account_id = @id AND team_id IN (SELECT t.id FROM team t WHERE t.namespace_id = @ns)",
            "DELETE FROM account_grant WHERE account_id = @id AND namespace_id = @ns",
            "DELETE FROM prototype WHERE namespace_id = @ns AND (account_id = @id OR activating_id = @id)"])
            removed += await tx.ExecuteAsync(statement, ("id", id), ("ns", organizationId));
        if (removed == 0)
            return NoSuchMember;
        // As an event of teams it makes the other replicas forget what the grants gave, too (Permissions.Hear).
        await Events.AddAsync(tx, "team.person_removed", organizationId, null, null, $$"""{"by":{{by.AccountId}},"account":{{id}},"member":"{{name}}"}""");
        tx.OnCommit(permissions.ForgetMemberships);
        return OrganizationOutcome.Done;
    }, ct);

    private static OrganizationOutcome NoSuchMember => OrganizationOutcome.NotFound("Nobody of that name is in the organization.");

    private static TeamMember Read(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2) == "robot");
}
