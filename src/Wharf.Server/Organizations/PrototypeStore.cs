using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>The default permissions of organizations. They are applied where repositories are made (RepositoryStore).</summary>
internal sealed class PrototypeStore(Database db, OrganizationStore organizations)
{
    /// <summary>All of them are one answer, and each is looked at when a repository is made.</summary>
    public const int MaxPrototypes = 1000;

    private const string IsMember = "CASE WHEN EXISTS (SELECT 1 FROM team_member m JOIN team mt ON mt.id = m.team_id WHERE mt.namespace_id = p.namespace_id AND m.account_id = {0}) THEN 1 ELSE 0 END";

    private static readonly string s_select = $"""
        SELECT p.uuid, p.role, a.name, a.kind, {IsMember.Replace("{0}", "p.activating_id", StringComparison.Ordinal)},
               d.name, d.kind, {IsMember.Replace("{0}", "p.account_id", StringComparison.Ordinal)}, t.name
          FROM prototype p
          LEFT JOIN namespace a ON a.id = p.activating_id
          LEFT JOIN namespace d ON d.id = p.account_id
          LEFT JOIN team t ON t.id = p.team_id
         WHERE p.namespace_id = @ns
        """;

    private static readonly Problem s_unknown = Problem.NotFound("There is no such default permission in this organization.");

    /// <summary>All of an organization, the oldest first.</summary>
    public ValueTask<List<Prototype>> ListAsync(long namespaceId, CancellationToken ct) => db.ListAsync($"{s_select} ORDER BY p.id LIMIT {MaxPrototypes}", Read, ct, ("ns", namespaceId));

    /// <param name="activating">The name of a person or a robot, or null for anyone.</param>
    /// <param name="isTeam">Whether <paramref name="to"/> is a team, not a person or a robot.</param>
    public Task<(Prototype? Prototype, Problem? Problem)> CreateAsync(Principal by, long namespaceId, RepositoryRole role, string? activating, string to, bool isTeam, CancellationToken ct) =>
        db.WriteAsync<(Prototype?, Problem?)>(async tx =>
        {
            if (!await organizations.LockAsync(tx, namespaceId))
                return (null, OrganizationStore.Gone);
            if (await tx.OneAsync("SELECT count(*) FROM prototype WHERE namespace_id = @ns", static r => r.GetInt64(0), ("ns", namespaceId)) >= MaxPrototypes)
                return (null, Problem.InvalidRequest($"An organization has at most {MaxPrototypes} default permissions."));
            long? activatingId = null, accountId = null, teamId = null;
            if (activating is not null)
            {
                var (id, refusal) = await AccountAsync(tx, namespaceId, activating, "Unknown activating user");
                if (refusal is not null)
                    return (null, refusal);
                activatingId = id;
            }
            if (isTeam)
            {
                teamId = await tx.OneAsync("SELECT id FROM team WHERE namespace_id = @ns AND name = @name", static r => r.GetInt64(0), ("ns", namespaceId), ("name", to));
                if (teamId == 0)
                    return (null, Problem.InvalidRequest("Missing delegate user or team"));
            }
            else
            {
                var (id, refusal) = await AccountAsync(tx, namespaceId, to, "Missing delegate user or team");
                if (refusal is not null)
                    return (null, refusal);
                accountId = id;
            }
            var uuid = Guid.NewGuid().ToString();
            await tx.ExecuteAsync("""
                INSERT INTO prototype (uuid, namespace_id, activating_id, account_id, team_id, role, created_ms) VALUES (@uuid, @ns, @activating, @account, @team, @role, now_ms())
                """, ("uuid", uuid), ("ns", namespaceId), ("activating", activatingId), ("account", accountId), ("team", teamId), ("role", (long)role));
            var made = await FindAsync(tx, namespaceId, uuid);
            await AddEventAsync(tx, "prototype.created", namespaceId, by, made!, null);
            return (made, null);
        }, ct);

    public Task<(Prototype? Prototype, Problem? Problem)> ChangeAsync(Principal by, long namespaceId, string uuid, RepositoryRole role, CancellationToken ct) =>
        db.WriteAsync<(Prototype?, Problem?)>(async tx =>
        {
            if (!await organizations.LockAsync(tx, namespaceId))
                return (null, OrganizationStore.Gone);
            if (await FindAsync(tx, namespaceId, uuid) is not { } former)
                return (null, s_unknown);
            await tx.ExecuteAsync("UPDATE prototype SET role = @role WHERE namespace_id = @ns AND uuid = @uuid", ("role", (long)role), ("ns", namespaceId), ("uuid", uuid));
            var changed = former with { Role = role };
            await AddEventAsync(tx, "prototype.changed", namespaceId, by, changed, former.Role);
            return (changed, null);
        }, ct);

    /// <summary>Removes it. What it has granted stays.</summary>
    public Task<Problem?> DeleteAsync(Principal by, long namespaceId, string uuid, CancellationToken ct) => db.WriteAsync<Problem?>(async tx =>
    {
        if (!await organizations.LockAsync(tx, namespaceId))
            return OrganizationStore.Gone;
        if (await FindAsync(tx, namespaceId, uuid) is not { } former)
            return s_unknown;
        await tx.ExecuteAsync("DELETE FROM prototype WHERE namespace_id = @ns AND uuid = @uuid", ("ns", namespaceId), ("uuid", uuid));
        await AddEventAsync(tx, "prototype.deleted", namespaceId, by, former, null);
        return null;
    }, ct);

    // Locked, so that it does not go, or become an organization, before what is granted to it by default is there to go with it.
    private async ValueTask<(long Id, Problem? Problem)> AccountAsync(Tx tx, long namespaceId, string name, string unknown)
    {
        var (id, robotOf) = await tx.OneAsync($"""
            SELECT n.id, (SELECT r.namespace_id FROM robot r WHERE r.id = n.id)
              FROM namespace n WHERE n.name = @name AND n.deleted_ms IS NULL AND n.kind <> 'organization' {db.ForShare}
            """, static r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("name", name));
        return id == 0 ? (0, Problem.InvalidRequest(unknown))
            : robotOf != 0 && robotOf != namespaceId ? (0, Problem.InvalidRequest("A default permission is about robots of the same organization only."))
            : (id, null);
    }

    private static ValueTask<Prototype?> FindAsync(Tx tx, long namespaceId, string uuid) => tx.OneAsync($"{s_select} AND p.uuid = @uuid", Read, ("ns", namespaceId), ("uuid", uuid));

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long namespaceId, Principal by, Prototype prototype, RepositoryRole? former) =>
        OrganizationStore.AddEventAsync(tx, kind, namespaceId, by, new JsonObject
        {
            ["prototype"] = prototype.Uuid,
            ["role"] = Word(prototype.Role),
            ["former_role"] = former is { } role ? Word(role) : null,
            ["activating"] = prototype.Activating?.Name,
            ["delegate"] = prototype.Delegate?.Name,
            ["team"] = prototype.Team,
        });

    private static string Word(RepositoryRole role) => role.ToString().ToLowerInvariant();

    private static Prototype Read(DbDataReader r) => new(r.GetString(0), (RepositoryRole)r.GetInt64(1), Account(r, 2), Account(r, 5), r.IsDBNull(8) ? null : r.GetString(8));

    private static PrototypeAccount? Account(DbDataReader r, int at) => r.IsDBNull(at)
        ? null
        : new(r.GetString(at), r.GetString(at + 1) == "robot", r.GetString(at + 1) == "robot" || r.GetInt64(at + 2) == 1);
}
