using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Organizations;
using Wharf.Server.Outbox;

namespace Wharf.Server.Superuser;

/// <summary>What superusers do to organizations that are not their own.</summary>
internal sealed class SuperuserStore(Database db, AccountStore accounts, Namespaces namespaces, OrganizationStore organizations, Permissions permissions)
{
    public async ValueTask<(long Id, string Name, string? Email)?> FindAsync(string name, CancellationToken ct) => !AccountStore.IsValidName(name) ? null : await db.OneAsync(
        "SELECT id, name, email FROM namespace WHERE name = @name AND kind = 'organization' AND deleted_ms IS NULL",
        static r => ((long, string, string?)?)(r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2)), ct, ("name", name));

    /// <summary>By number, after <paramref name="after"/>.</summary>
    public ValueTask<List<(long Id, string Name, string? Email)>> ListAsync(long after, int count, CancellationToken ct) => db.ListAsync(
        "SELECT id, name, email FROM namespace WHERE id > @after AND kind = 'organization' AND deleted_ms IS NULL ORDER BY id LIMIT @count",
        static r => (r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2)), ct, ("after", after), ("count", count));

    /// <summary>Gives an organization, with its robots, another name; what stands against it, or null. The old name is reserved as a deleted one's is.</summary>
    public Task<string?> RenameAsync(Principal by, long id, string name, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        if (!await organizations.LockAsync(tx, id))
            return "There is no such organization any more.";
        var old = await tx.OneAsync("SELECT name FROM namespace WHERE id = @id", static r => r.GetString(0), ("id", id));
        var claimed = await namespaces.ClaimAsync(tx, name, "reserved", by.AccountId);
        if (claimed.Problem is not null)
            return claimed.Problem;
        // Who is sent to the old name by a script or a Dockerfile must not find somebody else there: its row stays, as that of a deleted one.
        await tx.ExecuteAsync("UPDATE namespace SET name = @old, deleted_ms = now_ms(), deleted_by = @by WHERE id = @claimed", ("old", old), ("by", by.AccountId), ("claimed", claimed.Id));
        await tx.ExecuteAsync("UPDATE namespace SET name = @name WHERE id = @id", ("name", name), ("id", id));
        await tx.ExecuteAsync("UPDATE namespace SET name = @name || '+' || (SELECT r.name FROM robot r WHERE r.id = namespace.id) WHERE id IN (SELECT id FROM robot WHERE namespace_id = @id) AND deleted_ms IS NULL",
            ("name", name), ("id", id));
        await Events.AddAsync(tx, "organization.renamed", id, null, null, new JsonObject { ["by"] = by.AccountId, ["from"] = old, ["to"] = name }.ToJsonString());
        Forget(tx);
        return null;
    }, ct);

    /// <summary>Puts the superuser into a team of admins of an organization; false when it is not there.</summary>
    public Task<bool> JoinOwnersAsync(Principal by, long id, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (!await organizations.LockAsync(tx, id))
            return false;
        await JoinAsync(tx, by, id);
        await Events.AddAsync(tx, "organization.taken", id, null, null, $$"""{"by":{{by.AccountId}},"was_user":false}""");
        Forget(tx);
        return true;
    }, ct);

    /// <summary>Makes a person's namespace an organization of the superuser; what stands against it, or null.</summary>
    public Task<string?> ConvertAsync(Principal by, long id, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @id AND kind = 'user' AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ("id", id)) == 0)
            return "There is no such user any more.";
        if (await tx.OneAsync($"SELECT superuser FROM account WHERE id = @id {db.ForUpdate}", static r => r.GetInt64(0), ("id", id)) == 1)
            return "The user is a superuser.";
        await organizations.ConvertAsync(tx, by, id, by.AccountId);
        await Events.AddAsync(tx, "organization.taken", id, null, null, $$"""{"by":{{by.AccountId}},"was_user":true}""");
        return null;
    }, ct);

    private static async ValueTask JoinAsync(Tx tx, Principal by, long id)
    {
        if (await tx.OneAsync("SELECT id FROM team WHERE namespace_id = @id AND role = 'admin' ORDER BY id LIMIT 1", static r => r.GetInt64(0), ("id", id)) is not (> 0 and var team))
            team = await tx.OneAsync("""
                INSERT INTO team (namespace_id, name, role) VALUES (@id, 'owners', 'admin')
                ON CONFLICT (namespace_id, name) DO UPDATE SET role = 'admin' RETURNING id
                """, static r => r.GetInt64(0), ("id", id));
        await tx.ExecuteAsync("INSERT INTO team_member (team_id, account_id) VALUES (@team, @me) ON CONFLICT (account_id, team_id) DO NOTHING", ("team", team), ("me", by.AccountId));
    }

    private void Forget(Tx tx)
    {
        tx.OnCommit(accounts.DropAll);
        tx.OnCommit(permissions.ForgetNamespace);
    }
}
