using System.Text.Json;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Organizations;

/// <summary>Organizations: made, changed, deleted so that they can be restored, and what becomes of a person who turns into one.</summary>
internal sealed class OrganizationStore(Database db, Namespaces namespaces, Permissions permissions, AccountStore accounts)
{
    public const string Sealed = "sealed";
    public const string Hashed = "hashed";

    /// <summary>As with deleting an account: there always is a superuser.</summary>
    public static readonly OrganizationOutcome IsSuperuser = OrganizationOutcome.Refused("A superuser does not become an organization; another superuser has to take that away first.");

    /// <summary>Makes an organization in the caller's transaction. As in Quay it has the team "owners", whose role is admin, with its maker in it.</summary>
    public async ValueTask<NewAccount> CreateAsync(Tx tx, string name, string? email, Principal owner)
    {
        var made = await namespaces.ClaimAsync(tx, name, "organization", owner.AccountId);
        if (made.Problem is not null)
            return made;
        await tx.ExecuteAsync("UPDATE namespace SET email = @email WHERE id = @id", ("email", email), ("id", made.Id));
        await AddOwnersAsync(tx, made.Id, owner.AccountId);
        await Events.AddAsync(tx, "organization.created", made.Id, null, null, $$"""{"by":{{owner.AccountId}},"name":"{{name}}"}""");
        tx.OnCommit(permissions.ForgetMemberships);
        return made;
    }

    public Task<NewAccount> CreateAsync(Principal owner, string name, string? email, CancellationToken ct) => db.WriteAsync(tx => CreateAsync(tx, name, email, owner), ct);

    /// <inheritdoc cref="Roster.LockAsync"/>
    public ValueTask<bool> LockAsync(Tx tx, long organizationId) => Roster.LockAsync(db, tx, organizationId);

    public ValueTask<Organization?> FindAsync(long id, CancellationToken ct) => db.OneAsync(
        "SELECT email, tag_expiration_s, robot_secrets FROM namespace WHERE id = @id AND deleted_ms IS NULL",
        static r => new Organization(r.IsDBNull(0) ? null : r.GetString(0), r.GetInt64(1), r.GetString(2)), ct, ("id", id));

    /// <summary>Changes what is given; what is null stays, and an empty address goes. Who turns to hashes only has no token to read from then on, but all of them go on working.</summary>
    public Task<OrganizationOutcome> ChangeAsync(Principal by, NamespaceAccess organization, string? email, long? tagExpirationS, string? robotSecrets, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        // The lock also keeps a robot from getting a sealed token meanwhile (RobotStore takes it shared).
        var former = await tx.OneAsync($"SELECT email, tag_expiration_s, robot_secrets FROM namespace WHERE id = @id AND deleted_ms IS NULL {db.ForUpdate}",
            static r => new Organization(r.IsDBNull(0) ? null : r.GetString(0), r.GetInt64(1), r.GetString(2)), ("id", organization.NamespaceId));
        if (former is null)
            return OrganizationOutcome.Gone;
        var now = new Organization(email is null ? former.Email : email.Length == 0 ? null : email, tagExpirationS ?? former.TagExpirationS, robotSecrets ?? former.RobotSecrets);
        if (now == former)
            return OrganizationOutcome.Done;
        await tx.ExecuteAsync("UPDATE namespace SET email = @email, robot_secrets = @secrets WHERE id = @id", ("email", now.Email), ("secrets", now.RobotSecrets), ("id", organization.NamespaceId));
        await Window.SetAsync(tx, organization.NamespaceId, now.TagExpirationS);
        if (now.RobotSecrets == Hashed)
            await tx.ExecuteAsync("UPDATE robot SET sealed_token = NULL WHERE namespace_id = @id", ("id", organization.NamespaceId));
        await Events.AddAsync(tx, "organization.changed", organization.NamespaceId, null, null, JsonSerializer.Serialize(
            new OrganizationChange(by.AccountId, now.Email, former.Email, now.TagExpirationS, former.TagExpirationS, now.RobotSecrets, former.RobotSecrets), OrganizationsJson.Default.OrganizationChange));
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>
    /// Deletes an organization so that it can be restored: what is in it stays with it. Its robots' names become free with its own,
    /// so that whoever gets the name later finds nothing there.
    /// </summary>
    public Task<OrganizationOutcome> DeleteAsync(Principal by, long organizationId, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var name = await tx.OneAsync("""
            UPDATE namespace SET deleted_ms = now_ms(), deleted_by = @by WHERE id = @id AND kind = 'organization' AND deleted_ms IS NULL RETURNING name
            """, static r => r.GetString(0), ("by", by.AccountId), ("id", organizationId));
        if (name is null)
            return OrganizationOutcome.Gone;
        await tx.ExecuteAsync("UPDATE namespace SET deleted_ms = now_ms(), deleted_by = @by WHERE id IN (SELECT id FROM robot WHERE namespace_id = @id)", ("by", by.AccountId), ("id", organizationId));
        await Window.CloseAsync(tx, organizationId);
        await ChangedAsync(tx, "organization.deleted", organizationId, name, by);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>Restores the organization of that name that was deleted last, for who deleted it or a superuser, with all that it had.</summary>
    /// <param name="newName">The name that it has from then on, and its robots before their plus.</param>
    public Task<OrganizationOutcome> RestoreAsync(Principal by, string name, string newName, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var id = await tx.OneAsync($"""
            SELECT id FROM namespace
             WHERE name = @name AND kind = 'organization' AND deleted_ms > now_ms() - tag_expiration_s * 1000 AND purge_ms IS NULL AND (deleted_by = @by OR @superuser = 1)
             ORDER BY deleted_ms DESC, id DESC LIMIT 1 {db.ForUpdate}
            """, static r => r.GetInt64(0), ("name", name), ("by", by.AccountId), ("superuser", by.Superuser ? 1 : 0));
        if (id == 0)
            return OrganizationOutcome.NotFound("No organization of that name was deleted, or too long ago, or by somebody else.");
        if (name != newName)
        {
            if (await namespaces.CheckAsync(tx, newName, "organization", by.AccountId) is { } why)
                return OrganizationOutcome.Refused(why);
        }
        else if (await tx.OneAsync("SELECT 1 FROM namespace WHERE name = @name AND deleted_ms IS NULL", static r => r.GetInt32(0), ("name", name)) == 1)
            return OrganizationOutcome.Refused("The name has been taken meanwhile; choose another one (new_name).");
        await tx.ExecuteAsync("UPDATE namespace SET deleted_ms = NULL, deleted_by = NULL, name = @name WHERE id = @id", ("id", id), ("name", newName));
        await tx.ExecuteAsync("""
            UPDATE namespace SET deleted_ms = NULL, deleted_by = NULL, name = @name || '+' || (SELECT r.name FROM robot r WHERE r.id = namespace.id)
             WHERE id IN (SELECT r.id FROM robot r WHERE r.namespace_id = @id)
            """, ("id", id), ("name", newName));
        await ChangedAsync(tx, "organization.restored", id, newName, by, name == newName ? null : name);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>What the person deleted and can restore, or all that can be, in the order of numbers.</summary>
    public ValueTask<List<DeletedOrganization>> ListDeletedAsync(Principal by, bool all, long after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT n.id, n.name, n.deleted_ms, (SELECT b.name FROM namespace b WHERE b.id = n.deleted_by), n.deleted_ms + n.tag_expiration_s * 1000
          FROM namespace n
         WHERE n.deleted_ms IS NOT NULL AND n.deleted_ms > now_ms() - n.tag_expiration_s * 1000 AND n.purge_ms IS NULL AND n.kind = 'organization' AND n.id > @after AND (n.deleted_by = @by OR @all = 1)
         ORDER BY n.id LIMIT @count
        """, static r => new DeletedOrganization(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetInt64(4)), ct,
        ("by", by.AccountId), ("all", all ? 1 : 0), ("after", after), ("count", count));

    /// <summary>Makes an organization of a person who is in none, with another person as its admin.</summary>
    public Task<OrganizationOutcome> ConvertAsync(Principal person, Principal admin, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @id AND kind = 'user' AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ("id", person.AccountId)) == 0
            || await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @id AND kind = 'user' AND deleted_ms IS NULL {db.ForShare}", static r => r.GetInt32(0), ("id", admin.AccountId)) == 0)
            return OrganizationOutcome.Refused("One of the two accounts is none any more.");
        if (await tx.OneAsync($"SELECT superuser FROM account WHERE id = @id {db.ForUpdate}", static r => r.GetInt64(0), ("id", person.AccountId)) == 1)
            return IsSuperuser;
        if (await tx.OneAsync("""
            SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id JOIN namespace n ON n.id = t.namespace_id AND n.deleted_ms IS NULL WHERE m.account_id = @id LIMIT 1
            """, static r => r.GetInt32(0), ("id", person.AccountId)) == 1)
            return OrganizationOutcome.Refused("Leave all organizations first: an organization cannot be a member of another one.");
        await ConvertAsync(tx, person, person.AccountId, admin.AccountId);
        return OrganizationOutcome.Done;
    }, ct);

    /// <summary>
    /// The same in the caller's transaction, who has locked the person's namespace. The account, with its sessions, grants, memberships
    /// and stars elsewhere, goes; repositories and robots stay.
    /// </summary>
    public async ValueTask ConvertAsync(Tx tx, Principal by, long personId, long adminId)
    {
        await tx.ExecuteAsync("UPDATE namespace SET kind = 'organization', email = (SELECT a.email FROM account a WHERE a.id = namespace.id) WHERE id = @id", ("id", personId));
        foreach (var statement in (string[])["DELETE FROM account_grant WHERE account_id = @id", "DELETE FROM star WHERE account_id = @id", "DELETE FROM session WHERE account_id = @id",
            "DELETE FROM app_token WHERE account_id = @id", "DELETE FROM oauth_token WHERE account_id = @id", "DELETE FROM oauth_code WHERE account_id = @id",
            "DELETE FROM oauth_assignment WHERE account_id = @id", "DELETE FROM mail_code WHERE account_id = @id",
            "DELETE FROM team_member WHERE account_id = @id", "DELETE FROM team_invite WHERE account_id = @id", "DELETE FROM prototype WHERE account_id = @id OR activating_id = @id",
            "DELETE FROM account WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", personId));
        await AddOwnersAsync(tx, personId, adminId);
        await Events.AddAsync(tx, "account.converted", personId, null, null, $$"""{"by":{{by.AccountId}},"admin":{{adminId}}}""");
        await Events.AddAsync(tx, "organization.converted", personId, null, null, $$"""{"by":{{by.AccountId}},"admin":{{adminId}}}""");
        tx.OnCommit(accounts.DropAll);
        tx.OnCommit(permissions.ForgetNamespace);
    }

    /// <summary>Takes what there is about a namespace that is gone for good, in the collector's transaction. Its row stays, with its name: its number is in the history.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        const string Teams = "(SELECT id FROM team WHERE namespace_id = @ns)";
        foreach (var statement in (string[])[$"DELETE FROM team_invite WHERE team_id IN {Teams}", $"DELETE FROM team_member WHERE team_id IN {Teams}", $"DELETE FROM team_grant WHERE team_id IN {Teams}",
            "DELETE FROM prototype WHERE namespace_id = @ns", "DELETE FROM team WHERE namespace_id = @ns", "UPDATE namespace SET email = NULL WHERE id = @ns"])
            await tx.ExecuteAsync(statement, ("ns", namespaceId));
    }

    private static async ValueTask AddOwnersAsync(Tx tx, long organizationId, long ownerId)
    {
        var team = await tx.OneAsync("INSERT INTO team (namespace_id, name, role) VALUES (@ns, 'owners', 'admin') RETURNING id", static r => r.GetInt64(0), ("ns", organizationId));
        await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @account)", ("team", team), ("account", ownerId));
    }

    // With the organization, its robots can sign in no more, or again.
    private async ValueTask ChangedAsync(Tx tx, string kind, long organizationId, string name, Principal by, string? formerName = null)
    {
        var former = formerName is null ? "" : $",\"former_name\":\"{formerName}\"";
        await Events.AddAsync(tx, kind, organizationId, null, null, $$"""{"by":{{by.AccountId}},"name":"{{name}}"{{former}}}""");
        tx.OnCommit(accounts.DropAll);
        tx.OnCommit(permissions.ForgetNamespace);
    }
}
