using System.Data.Common;
using System.Text;
using System.Text.Json;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Robots;

/// <summary>
/// The robots of a namespace. A robot's token is found by its beginning and verified by a keyed hash; beside it the namespace keeps
/// the token sealed, because clients of Quay read it again and again, or not at all where it chose so (robot_secrets).
/// </summary>
internal sealed class RobotStore(Database db, KeyRing ring, OpaqueTokens tokens, Namespaces namespaces, AccountStore accounts, Permissions permissions)
{
    private const string Purpose = "robot-token";
    private const string Columns = "r.id, n.name, r.description, r.metadata, r.sealed_token, r.created_ms, r.expires_ms, r.last_used_ms";

    public async ValueTask<Robot?> FindAsync(long namespaceId, string name, bool withToken, CancellationToken ct) => await db.OneAsync(
        $"SELECT {Columns} FROM robot r JOIN namespace n ON n.id = r.id WHERE r.namespace_id = @ns AND r.name = @name", r => Read(r, withToken), ct, ("ns", namespaceId), ("name", name));

    /// <summary>By name, after <paramref name="last"/>.</summary>
    public ValueTask<List<Robot>> ListAsync(long namespaceId, string last, int count, bool withTokens, CancellationToken ct) => db.ListAsync(
        $"SELECT {Columns} FROM robot r JOIN namespace n ON n.id = r.id WHERE r.namespace_id = @ns AND r.name > @last ORDER BY r.name LIMIT @count",
        r => Read(r, withTokens), ct, ("ns", namespaceId), ("last", last), ("count", count));

    /// <summary>The teams that the robots of a namespace are in.</summary>
    public ValueTask<List<(long RobotId, string Team)>> TeamsAsync(long namespaceId, CancellationToken ct) => db.ListAsync("""
        SELECT m.account_id, t.name
          FROM robot r JOIN team_member m ON m.account_id = r.id JOIN team t ON t.id = m.team_id
         WHERE r.namespace_id = @ns ORDER BY t.name LIMIT 100000
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("ns", namespaceId));

    /// <summary>What is granted to the robots of a namespace, or to one of them.</summary>
    public ValueTask<List<RobotGrant>> GrantsAsync(long namespaceId, long? robotId, CancellationToken ct) => db.ListAsync($"""
        SELECT g.account_id, p.name, p.public, g.role
          FROM robot r
          JOIN account_grant g ON g.account_id = r.id
          JOIN repository p ON p.id = g.repository_id AND p.deleted_ms IS NULL
         WHERE r.namespace_id = @ns {(robotId is null ? "" : "AND r.id = @robot")} ORDER BY p.name LIMIT 100000
        """, static r => new RobotGrant(r.GetInt64(0), r.GetString(1), r.GetInt64(2) == 1, (RepositoryRole)r.GetInt64(3)), ct, ("ns", namespaceId), ("robot", robotId));

    /// <param name="name">The robot's own, short name.</param>
    /// <param name="expiresMs">When it ends, in Unix milliseconds; null for never.</param>
    public async Task<RobotOutcome> CreateAsync(Principal by, long namespaceId, string name, string description, string metadata, long? expiresMs, CancellationToken ct)
    {
        var secret = await NewSecretAsync(ct);
        return await db.WriteAsync<RobotOutcome>(async tx =>
        {
            if (await LockOwnerAsync(tx, namespaceId) is not var (owner, hashed))
                return new(null, "The namespace has been deleted.");
            if (expiresMs is not null && await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0)) >= expiresMs)
                return new(null, "The expiration is in the past.");
            var made = await namespaces.ClaimAsync(tx, $"{owner}+{name}", "robot", by.AccountId);
            if (made.Problem is not null)
                return new(null, $"Existing robot with name: {owner}+{name}");
            var createdMs = await tx.OneAsync("""
                INSERT INTO robot (id, namespace_id, name, description, metadata, token_id, token_mac, sealed_token, credential, created_by, created_ms, expires_ms)
                VALUES (@id, @ns, @name, @description, @metadata, @token, @mac, @sealed, 1, @by, now_ms(), @expires) RETURNING created_ms
                """, static r => r.GetInt64(0),
                ("id", made.Id), ("ns", namespaceId), ("name", name), ("description", description), ("metadata", metadata), ("token", secret.Id), ("mac", secret.Mac),
                ("sealed", hashed ? null : secret.Sealed), ("by", by.AccountId), ("expires", expiresMs));
            await AddEventAsync(tx, "robot.created", namespaceId, made.Id, name, by);
            return new Robot(made.Id, $"{owner}+{name}", description, metadata, secret.Token, createdMs, expiresMs, null);
        }, ct);
    }

    /// <summary>Gives it a new token; the former one is void at once here, and within 5 seconds in other processes.</summary>
    public async Task<RobotOutcome> RegenerateAsync(Principal by, long namespaceId, string name, CancellationToken ct)
    {
        var secret = await NewSecretAsync(ct);
        return await db.WriteAsync(async tx =>
        {
            if (await LockOwnerAsync(tx, namespaceId) is not var (_, hashed) || await LockAsync(tx, namespaceId, name) is not (> 0 and var id))
                return RobotOutcome.Unknown;
            await tx.ExecuteAsync("UPDATE robot SET token_id = @token, token_mac = @mac, sealed_token = @sealed, credential = credential + 1 WHERE id = @id",
                ("token", secret.Id), ("mac", secret.Mac), ("sealed", hashed ? null : secret.Sealed), ("id", id));
            return await ChangedAsync(tx, "robot.regenerated", namespaceId, id, name, by, secret.Token);
        }, ct);
    }

    /// <summary>Changes what is given; what is null stays.</summary>
    /// <param name="expiresMs">The new end; 0 for never.</param>
    public Task<RobotOutcome> ChangeAsync(Principal by, long namespaceId, string name, string? description, string? metadata, long? expiresMs, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, namespaceId, name) is not (> 0 and var id))
            return RobotOutcome.Unknown;
        await tx.ExecuteAsync("""
            UPDATE robot SET description = coalesce(@description, description), metadata = coalesce(@metadata, metadata),
                   expires_ms = CASE WHEN @expires = -1 THEN expires_ms WHEN @expires = 0 THEN NULL ELSE @expires END
             WHERE id = @id
            """, ("description", description), ("metadata", metadata), ("expires", expiresMs ?? -1), ("id", id));
        return await ChangedAsync(tx, "robot.changed", namespaceId, id, name, by, null);
    }, ct);

    /// <summary>Removes it with all that was granted to it.</summary>
    public Task<RobotOutcome> DeleteAsync(Principal by, long namespaceId, string name, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, namespaceId, name) is not (> 0 and var id))
            return RobotOutcome.Unknown;
        // Whoever grants it something holds this row, so that the grant is there to be removed.
        await tx.ListAsync($"SELECT id FROM namespace WHERE id = @id {db.ForUpdate}", static r => r.GetInt64(0), ("id", id));
        var outcome = await ChangedAsync(tx, "robot.deleted", namespaceId, id, name, by, null);
        foreach (var statement in (string[])["DELETE FROM account_grant WHERE account_id = @id", "DELETE FROM team_member WHERE account_id = @id",
            "DELETE FROM prototype WHERE account_id = @id OR activating_id = @id", "DELETE FROM star WHERE account_id = @id",
            "DELETE FROM robot WHERE id = @id", "UPDATE namespace SET deleted_ms = now_ms() WHERE id = @id"])
            await tx.ExecuteAsync(statement, ("id", id));
        tx.OnCommit(permissions.ForgetMemberships);
        return outcome;
    }, ct);

    /// <summary>Seals every token anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync("SELECT id, sealed_token FROM robot WHERE sealed_token IS NOT NULL", static r => (Id: r.GetInt64(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE robot SET sealed_token = @sealed WHERE id = @id", ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, row.Sealed))), ("id", row.Id));
        return rows.Count;
    }

    // The namespace's name and whether it keeps hashes only, or null when it has gone. Locked, so that a change of the mode finds every
    // token, and another name every robot.
    private ValueTask<(string Name, bool Hashed)?> LockOwnerAsync(Tx tx, long namespaceId) => tx.OneAsync(
        $"SELECT name, robot_secrets FROM namespace WHERE id = @ns AND deleted_ms IS NULL {db.ForShare}", static r => ((string, bool)?)(r.GetString(0), r.GetString(1) == "hashed"), ("ns", namespaceId));

    private ValueTask<long> LockAsync(Tx tx, long namespaceId, string name) => tx.OneAsync(
        $"SELECT id FROM robot WHERE namespace_id = @ns AND name = @name {db.ForUpdate}", static r => r.GetInt64(0), ("ns", namespaceId), ("name", name));

    private async ValueTask<RobotOutcome> ChangedAsync(Tx tx, string kind, long namespaceId, long id, string name, Principal by, string? token)
    {
        await AddEventAsync(tx, kind, namespaceId, id, name, by);
        tx.OnCommit(accounts.DropAll);
        var robot = await tx.OneAsync($"SELECT {Columns} FROM robot r JOIN namespace n ON n.id = r.id WHERE r.id = @id", r => Read(r, false), ("id", id));
        return robot! with { Token = token };
    }

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long namespaceId, long id, string name, Principal by) =>
        Events.AddAsync(tx, kind, namespaceId, null, null, $$"""{"by":{{by.AccountId}},"robot":{{id}},"name":"{{JsonEncodedText.Encode(name)}}"}""");

    private async ValueTask<(string Token, string Id, byte[] Mac, byte[] Sealed)> NewSecretAsync(CancellationToken ct)
    {
        var token = OpaqueTokens.Create(OpaqueTokens.Robot);
        return (token, OpaqueTokens.IdOf(token, OpaqueTokens.Robot)!, await tokens.MacAsync(token, ct), ring.Seal(Purpose, Encoding.UTF8.GetBytes(token)));
    }

    private Robot Read(DbDataReader r, bool withToken) => new(r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3),
        withToken && !r.IsDBNull(4) ? Encoding.UTF8.GetString(ring.Unseal(Purpose, r.GetFieldValue<byte[]>(4))) : null,
        r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6), r.IsDBNull(7) ? null : r.GetInt64(7));

    /// <summary>Takes the robots of a namespace that is gone for good, in the collector's transaction.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        const string Robots = "(SELECT id FROM robot WHERE namespace_id = @ns)";
        foreach (var statement in (string[])[$"DELETE FROM team_member WHERE account_id IN {Robots}", $"DELETE FROM account_grant WHERE account_id IN {Robots}",
            $"DELETE FROM prototype WHERE account_id IN {Robots} OR activating_id IN {Robots}", "DELETE FROM robot WHERE namespace_id = @ns"])
            await tx.ExecuteAsync(statement, ("ns", namespaceId));
    }
}
