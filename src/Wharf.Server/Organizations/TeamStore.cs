using System.Data.Common;
using System.Security.Cryptography;
using System.Text.Json;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Organizations;

/// <summary>The teams of an organization, who is in them and who is asked to be.</summary>
internal sealed class TeamStore(Database db, Permissions permissions, AccountOptions options, MailQueue mail, OpaqueTokens tokens)
{
    /// <summary>How many teams an organization has at most: they are shown all at once.</summary>
    private const int MaxTeams = 1000;

    /// <summary>How many people are asked into one team at most before some have answered.</summary>
    private const int MaxInvites = 1000;

    /// <summary>For how many days an invitation by mail is good.</summary>
    public const int MailedDays = 14;

    private const long MailedMs = MailedDays * 24L * 3_600_000;

    // How the codes of mailed invitations begin; their rows have the next part for a code, and a keyed hash of the whole.
    private const string MailedKind = "WHI";

    private const string Columns = """
        t.id, t.name, t.role, t.description, (SELECT count(*) FROM team_member m JOIN namespace a ON a.id = m.account_id AND a.deleted_ms IS NULL WHERE m.team_id = t.id),
        (SELECT count(*) FROM team_grant g JOIN repository r ON r.id = g.repository_id AND r.deleted_ms IS NULL WHERE g.team_id = t.id),
        (SELECT count(*) FROM team_member m WHERE m.team_id = t.id AND m.account_id = @me)
        """;

    /// <summary>In the order in which they were made.</summary>
    public ValueTask<List<Team>> ListAsync(long organizationId, Principal asks, CancellationToken ct) => db.ListAsync(
        $"SELECT {Columns} FROM team t WHERE t.namespace_id = @ns ORDER BY t.id LIMIT {MaxTeams}", ReadTeam, ct, ("ns", organizationId), ("me", asks.AccountId));

    public ValueTask<Team?> FindAsync(long organizationId, string name, Principal asks, CancellationToken ct) => db.OneAsync(
        $"SELECT {Columns} FROM team t WHERE t.namespace_id = @ns AND t.name = @name", ReadTeam, ct, ("ns", organizationId), ("name", name), ("me", asks.AccountId));

    /// <summary>Makes a team, or changes what is given of one.</summary>
    /// <param name="description">Null to leave it as it is.</param>
    public Task<(OrganizationOutcome Outcome, bool IsNew)> PutAsync(Principal by, long organizationId, string name, string role, string? description, CancellationToken ct) =>
        db.WriteAsync<(OrganizationOutcome, bool)>(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return (OrganizationOutcome.Gone, false);
        var team = await FindAsync(tx, organizationId, name);
        if (team is null)
        {
            if (await tx.OneAsync("SELECT count(*) FROM team WHERE namespace_id = @ns", static r => r.GetInt64(0), ("ns", organizationId)) >= MaxTeams)
                return (OrganizationOutcome.Refused($"An organization has at most {MaxTeams} teams."), false);
            var id = await tx.OneAsync("INSERT INTO team (namespace_id, name, role, description) VALUES (@ns, @name, @role, @description) RETURNING id", static r => r.GetInt64(0),
                ("ns", organizationId), ("name", name), ("role", role), ("description", description ?? ""));
            await AddEventAsync(tx, "team.created", organizationId, by, id, name, $",\"role\":\"{role}\"");
            return (OrganizationOutcome.Done, true);
        }
        if (role != "admin" && !await Roster.KeepsAdminAsync(tx, organizationId, team.Id, 0))
            return (OrganizationOutcome.LastAdmin, false);
        await tx.ExecuteAsync("UPDATE team SET role = @role, description = coalesce(@description, description) WHERE id = @id", ("role", role), ("description", description), ("id", team.Id));
        await AddEventAsync(tx, "team.changed", organizationId, by, team.Id, name, $",\"role\":\"{role}\",\"was\":\"{team.Role}\",\"described\":{(description is null ? "false" : "true")}");
        tx.OnCommit(permissions.ForgetMemberships);
        return (OrganizationOutcome.Done, false);
    }, ct);

    /// <summary>Removes a team with its grants, its invitations and the default permissions to it.</summary>
    public Task<OrganizationOutcome> DeleteAsync(Principal by, long organizationId, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return OrganizationOutcome.Gone;
        // Locked, so that what is being granted to it is there to be removed.
        if (await FindAsync(tx, organizationId, name, db.ForUpdate) is not { } team)
            return OrganizationOutcome.Refused($"The organization has no team {name}.");
        if (!await Roster.KeepsAdminAsync(tx, organizationId, team.Id, 0))
            return OrganizationOutcome.LastAdmin;
        foreach (var statement in (string[])["DELETE FROM team_grant WHERE team_id = @id", "DELETE FROM team_invite WHERE team_id = @id", "DELETE FROM prototype WHERE team_id = @id",
            "DELETE FROM team_member WHERE team_id = @id", "DELETE FROM team WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", team.Id));
        await AddEventAsync(tx, "team.deleted", organizationId, by, team.Id, name, "");
        tx.OnCommit(permissions.ForgetMemberships);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>People and robots in a team, in the order of their numbers.</summary>
    public ValueTask<List<TeamMember>> MembersAsync(long teamId, long after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT n.id, n.name, n.kind FROM team_member m JOIN namespace n ON n.id = m.account_id AND n.deleted_ms IS NULL
         WHERE m.team_id = @team AND m.account_id > @after ORDER BY m.account_id LIMIT @count
        """, ReadMember, ct, ("team", teamId), ("after", after), ("count", count));

    /// <summary>People who are asked into a team and have not answered.</summary>
    public ValueTask<List<TeamMember>> InvitedAsync(long teamId, CancellationToken ct) => db.ListAsync($"""
        SELECT n.id, n.name, n.kind FROM team_invite i JOIN namespace n ON n.id = i.account_id AND n.deleted_ms IS NULL WHERE i.team_id = @team ORDER BY n.id LIMIT {MaxInvites}
        """, ReadMember, ct, ("team", teamId));

    /// <summary>Addresses that were asked into a team by mail and have not answered.</summary>
    public ValueTask<List<string>> MailedAsync(long teamId, CancellationToken ct) => db.ListAsync(
        $"SELECT email FROM team_invite WHERE team_id = @team AND email IS NOT NULL AND created_ms > now_ms() - @life ORDER BY email LIMIT {MaxInvites}", static r => r.GetString(0), ct,
        ("team", teamId), ("life", MailedMs));

    /// <summary>What a team is granted, in the order of the repositories' numbers.</summary>
    public ValueTask<List<TeamGrant>> GrantsAsync(long organizationId, long teamId, long after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT r.id, r.name, r.public, g.role FROM team_grant g JOIN repository r ON r.id = g.repository_id AND r.namespace_id = @ns AND r.deleted_ms IS NULL
         WHERE g.team_id = @team AND g.repository_id > @after ORDER BY g.repository_id LIMIT @count
        """, static r => new TeamGrant(r.GetInt64(0), r.GetString(1), r.GetInt64(2) == 1, (RepositoryRole)r.GetInt64(3)), ct,
        ("ns", organizationId), ("team", teamId), ("after", after), ("count", count));

    /// <summary>
    /// Puts a person, or a robot of the organization, into a team. Where people must be asked, one who is in no team of the
    /// organization yet is only invited.
    /// </summary>
    public Task<(OrganizationOutcome Outcome, TeamMember? Member, bool Invited)> AddAsync(Principal by, long organizationId, string teamName, string name, CancellationToken ct) =>
        db.WriteAsync<(OrganizationOutcome, TeamMember?, bool)>(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return (OrganizationOutcome.Gone, null, false);
        if (await FindAsync(tx, organizationId, teamName) is not { } team)
            return (NoSuchTeam, null, false);
        if (await FindAccountAsync(tx, name, db.ForShare) is not { } account)
            return (OrganizationOutcome.Refused("Unknown user"), null, false);
        if (account.IsRobot && await tx.OneAsync("SELECT 1 FROM robot WHERE id = @id AND namespace_id = @ns", static r => r.GetInt32(0), ("id", account.Id), ("ns", organizationId)) == 0)
            return (ForeignRobot, null, false);
        if (options.RequireTeamInvite && !account.IsRobot && !await IsMemberAsync(tx, organizationId, account.Id))
            return await InviteAsync(tx, by, organizationId, team, account) ? (OrganizationOutcome.Done, account, true)
                : (OrganizationOutcome.Refused($"At most {MaxInvites} people are invited to one team at a time."), null, false);
        await JoinAsync(tx, by, organizationId, team, account);
        return (OrganizationOutcome.Done, account, false);
    }, ct);

    /// <summary>Takes somebody out of a team, or the invitation back.</summary>
    public Task<OrganizationOutcome> RemoveAsync(Principal by, long organizationId, string teamName, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return OrganizationOutcome.Gone;
        if (await FindAsync(tx, organizationId, teamName) is not { } team)
            return NoSuchTeam;
        if (await FindAccountAsync(tx, name, "") is not { } account)
            return OrganizationOutcome.NotFound("There is no such user or robot.");
        if (await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND account_id = @account", ("team", team.Id), ("account", account.Id)) > 0)
        {
            await AddMemberEventAsync(tx, "team.invite_withdrawn", organizationId, by, team, account);
            return OrganizationOutcome.Done;
        }
        if (await tx.OneAsync("SELECT 1 FROM team_member WHERE team_id = @team AND account_id = @account", static r => r.GetInt32(0), ("team", team.Id), ("account", account.Id)) == 0)
            return OrganizationOutcome.Refused($"{name} is not in the team {teamName}.");
        if (!await Roster.KeepsAdminAsync(tx, organizationId, team.Id, account.Id))
            return OrganizationOutcome.LastAdmin;
        await tx.ExecuteAsync("DELETE FROM team_member WHERE team_id = @team AND account_id = @account", ("team", team.Id), ("account", account.Id));
        await AddMemberEventAsync(tx, "team.member_removed", organizationId, by, team, account);
        tx.OnCommit(permissions.ForgetMemberships);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>
    /// Asks whoever reads mail at an address into a team. Whether there is an account with it makes no difference, so that nothing is
    /// learnt about that; a further invitation takes the place of the one before.
    /// </summary>
    public async Task<OrganizationOutcome> InviteByMailAsync(Principal by, NamespaceAccess organization, string teamName, string email, CancellationToken ct)
    {
        var code = OpaqueTokens.Create(MailedKind);
        var (id, mac) = (OpaqueTokens.IdOf(code, MailedKind)!, await tokens.MacAsync(code, ct));
        return await db.WriteAsync(async tx =>
        {
            if (!await Roster.LockAsync(db, tx, organization.NamespaceId))
                return OrganizationOutcome.Gone;
            if (await FindAsync(tx, organization.NamespaceId, teamName) is not { } team)
                return NoSuchTeam;
            if (await tx.OneAsync("SELECT count(*) FROM team_invite WHERE team_id = @team", static r => r.GetInt64(0), ("team", team.Id)) >= MaxInvites)
                return OrganizationOutcome.Refused($"At most {MaxInvites} people are invited to one team at a time.");
            if (!await mail.AddAsync(tx, InviteLetter.ToAddress(email, organization.Name, team.Name, by.Name, code)))
                return OrganizationOutcome.Refused("The address was sent too many mails lately. Try again later.");
            await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND email = @email", ("team", team.Id), ("email", email));
            await tx.ExecuteAsync("INSERT INTO team_invite (code, team_id, email, invited_by, created_ms, mac) VALUES (@code, @team, @email, @by, now_ms(), @mac)",
                ("code", id), ("team", team.Id), ("email", email), ("by", by.AccountId), ("mac", mac));
            await AddEventAsync(tx, "team.member_invited", organization.NamespaceId, by, team.Id, team.Name, $",\"email\":\"{JsonEncodedText.Encode(email)}\"");
            return OrganizationOutcome.Done;
        }, ct);
    }

    /// <summary>Takes an invitation by mail back.</summary>
    public Task<OrganizationOutcome> WithdrawMailedAsync(Principal by, long organizationId, string teamName, string email, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await Roster.LockAsync(db, tx, organizationId))
            return OrganizationOutcome.Gone;
        if (await FindAsync(tx, organizationId, teamName) is not { } team)
            return NoSuchTeam;
        if (await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND email = @email", ("team", team.Id), ("email", email)) == 0)
            return OrganizationOutcome.NotFound("There is no such invitation.");
        await AddEventAsync(tx, "team.invite_withdrawn", organizationId, by, team.Id, team.Name, $",\"email\":\"{JsonEncodedText.Encode(email)}\"");
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>The invitation of a code that somebody opened; null when it is good for nothing any more.</summary>
    public async ValueTask<OpenedInvite?> OpenAsync(string code, CancellationToken ct)
    {
        var (id, mac) = await KeyAsync(code, ct);
        return await db.OneAsync($"""
            SELECT n.name, t.name, (SELECT b.name FROM namespace b WHERE b.id = i.invited_by), i.email
              FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
             WHERE i.code = @code AND (i.account_id IS NOT NULL OR {IsMailed})
            """, static r => new OpenedInvite(r.GetString(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3)), ct,
            ("code", id), ("mac", mac), ("life", MailedMs));
    }

    /// <summary>The invitations of a person, after a code.</summary>
    public ValueTask<List<TeamInvite>> InvitesAsync(Principal of, string after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT i.code, n.name, t.name, (SELECT b.name FROM namespace b WHERE b.id = i.invited_by), i.created_ms
          FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL
         WHERE i.account_id = @me AND i.code > @after ORDER BY i.code LIMIT @count
        """, static r => new TeamInvite(r.GetString(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetInt64(4)), ct,
        ("me", of.AccountId), ("after", after), ("count", count));

    /// <summary>Answers an invitation of the person, or one by mail, which is for whoever has its code; null when there is none.</summary>
    public async Task<(string Organization, string Team)?> AnswerAsync(Principal person, string code, bool accept, CancellationToken ct)
    {
        var (id, mac) = await KeyAsync(code, ct);
        return await db.WriteAsync(tx => AnswerAsync(tx, person, id, mac, accept), ct);
    }

    private async ValueTask<(string Organization, string Team)?> AnswerAsync(Tx tx, Principal person, string code, byte[] mac, bool accept)
    {
        // The organization first, as everywhere; then what the code is about by now.
        var organizationId = await tx.OneAsync($"SELECT t.namespace_id FROM team_invite i JOIN team t ON t.id = i.team_id WHERE i.code = @code AND (i.account_id = @me OR {IsMailed})",
            static r => r.GetInt64(0), ("code", code), ("me", person.AccountId), ("mac", mac), ("life", MailedMs));
        if (organizationId == 0 || !await Roster.LockAsync(db, tx, organizationId))
            return null;
        var invite = await tx.OneAsync($"""
            SELECT t.id, t.name, n.name FROM team_invite i JOIN team t ON t.id = i.team_id JOIN namespace n ON n.id = t.namespace_id
             WHERE i.code = @code AND (i.account_id = @me OR {IsMailed}) AND t.namespace_id = @ns
            """, static r => ((long Id, string Team, string Organization)?)(r.GetInt64(0), r.GetString(1), r.GetString(2)),
            ("code", code), ("me", person.AccountId), ("mac", mac), ("life", MailedMs), ("ns", organizationId));
        if (invite is not { } found || await FindAccountAsync(tx, person.Name, db.ForShare) is not { } account || account.Id != person.AccountId)
            return null;
        var team = new FoundTeam(found.Id, found.Team, "");
        await tx.ExecuteAsync("DELETE FROM team_invite WHERE code = @code", ("code", code));
        await AddMemberEventAsync(tx, accept ? "team.invite_accepted" : "team.invite_declined", organizationId, person, team, account);
        if (accept)
            await JoinAsync(tx, person, organizationId, team, account);
        return (found.Organization, found.Team);
    }

    // Beside @code, which has been found: @mac and @life.
    private const string IsMailed = "(i.account_id IS NULL AND i.mac = @mac AND i.created_ms > now_ms() - @life)";

    private async ValueTask<(string Id, byte[] Mac)> KeyAsync(string code, CancellationToken ct) =>
        OpaqueTokens.IdOf(code, MailedKind) is { } id ? (id, await tokens.MacAsync(code, ct)) : (code, []);

    private async ValueTask JoinAsync(Tx tx, Principal by, long organizationId, FoundTeam team, TeamMember account)
    {
        await tx.ExecuteAsync("DELETE FROM team_invite WHERE team_id = @team AND account_id = @account", ("team", team.Id), ("account", account.Id));
        if (await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @account) ON CONFLICT (account_id, team_id) DO NOTHING", ("team", team.Id), ("account", account.Id)) == 0)
            return;
        await AddMemberEventAsync(tx, "team.member_added", organizationId, by, team, account);
        tx.OnCommit(permissions.ForgetMemberships);
    }

    private async ValueTask<bool> InviteAsync(Tx tx, Principal by, long organizationId, FoundTeam team, TeamMember account)
    {
        if (await tx.OneAsync("SELECT 1 FROM team_invite WHERE team_id = @team AND account_id = @account LIMIT 1", static r => r.GetInt32(0), ("team", team.Id), ("account", account.Id)) == 1)
            return true;
        if (await tx.OneAsync("SELECT count(*) FROM team_invite WHERE team_id = @team", static r => r.GetInt64(0), ("team", team.Id)) >= MaxInvites)
            return false;
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
        await tx.ExecuteAsync("INSERT INTO team_invite (code, team_id, account_id, invited_by, created_ms) VALUES (@code, @team, @account, @by, now_ms())",
            ("code", code), ("team", team.Id), ("account", account.Id), ("by", by.AccountId));
        if (mail.Enabled && await tx.OneAsync("SELECT a.email, n.name FROM account a, namespace n WHERE a.id = @account AND a.email IS NOT NULL AND n.id = @ns",
            static r => ((string Email, string Organization)?)(r.GetString(0), r.GetString(1)), ("account", account.Id), ("ns", organizationId)) is { } known)
            await mail.AddAsync(tx, InviteLetter.ToPerson(known.Email, account.Name, known.Organization, team.Name, by.Name, code));
        await AddMemberEventAsync(tx, "team.member_invited", organizationId, by, team, account);
        return true;
    }

    private static ValueTask<FoundTeam?> FindAsync(Tx tx, long organizationId, string name, string locking = "") => tx.OneAsync(
        $"SELECT id, name, role FROM team WHERE namespace_id = @ns AND name = @name {locking}", static r => new FoundTeam(r.GetInt64(0), r.GetString(1), r.GetString(2)), ("ns", organizationId), ("name", name));

    private static ValueTask<TeamMember?> FindAccountAsync(Tx tx, string name, string locking) => tx.OneAsync(
        $"SELECT id, name, kind FROM namespace WHERE name = @name AND deleted_ms IS NULL AND kind <> 'organization' {locking}", ReadMember, ("name", name));

    private static async ValueTask<bool> IsMemberAsync(Tx tx, long organizationId, long accountId) => await tx.OneAsync(
        "SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = @account AND t.namespace_id = @ns LIMIT 1", static r => r.GetInt32(0), ("account", accountId), ("ns", organizationId)) == 1;

    private static ValueTask<int> AddMemberEventAsync(Tx tx, string kind, long organizationId, Principal by, FoundTeam team, TeamMember account) =>
        AddEventAsync(tx, kind, organizationId, by, team.Id, team.Name, $",\"account\":{account.Id},\"member\":\"{account.Name}\"");

    /// <param name="more">Further members of the payload, each with a comma before it.</param>
    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long organizationId, Principal by, long teamId, string name, string more) =>
        Events.AddAsync(tx, kind, organizationId, null, null, $$"""{"by":{{by.AccountId}},"team":{{teamId}},"name":"{{JsonEncodedText.Encode(name)}}"{{more}}}""");

    internal static OrganizationOutcome ForeignRobot => OrganizationOutcome.Refused("Only robots of the organization itself can be in its teams.");

    private static OrganizationOutcome NoSuchTeam => OrganizationOutcome.NotFound("The organization has no such team.");

    private static Team ReadTeam(DbDataReader r) =>
        new(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6) > 0);

    private static TeamMember ReadMember(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.GetString(2) == "robot");

    private sealed record FoundTeam(long Id, string Name, string Role);
}
