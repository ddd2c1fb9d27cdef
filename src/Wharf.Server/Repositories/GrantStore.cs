using System.Data.Common;
using System.Text.Json;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Repositories;

/// <summary>What people, robots and teams are granted on repositories.</summary>
internal sealed class GrantStore(Database db, Permissions permissions)
{
    private const string Accounts = """
        SELECT a.id, a.name, g.role, CASE a.kind WHEN 'robot' THEN 1 ELSE 0 END,
               CASE WHEN n.kind <> 'organization' THEN NULL
                    WHEN a.kind = 'robot' OR EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = a.id AND t.namespace_id = n.id) THEN 1
                    ELSE 0 END
          FROM account_grant g JOIN namespace a ON a.id = g.account_id AND a.deleted_ms IS NULL JOIN namespace n ON n.id = g.namespace_id
         WHERE g.namespace_id = @ns AND g.repository_id = @repo
        """;

    private const string Teams = """
        SELECT t.id, t.name, g.role FROM team_grant g JOIN team t ON t.id = g.team_id AND t.namespace_id = g.namespace_id
         WHERE g.namespace_id = @ns AND g.repository_id = @repo
        """;

    /// <summary>Grants to people and robots, in the order of their numbers.</summary>
    public ValueTask<List<Grant>> AccountsAsync(RepositoryAccess access, long after, int count, CancellationToken ct) =>
        db.ListAsync($"{Accounts} AND g.account_id > @after ORDER BY g.account_id LIMIT @count", ReadAccount, ct, [.. Of(access), ("after", after), ("count", count)]);

    public ValueTask<Grant?> FindAccountAsync(RepositoryAccess access, string name, CancellationToken ct) =>
        db.OneAsync($"{Accounts} AND a.name = @name", ReadAccount, ct, [.. Of(access), ("name", name)]);

    /// <summary>Grants to teams, in the order of their numbers.</summary>
    public ValueTask<List<Grant>> TeamsAsync(RepositoryAccess access, long after, int count, CancellationToken ct) =>
        db.ListAsync($"{Teams} AND g.team_id > @after ORDER BY g.team_id LIMIT @count", ReadTeam, ct, [.. Of(access), ("after", after), ("count", count)]);

    public ValueTask<Grant?> FindTeamAsync(RepositoryAccess access, string name, CancellationToken ct) =>
        db.OneAsync($"{Teams} AND t.name = @name", ReadTeam, ct, [.. Of(access), ("name", name)]);

    /// <summary>The roles that somebody has: by the own grant, by teams, as the owner or as an admin of the organization.</summary>
    public ValueTask<List<RepositoryRole>> RolesAsync(RepositoryAccess access, string name, CancellationToken ct) => db.ListAsync("""
        SELECT role FROM (
            SELECT g.role FROM namespace a JOIN account_grant g ON g.namespace_id = @ns AND g.repository_id = @repo AND g.account_id = a.id
             WHERE a.name = @name AND a.deleted_ms IS NULL
            UNION ALL
            SELECT g.role FROM namespace a JOIN team_member m ON m.account_id = a.id JOIN team_grant g ON g.namespace_id = @ns AND g.repository_id = @repo AND g.team_id = m.team_id
             WHERE a.name = @name AND a.deleted_ms IS NULL
            UNION ALL
            SELECT 3 FROM namespace a
             WHERE a.name = @name AND a.deleted_ms IS NULL AND a.kind <> 'organization'
               AND (a.id = @ns OR EXISTS (SELECT 1 FROM team_member m JOIN team t ON t.id = m.team_id WHERE m.account_id = a.id AND t.namespace_id = @ns AND t.role = 'admin'))) roles
         ORDER BY role DESC LIMIT 1000
        """, static r => (RepositoryRole)r.GetInt64(0), ct, [.. Of(access), ("name", name)]);

    /// <summary>Grants a role to a person, or to a robot of the repository's own namespace.</summary>
    public Task<GrantOutcome> GrantToAccountAsync(Principal by, RepositoryAccess access, string name, RepositoryRole role, CancellationToken ct) => db.WriteAsync<GrantOutcome>(async tx =>
    {
        // Told by the name, so that the answer does not tell whether another namespace has such a robot.
        if (AccountStore.OwnerOfRobot(name) is { } owner && owner != access.Name.Namespace)
            return ForeignRobot;
        // Locked, so that whoever is deleted at the same moment either takes this grant along or is gone here.
        var account = await tx.OneAsync($"""
            SELECT n.id, n.kind, (SELECT r.namespace_id FROM robot r WHERE r.id = n.id) FROM namespace n WHERE n.name = @name AND n.deleted_ms IS NULL {db.ForShare}
            """, static r => (Id: r.GetInt64(0), Kind: r.GetString(1), Owner: r.IsDBNull(2) ? 0 : r.GetInt64(2)), ("name", name));
        if (account.Id == 0 || account.Kind == "organization")
            return GrantOutcome.Refused($"There is no user or robot {name}.");
        if (account.Id == access.NamespaceId)
            return GrantOutcome.Refused("Namespace owner must always be admin.");
        if (account.Kind == "robot" && account.Owner != access.NamespaceId)
            return ForeignRobot;
        return await GrantAsync(tx, by, access, "account", account.Id, name, role)
            ? new(await tx.OneAsync($"{Accounts} AND g.account_id = @id", ReadAccount, [.. Of(access), ("id", account.Id)]), null)
            : Gone;
    }, ct);

    /// <summary>Grants a role to a team of the repository's organization.</summary>
    public Task<GrantOutcome> GrantToTeamAsync(Principal by, RepositoryAccess access, string name, RepositoryRole role, CancellationToken ct) => db.WriteAsync<GrantOutcome>(async tx =>
    {
        var id = await tx.OneAsync($"SELECT id FROM team WHERE namespace_id = @ns AND name = @name {db.ForShare}", static r => r.GetInt64(0), ("ns", access.NamespaceId), ("name", name));
        if (id == 0)
            return GrantOutcome.Refused($"The repository's namespace has no team {name}.");
        return await GrantAsync(tx, by, access, "team", id, name, role) ? new(new Grant(id, name, role), null) : Gone;
    }, ct);

    /// <summary>Takes a grant away; false when there was none.</summary>
    public Task<bool> RevokeFromAccountAsync(Principal by, RepositoryAccess access, string name, CancellationToken ct) =>
        RevokeAsync(by, access, "account", "SELECT id FROM namespace WHERE name = @name AND deleted_ms IS NULL", name, ct);

    /// <inheritdoc cref="RevokeFromAccountAsync"/>
    public Task<bool> RevokeFromTeamAsync(Principal by, RepositoryAccess access, string name, CancellationToken ct) =>
        RevokeAsync(by, access, "team", "SELECT id FROM team WHERE namespace_id = @ns AND name = @name", name, ct);

    /// <param name="whom">account or team: half the name of the table and of its column.</param>
    private async ValueTask<bool> GrantAsync(Tx tx, Principal by, RepositoryAccess access, string whom, long id, string name, RepositoryRole role)
    {
        if (await tx.ExecuteAsync($"""
            INSERT INTO {whom}_grant (namespace_id, repository_id, {whom}_id, role, granted_by, granted_ms)
            SELECT @ns, r.id, @id, @role, @by, now_ms() FROM repository r WHERE r.id = @repo AND r.deleted_ms IS NULL
            ON CONFLICT (namespace_id, repository_id, {whom}_id) DO UPDATE SET role = excluded.role, granted_by = excluded.granted_by, granted_ms = excluded.granted_ms
            """, [.. Of(access), ("id", id), ("role", (long)role), ("by", by.AccountId)]) == 0)
            return false;
        await Events.AddAsync(tx, "repository.grant", access.NamespaceId, access.RepositoryId, null,
            $$"""{"by":{{by.AccountId}},"{{whom}}":{{id}},"name":"{{JsonEncodedText.Encode(name)}}","role":"{{GrantsApi.Word(role)}}"}""");
        tx.OnCommit(() => permissions.Forget(access.Name));
        return true;
    }

    private Task<bool> RevokeAsync(Principal by, RepositoryAccess access, string whom, string find, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var id = await tx.OneAsync($"DELETE FROM {whom}_grant WHERE namespace_id = @ns AND repository_id = @repo AND {whom}_id = ({find}) RETURNING {whom}_id",
            static r => r.GetInt64(0), [.. Of(access), ("name", name)]);
        if (id == 0)
            return false;
        await Events.AddAsync(tx, "repository.grant", access.NamespaceId, access.RepositoryId, null, $$"""{"by":{{by.AccountId}},"{{whom}}":{{id}},"name":"{{JsonEncodedText.Encode(name)}}","role":null}""");
        tx.OnCommit(() => permissions.Forget(access.Name));
        return true;
    }, ct);

    private static GrantOutcome ForeignRobot => GrantOutcome.Refused("Only robots of the repository's own namespace can be granted something on it.");

    private static GrantOutcome Gone => GrantOutcome.Refused("The repository was deleted meanwhile.");

    private static (string, object?)[] Of(RepositoryAccess access) => [("ns", access.NamespaceId), ("repo", access.RepositoryId)];

    private static Grant ReadAccount(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), (RepositoryRole)r.GetInt64(2), r.GetInt64(3) == 1, r.IsDBNull(4) ? null : r.GetInt64(4) == 1);

    private static Grant ReadTeam(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), (RepositoryRole)r.GetInt64(2));
}
