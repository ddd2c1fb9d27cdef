using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>
/// Organizations: made, changed, deleted and had back. Who changes an organization, its teams or its members holds the lock on its
/// row in namespace, so that no two changes together leave it without an admin.
/// </summary>
internal sealed class OrganizationStore(Database db, Namespaces namespaces, AccountStore accounts, Permissions permissions)
{
    public static readonly Problem Gone = Problem.NotFound("The organization has been deleted.");

    /// <summary>Makes an organization in the caller's transaction. As in Quay it has the team "owners", whose role is admin, with its maker in it.</summary>
    public async ValueTask<NewAccount> CreateAsync(Tx tx, string name, string? email, Principal owner)
    {
        var made = await namespaces.ClaimAsync(tx, name, "organization", owner.AccountId);
        if (made.Problem is not null)
            return made;
        await tx.ExecuteAsync("UPDATE namespace SET email = @email WHERE id = @id", ("email", email), ("id", made.Id));
        await AddOwnersAsync(tx, made.Id, owner.AccountId);
        await AddEventAsync(tx, "organization.created", made.Id, owner, []);
        tx.OnCommit(permissions.ForgetMemberships);
        return made;
    }

    public Task<NewAccount> CreateAsync(string name, string? email, Principal owner, CancellationToken ct) => db.WriteAsync(tx => CreateAsync(tx, name, email, owner), ct);

    public ValueTask<Organization?> FindAsync(long id, CancellationToken ct) => db.OneAsync(
        "SELECT id, name, email, tag_expiration_s, robot_secrets FROM namespace WHERE id = @id AND kind = 'organization' AND deleted_ms IS NULL",
        static r => new Organization(r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetInt64(3), r.GetString(4)), ct, ("id", id));

    /// <summary>Changes what is given; what is null stays. Organizations that keep hashes only lose the tokens that were sealed; they stay valid.</summary>
    public Task<Problem?> ChangeAsync(Principal by, long id, string? email, long? tagExpirationS, string? robotSecrets, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await LockAsync(tx, id))
            return Gone;
        await tx.ExecuteAsync("""
            UPDATE namespace SET email = CASE WHEN @email = '' THEN NULL ELSE coalesce(@email, email) END, tag_expiration_s = coalesce(@expiration, tag_expiration_s),
                   robot_secrets = coalesce(@secrets, robot_secrets)
             WHERE id = @id
            """, ("email", email), ("expiration", tagExpirationS), ("secrets", robotSecrets), ("id", id));
        if (robotSecrets == "hashed")
            await tx.ExecuteAsync("UPDATE robot SET sealed_token = NULL WHERE namespace_id = @id", ("id", id));
        var details = new JsonObject();
        if (email is not null)
            details["email"] = email;
        if (tagExpirationS is not null)
            details["tag_expiration_s"] = tagExpirationS;
        if (robotSecrets is not null)
            details["robot_secrets"] = robotSecrets;
        await AddEventAsync(tx, "organization.changed", id, by, details);
        return null;
    }, ct);

    /// <summary>Takes the organization away with all that is in it. Nothing of it is removed, so that it can be had back.</summary>
    public Task<Problem?> DeleteAsync(Principal by, long id, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await LockAsync(tx, id))
            return Gone;
        // A robot has its owner's name in its own, which the next organization of that name can use for its robots.
        await tx.ExecuteAsync("""
            UPDATE namespace SET deleted_ms = now_ms(), deleted_by = @me WHERE id = @id OR id IN (SELECT r.id FROM robot r WHERE r.namespace_id = @id)
            """, ("me", by.AccountId), ("id", id));
        await AddEventAsync(tx, "organization.deleted", id, by, []);
        ForgetOnCommit(tx);
        return null;
    }, ct);

    /// <summary>What the account deleted and can have back, after the one with the number <paramref name="last"/>.</summary>
    public ValueTask<List<DeletedOrganization>> ListDeletedAsync(long by, long last, int count, CancellationToken ct) => db.ListAsync("""
        SELECT id, name, deleted_ms, deleted_ms + tag_expiration_s * 1000
          FROM namespace
         WHERE kind = 'organization' AND deleted_by = @me AND deleted_ms > now_ms() - tag_expiration_s * 1000 AND id > @last
         ORDER BY id LIMIT @count
        """, static r => new DeletedOrganization(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3)), ct, ("me", by), ("last", last), ("count", count));

    /// <summary>Brings back the organization of that name that was deleted last, for who deleted it or a superuser.</summary>
    /// <returns>Its number, or why not.</returns>
    public Task<(long Id, Problem? Problem)> RestoreAsync(Principal by, string name, CancellationToken ct) => db.WriteAsync<(long, Problem?)>(async tx =>
    {
        var id = await tx.OneAsync($"""
            SELECT id FROM namespace
             WHERE name = @name AND kind = 'organization' AND deleted_ms > now_ms() - tag_expiration_s * 1000 AND (deleted_by = @me OR @any = 1)
             ORDER BY deleted_ms DESC, id DESC LIMIT 1 {db.ForUpdate}
            """, static r => r.GetInt64(0), ("name", name), ("me", by.AccountId), ("any", by.Superuser ? 1 : 0));
        if (id == 0)
            return (0, Problem.NotFound("There is no deleted organization of this name that you can have back."));
        if (await tx.OneAsync("SELECT 1 FROM namespace WHERE name = @name AND deleted_ms IS NULL", static r => r.GetInt32(0), ("name", name)) == 1)
            return (0, Problem.InvalidRequest("The name has been taken since the organization was deleted."));
        await tx.ExecuteAsync("""
            UPDATE namespace SET deleted_ms = NULL, deleted_by = NULL WHERE id = @id OR id IN (SELECT r.id FROM robot r WHERE r.namespace_id = @id)
            """, ("id", id));
        await AddEventAsync(tx, "organization.restored", id, by, []);
        ForgetOnCommit(tx);
        return (id, null);
    }, ct);

    /// <summary>Makes an organization out of a person, whose repositories and robots stay where they are, with somebody else as its admin.</summary>
    public Task<Problem?> ConvertAsync(Principal person, Principal admin, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        // Who adds somebody to a team holds that one's row too (TeamStore).
        if (await tx.OneAsync($"SELECT id FROM namespace WHERE id = @id AND kind = 'user' AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt64(0), ("id", person.AccountId)) == 0)
            return Problem.InvalidRequest("The account has been deleted or converted.");
        if (await tx.OneAsync("SELECT 1 FROM team_member WHERE account_id = @id LIMIT 1", static r => r.GetInt32(0), ("id", person.AccountId)) == 1)
            return Problem.InvalidRequest("You are a member of an organization; leave all of them first, since organizations are in no teams.");
        if (await tx.OneAsync($"SELECT id FROM namespace WHERE id = @id AND kind = 'user' AND deleted_ms IS NULL {db.ForShare}", static r => r.GetInt64(0), ("id", admin.AccountId)) == 0)
            return InvalidAdmin;
        await tx.ExecuteAsync("UPDATE namespace SET kind = 'organization', email = (SELECT a.email FROM account a WHERE a.id = @id) WHERE id = @id", ("id", person.AccountId));
        foreach (var statement in (string[])["DELETE FROM account_grant WHERE account_id = @id", "DELETE FROM prototype WHERE account_id = @id OR activating_id = @id",
            "DELETE FROM team_invite WHERE account_id = @id", "DELETE FROM star WHERE account_id = @id", "DELETE FROM session WHERE account_id = @id", "DELETE FROM account WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", person.AccountId));
        await AddOwnersAsync(tx, person.AccountId, admin.AccountId);
        await AddEventAsync(tx, "account.converted", person.AccountId, person, []);
        await AddEventAsync(tx, "organization.converted", person.AccountId, person, new JsonObject { ["admin"] = admin.AccountId, ["name"] = admin.Name });
        ForgetOnCommit(tx);
        return null;
    }, ct);

    public static readonly Problem InvalidAdmin = Problem.InvalidRequest("The admin user credentials are not valid");

    /// <summary>Keeps the organization from being changed by others until the transaction ends; false when it was deleted.</summary>
    public async ValueTask<bool> LockAsync(Tx tx, long id) => await tx.OneAsync(
        $"SELECT id FROM namespace WHERE id = @id AND kind = 'organization' AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt64(0), ("id", id)) != 0;

    /// <summary>Notes what somebody did to the organization, in the transaction of the change.</summary>
    public static ValueTask<int> AddEventAsync(Tx tx, string kind, long id, Principal by, JsonObject details)
    {
        details["by"] = by.AccountId;
        return Events.AddAsync(tx, kind, id, null, null, details.ToJsonString());
    }

    private static async ValueTask AddOwnersAsync(Tx tx, long id, long admin)
    {
        var team = await tx.OneAsync("INSERT INTO team (namespace_id, name, role) VALUES (@ns, 'owners', 'admin') RETURNING id", static r => r.GetInt64(0), ("ns", id));
        await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @account)", ("team", team), ("account", admin));
    }

    private void ForgetOnCommit(Tx tx)
    {
        tx.OnCommit(permissions.ForgetNamespace);
        tx.OnCommit(accounts.DropAll);
    }
}
