using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>The teams of organizations, who is in them and who is invited to them.</summary>
internal sealed class TeamStore(Database db, OrganizationStore organizations, AccountOptions options, Permissions permissions)
{
    /// <summary>So many that the view of an organization, which holds them all, is still one answer.</summary>
    public const int MaxTeams = 1000;

    private static readonly Problem s_noTeam = Problem.NotFound("There is no such team in this organization.");
    private static readonly Problem s_lastAdmin = Problem.InvalidRequest("This would leave the organization without an admin. Make somebody else one first.");

    /// <summary>All teams of an organization, the oldest first.</summary>
    public ValueTask<List<TeamEntry>> ListAsync(long namespaceId, long me, CancellationToken ct) => db.ListAsync("""
        SELECT t.id, t.name, t.description, t.role,
               (SELECT count(*) FROM team_member m WHERE m.team_id = t.id),
               (SELECT count(*) FROM team_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL WHERE g.team_id = t.id),
               CASE WHEN EXISTS (SELECT 1 FROM team_member m WHERE m.team_id = t.id AND m.account_id = @me) THEN 1 ELSE 0 END
          FROM team t
         WHERE t.namespace_id = @ns ORDER BY t.id LIMIT 1000
        """, static r => new TeamEntry(new Team(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3)), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6) == 1),
        ct, ("ns", namespaceId), ("me", me));

    /// <summary>The team, and whether <paramref name="me"/> is in it.</summary>
    public ValueTask<(Team Team, bool Mine)?> FindAsync(long namespaceId, string name, long me, CancellationToken ct) => db.OneAsync("""
        SELECT t.id, t.name, t.description, t.role, CASE WHEN EXISTS (SELECT 1 FROM team_member m WHERE m.team_id = t.id AND m.account_id = @me) THEN 1 ELSE 0 END
          FROM team t WHERE t.namespace_id = @ns AND t.name = @name
        """, static r => ((Team, bool)?)(new Team(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3)), r.GetInt64(4) == 1),
        ct, ("ns", namespaceId), ("name", name), ("me", me));

    /// <summary>The members by name, and with them, if asked for, who is invited.</summary>
    public ValueTask<List<TeamMember>> MembersAsync(long teamId, bool withInvited, string last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT name, kind, invited
          FROM (SELECT n.name AS name, n.kind AS kind, 0 AS invited
                  FROM team_member m JOIN namespace n ON n.id = m.account_id AND n.deleted_ms IS NULL
                 WHERE m.team_id = @team
                UNION ALL
                SELECT n.name, n.kind, 1
                  FROM team_invite i JOIN namespace n ON n.id = i.account_id AND n.deleted_ms IS NULL
                 WHERE i.team_id = @team AND @invited = 1) everyone
         WHERE name > @last ORDER BY name LIMIT @count
        """, static r => new TeamMember(r.GetString(0), r.GetString(1) == "robot", r.GetInt64(2) == 1),
        ct, ("team", teamId), ("invited", withInvited ? 1 : 0), ("last", last), ("count", count));

    /// <summary>What is granted to the team, by the names of the repositories.</summary>
    public ValueTask<List<TeamGrant>> GrantsAsync(long teamId, string last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT r.name, r.public, g.role
          FROM team_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL
         WHERE g.team_id = @team AND r.name > @last ORDER BY r.name LIMIT @count
        """, static r => new TeamGrant(r.GetString(0), r.GetInt64(1) == 1, (RepositoryRole)r.GetInt64(2)), ct, ("team", teamId), ("last", last), ("count", count));

    /// <summary>Makes the team, or changes its role and, where one is given, its description.</summary>
    public Task<(Team? Team, bool IsNew, Problem? Problem)> PutAsync(Principal by, long namespaceId, string name, string role, string? description, CancellationToken ct) =>
        db.WriteAsync<(Team?, bool, Problem?)>(async tx =>
        {
            if (!await organizations.LockAsync(tx, namespaceId))
                return (null, false, OrganizationStore.Gone);
            if (await FindAsync(tx, namespaceId, name) is not { } team)
            {
                if (await tx.OneAsync("SELECT count(*) FROM team WHERE namespace_id = @ns", static r => r.GetInt64(0), ("ns", namespaceId)) >= MaxTeams)
                    return (null, false, Problem.InvalidRequest($"An organization has at most {MaxTeams} teams."));
                var id = await tx.OneAsync("INSERT INTO team (namespace_id, name, role, description) VALUES (@ns, @name, @role, @description) RETURNING id", static r => r.GetInt64(0),
                    ("ns", namespaceId), ("name", name), ("role", role), ("description", description ?? ""));
                await OrganizationStore.AddEventAsync(tx, "team.created", namespaceId, by, new JsonObject { ["team"] = name, ["role"] = role });
                return (new Team(id, name, description ?? "", role), true, null);
            }
            if (team.Role == "admin" && role != "admin" && !await HasAdminBesideAsync(tx, namespaceId, team.Id, 0))
                return (null, false, s_lastAdmin);
            await tx.ExecuteAsync("UPDATE team SET role = @role, description = coalesce(@description, description) WHERE id = @id", ("role", role), ("description", description), ("id", team.Id));
            await OrganizationStore.AddEventAsync(tx, "team.changed", namespaceId, by, new JsonObject
            {
                ["team"] = name,
                ["role"] = role,
                ["former_role"] = team.Role,
                ["description_changed"] = description is not null && description != team.Description,
            });
            tx.OnCommit(permissions.ForgetMemberships);
            return (team with { Role = role, Description = description ?? team.Description }, false, null);
        }, ct);

    /// <summary>Removes the team with what was granted to it.</summary>
    public Task<Problem?> DeleteAsync(Principal by, long namespaceId, string name, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await organizations.LockAsync(tx, namespaceId))
            return OrganizationStore.Gone;
        if (await FindAsync(tx, namespaceId, name) is not { } team)
            return s_noTeam;
        if (team.Role == "admin" && !await HasAdminBesideAsync(tx, namespaceId, team.Id, 0))
            return s_lastAdmin;
        foreach (var statement in (string[])["DELETE FROM team_grant WHERE team_id = @id", "DELETE FROM team_invite WHERE team_id = @id", "DELETE FROM prototype WHERE team_id = @id",
            "DELETE FROM team_member WHERE team_id = @id", "DELETE FROM team WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", team.Id));
        await OrganizationStore.AddEventAsync(tx, "team.deleted", namespaceId, by, new JsonObject { ["team"] = name, ["role"] = team.Role });
        tx.OnCommit(permissions.ForgetMemberships);
        return null;
    }, ct);

    /// <summary>Puts somebody into the team, or invites a person from outside where the settings ask for that.</summary>
    public Task<(TeamMember Member, Problem? Problem)> AddAsync(Principal by, long namespaceId, string teamName, string name, CancellationToken ct) => db.WriteAsync<(TeamMember, Problem?)>(async tx =>
    {
        if (!await organizations.LockAsync(tx, namespaceId))
            return (default, OrganizationStore.Gone);
        if (await FindAsync(tx, namespaceId, teamName) is not { } team)
            return (default, s_noTeam);
        // The lock keeps a person from becoming an organization, and a robot from being deleted, meanwhile.
        var (id, robotOf) = await tx.OneAsync($"""
            SELECT n.id, (SELECT r.namespace_id FROM robot r WHERE r.id = n.id)
              FROM namespace n WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'organization' {db.ForShare}
            """, static r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("name", name));
        if (id == 0)
            return (default, Problem.InvalidRequest("Unknown user"));
        if (robotOf != 0 && robotOf != namespaceId)
            return (default, Problem.InvalidRequest("Only robots of the same organization can be in its teams."));
        if (await tx.OneAsync("SELECT 1 FROM team_member WHERE team_id = @team AND account_id = @id", static r => r.GetInt32(0), ("team", team.Id), ("id", id)) == 1)
            return (new TeamMember(name, robotOf != 0, false), null);
        if (options.RequireTeamInvite && robotOf == 0 && id != by.AccountId && await tx.OneAsync(
            "SELECT 1 FROM team t JOIN team_member m ON m.team_id = t.id WHERE t.namespace_id = @ns AND m.account_id = @id LIMIT 1", static r => r.GetInt32(0), ("ns", namespaceId), ("id", id)) == 0)
        {
            if (await tx.OneAsync("SELECT 1 FROM team_invite WHERE team_id = @team AND account_id = @id", static r => r.GetInt32(0), ("team", team.Id), ("id", id)) == 0)
            {
                await tx.ExecuteAsync("INSERT INTO team_invite (code, team_id, account_id, invited_by, created_ms) VALUES (@code, @team, @id, @by, now_ms())",
                    ("code", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20))), ("team", team.Id), ("id", id), ("by", by.AccountId));
                await OrganizationStore.AddEventAsync(tx, "team.invited", namespaceId, by, About(team, id, name));
            }
            return (new TeamMember(name, false, true), null);
        }
        await JoinAsync(tx, by, namespaceId, team, id, name);
        return (new TeamMember(name, robotOf != 0, false), null);
    }, ct);

    /// <summary>Takes somebody out of the team, or the invitation back.</summary>
    public Task<Problem?> RemoveAsync(Principal by, long namespaceId, string teamName, string name, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await organizations.LockAsync(tx, namespaceId))
            return OrganizationStore.Gone;
        if (await FindAsync(tx, namespaceId, teamName) is not { } team)
            return s_noTeam;
        var id = await tx.OneAsync("SELECT id FROM namespace WHERE name = @name AND deleted_ms IS NULL", static r => r.GetInt64(0), ("name", name));
        if (await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND account_id = @id", ("team", team.Id), ("id", id)) > 0)
        {
            await OrganizationStore.AddEventAsync(tx, "team.invite_deleted", namespaceId, by, About(team, id, name));
            return null;
        }
        if (await tx.OneAsync("SELECT 1 FROM team_member WHERE team_id = @team AND account_id = @id", static r => r.GetInt32(0), ("team", team.Id), ("id", id)) == 0)
            return Problem.NotFound("Nobody of this name is in the team.");
        if (team.Role == "admin" && !await HasAdminBesideAsync(tx, namespaceId, team.Id, id))
            return s_lastAdmin;
        await tx.ExecuteAsync("DELETE FROM team_member WHERE team_id = @team AND account_id = @id", ("team", team.Id), ("id", id));
        await OrganizationStore.AddEventAsync(tx, "team.member_removed", namespaceId, by, About(team, id, name));
        tx.OnCommit(permissions.ForgetMemberships);
        return null;
    }, ct);

    /// <summary>Takes a person out of every team of the organization, with all that was granted or promised to that person there.</summary>
    public Task<Problem?> RemoveFromAllAsync(Principal by, long namespaceId, string name, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await organizations.LockAsync(tx, namespaceId))
            return OrganizationStore.Gone;
        var id = await tx.OneAsync("SELECT id FROM namespace WHERE name = @name AND deleted_ms IS NULL AND kind = 'user'", static r => r.GetInt64(0), ("name", name));
        if (id == 0)
            return Problem.NotFound("There is no such user.");
        var teams = await tx.ListAsync("SELECT t.name, t.role FROM team t JOIN team_member m ON m.team_id = t.id WHERE t.namespace_id = @ns AND m.account_id = @id ORDER BY t.id",
            static r => (Name: r.GetString(0), Role: r.GetString(1)), ("ns", namespaceId), ("id", id));
        if (teams.Exists(static t => t.Role == "admin") && !await HasAdminBesideAsync(tx, namespaceId, 0, id))
            return s_lastAdmin;
        var changed = 0;
        foreach (var statement in (string[])["DELETE FROM team_member WHERE account_id = @id AND team_id IN (SELECT t.id FROM team t WHERE t.namespace_id = @ns)",
            "DELETE FROM team_invite WHERE account_id = @id AND team_id IN (SELECT t.id FROM team t WHERE t.namespace_id = @ns)",
            "DELETE FROM account_grant WHERE namespace_id = @ns AND account_id = @id",
            // Else the next repository would be granted again.
            "DELETE FROM prototype WHERE namespace_id = @ns AND (account_id = @id OR activating_id = @id)"])
            changed += await tx.ExecuteAsync(statement, ("id", id), ("ns", namespaceId));
        if (changed > 0)
        {
            await OrganizationStore.AddEventAsync(tx, "organization.member_removed", namespaceId, by, new JsonObject { ["account"] = id, ["name"] = name });
            tx.OnCommit(permissions.ForgetMemberships);
        }
        return null;
    }, ct);

    /// <summary>The invitations that wait for the person's answer.</summary>
    public ValueTask<List<TeamInvite>> InvitesAsync(long accountId, string last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT i.code, n.name, t.name, b.name, i.created_ms
          FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL LEFT JOIN namespace b ON b.id = i.invited_by
         WHERE i.account_id = @me AND i.code > @last ORDER BY i.code LIMIT @count
        """, static r => new TeamInvite(r.GetString(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetInt64(4)),
        ct, ("me", accountId), ("last", last), ("count", count));

    /// <summary>Answers an invitation, which is only for whom it was made.</summary>
    /// <returns>The organization and the team, or null when there is no such invitation.</returns>
    public Task<(string Organization, string Team)?> AnswerAsync(Principal me, string code, bool accept, CancellationToken ct) => db.WriteAsync<(string, string)?>(async tx =>
    {
        var namespaceId = await tx.OneAsync("SELECT t.namespace_id FROM team_invite i JOIN team t ON t.id = i.team_id WHERE i.code = @code AND i.account_id = @me",
            static r => r.GetInt64(0), ("code", code), ("me", me.AccountId));
        if (namespaceId == 0 || !await organizations.LockAsync(tx, namespaceId) || await tx.OneAsync(
            $"SELECT id FROM namespace WHERE id = @me AND kind = 'user' AND deleted_ms IS NULL {db.ForShare}", static r => r.GetInt64(0), ("me", me.AccountId)) == 0)
            return null;
        var (team, organization) = await tx.OneAsync("""
            SELECT t.id, t.name, t.description, t.role, n.name
              FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id
             WHERE i.code = @code AND i.account_id = @me
            """, static r => (new Team(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3)), r.GetString(4)), ("code", code), ("me", me.AccountId));
        // Taken back, or the team removed, before the lock.
        if (team is null)
            return null;
        if (accept)
            await JoinAsync(tx, me, namespaceId, team, me.AccountId, me.Name);
        else
        {
            await tx.ExecuteAsync("DELETE FROM team_invite WHERE code = @code", ("code", code));
            await OrganizationStore.AddEventAsync(tx, "team.invite_declined", namespaceId, me, About(team, me.AccountId, me.Name));
        }
        return (organization, team.Name);
    }, ct);

    private async ValueTask JoinAsync(Tx tx, Principal by, long namespaceId, Team team, long id, string name)
    {
        await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @id) ON CONFLICT (account_id, team_id) DO NOTHING", ("team", team.Id), ("id", id));
        await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND account_id = @id", ("team", team.Id), ("id", id));
        await OrganizationStore.AddEventAsync(tx, "team.member", namespaceId, by, About(team, id, name));
        tx.OnCommit(permissions.ForgetMemberships);
    }

    private static ValueTask<Team?> FindAsync(Tx tx, long namespaceId, string name) => tx.OneAsync(
        "SELECT id, name, description, role FROM team WHERE namespace_id = @ns AND name = @name",
        static r => new Team(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3)), ("ns", namespaceId), ("name", name));

    // Whether a person who can sign in administers the organization beside those that the change takes away: the team's members, the
    // account's memberships, or the account's one in the team.
    private static async ValueTask<bool> HasAdminBesideAsync(Tx tx, long namespaceId, long teamId, long accountId) => await tx.OneAsync("""
        SELECT 1
          FROM team t JOIN team_member m ON m.team_id = t.id JOIN account a ON a.id = m.account_id AND a.enabled = 1
         WHERE t.namespace_id = @ns AND t.role = 'admin' AND NOT ((t.id = @team OR @team = 0) AND (m.account_id = @account OR @account = 0))
         LIMIT 1
        """, static r => r.GetInt32(0), ("ns", namespaceId), ("team", teamId), ("account", accountId)) == 1;

    private static JsonObject About(Team team, long id, string name) => new() { ["team"] = team.Name, ["role"] = team.Role, ["account"] = id, ["name"] = name };
}
