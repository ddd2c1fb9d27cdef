using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Pruning;

/// <summary>The policies of namespaces and repositories, and when they were applied last.</summary>
internal sealed class PrunePolicyStore(Database db)
{
    /// <summary>How many a namespace or a repository has at most.</summary>
    public const int MaxPolicies = 50;

    public const int RepositoryPage = 500;

    private const string Here = "namespace_id = @ns AND repository_id = @repo";

    /// <summary>In the order in which they were made.</summary>
    public ValueTask<List<(string Uuid, string Json)>> ListAsync(PrunePlace place, CancellationToken ct) => db.ListAsync(
        $"SELECT uuid, policy FROM prune_policy WHERE {Here} ORDER BY id LIMIT {MaxPolicies}", static r => (r.GetString(0), r.GetString(1)), ct, Args(place));

    public ValueTask<string?> FindAsync(PrunePlace place, string uuid, CancellationToken ct) => db.OneAsync(
        $"SELECT policy FROM prune_policy WHERE {Here} AND uuid = @uuid", static r => r.GetString(0), ct, [.. Args(place), ("uuid", uuid)]);

    /// <summary>What applies to a repository, or to all repositories of a namespace: the namespace's own, and then those of the repositories.</summary>
    public async Task<List<(long RepositoryId, AppliedPolicy Policy)>> ListInForceAsync(long namespaceId, long? repositoryId, CancellationToken ct)
    {
        var rows = await db.ListAsync($"SELECT repository_id, uuid, policy FROM prune_policy WHERE namespace_id = @ns{(repositoryId is null ? "" : " AND repository_id IN (0, @repo)")} ORDER BY repository_id, id",
            static r => (Repository: r.GetInt64(0), Uuid: r.GetString(1), Json: r.GetString(2)), ct,
            [("ns", namespaceId), .. repositoryId is { } only ? new (string, object?)[] { ("repo", only) } : []]);
        var policies = new List<(long, AppliedPolicy)>();
        foreach (var row in rows)
            if (PrunePolicy.TryRead(row.Json, out var policy, out _))
                policies.Add((row.Repository, new AppliedPolicy(row.Uuid, policy)));
        return policies;
    }

    /// <returns>The new policy's uuid, or what is wrong; neither when the place has gone.</returns>
    public async Task<(string? Uuid, string? Problem)> CreateAsync(Principal by, PrunePlace place, PrunePolicy policy, CancellationToken ct)
    {
        var (uuid, json) = (Guid.NewGuid().ToString(), policy.ToJson());
        return await db.WriteAsync<(string?, string?)>(async tx =>
        {
            if (await LockAsync(tx, place) == 0)
                return (null, null);
            var (count, same) = await tx.OneAsync($"SELECT count(*), count(CASE WHEN policy = @policy THEN 1 END) FROM prune_policy WHERE {Here}",
                static r => (r.GetInt64(0), r.GetInt64(1)), [.. Args(place), ("policy", json)]);
            if (same > 0)
                return (null, "There is a policy with the same values already.");
            if (count >= MaxPolicies)
                return (null, $"There are at most {MaxPolicies} policies for one place.");
            await tx.ExecuteAsync("INSERT INTO prune_policy (uuid, namespace_id, repository_id, policy, created_ms) VALUES (@uuid, @ns, @repo, @policy, now_ms())",
                [.. Args(place), ("uuid", uuid), ("policy", json)]);
            await AddEventAsync(tx, "prunepolicy.created", by, place, uuid, policy);
            return (uuid, null);
        }, ct);
    }

    /// <summary>Replaces a policy; false when there is no such one.</summary>
    public Task<bool> ChangeAsync(Principal by, PrunePlace place, string uuid, PrunePolicy policy, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync($"UPDATE prune_policy SET policy = @policy WHERE {Here} AND uuid = @uuid", [.. Args(place), ("uuid", uuid), ("policy", policy.ToJson())]) == 0)
            return false;
        await AddEventAsync(tx, "prunepolicy.changed", by, place, uuid, policy);
        return true;
    }, ct);

    /// <summary>Removes a policy; false when there is no such one.</summary>
    public Task<bool> DeleteAsync(Principal by, PrunePlace place, string uuid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync($"DELETE FROM prune_policy WHERE {Here} AND uuid = @uuid", [.. Args(place), ("uuid", uuid)]) == 0)
            return false;
        await AddEventAsync(tx, "prunepolicy.deleted", by, place, uuid, null);
        return true;
    }, ct);

    /// <summary>
    /// A namespace whose policies were not applied for that long, the one that waits longest first; null when there is none. Of those that
    /// have none of their own, one to which the registry's default was not applied for a day.
    /// </summary>
    public async Task<PruneTurn?> NextAsync(TimeSpan every, TimeSpan? everyOfDefault, CancellationToken ct)
    {
        const string Turn = """
            SELECT n.id, n.name
              FROM namespace n LEFT JOIN prune_run r ON r.namespace_id = n.id
             WHERE n.deleted_ms IS NULL AND n.kind <> 'robot' AND (r.started_ms IS NULL OR r.started_ms <= now_ms() - @every)
               AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = n.id AND a.enabled = 0)
            """;
        const string Order = "ORDER BY coalesce(r.started_ms, 0), n.id LIMIT 1";
        const string HasOwn = "EXISTS (SELECT 1 FROM prune_policy p WHERE p.namespace_id = n.id)";
        var turn = await db.OneAsync($"{Turn} AND {HasOwn} {Order}", static r => new PruneTurn(r.GetInt64(0), r.GetString(1)), ct, ("every", (long)every.TotalMilliseconds));
        return turn is null && everyOfDefault is { } day
            ? await db.OneAsync($"{Turn} {Order}", static r => new PruneTurn(r.GetInt64(0), r.GetString(1)), ct, ("every", (long)day.TotalMilliseconds))
            : turn;
    }

    /// <summary>The place of this name, or null.</summary>
    public ValueTask<PrunePlace?> FindPlaceAsync(string ns, string? repository, CancellationToken ct) => repository is null
        ? db.OneAsync("SELECT id FROM namespace WHERE name = @ns AND kind <> 'robot' AND deleted_ms IS NULL", r => new PrunePlace(r.GetInt64(0), ns), ct, ("ns", ns))
        : db.OneAsync("""
            SELECT n.id, r.id FROM namespace n JOIN repository r ON r.namespace_id = n.id AND r.deleted_ms IS NULL AND r.name = @name WHERE n.name = @ns AND n.deleted_ms IS NULL
            """, r => new PrunePlace(r.GetInt64(0), ns, r.GetInt64(1), repository), ct, ("ns", ns), ("name", repository));

    /// <summary>A page of the repositories that can be changed, by their names from one on.</summary>
    public ValueTask<List<(long Id, string Name)>> ListRepositoriesAsync(long namespaceId, long? only, string from, CancellationToken ct) => db.ListAsync($"""
        SELECT id, name FROM repository
         WHERE namespace_id = @ns AND deleted_ms IS NULL AND state = 'normal' AND name >= @from{(only is null ? "" : " AND id = @only")}
         ORDER BY name LIMIT {RepositoryPage}
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, [("ns", namespaceId), ("from", from), .. only is { } one ? new (string, object?)[] { ("only", one) } : []]);

    public Task BeginAsync(long namespaceId, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("""
        INSERT INTO prune_run (namespace_id, started_ms, pruned, spared) VALUES (@ns, now_ms(), 0, 0)
        ON CONFLICT (namespace_id) DO UPDATE SET started_ms = excluded.started_ms, ended_ms = NULL, pruned = 0, spared = 0
        """, ("ns", namespaceId)), ct);

    public Task EndAsync(long namespaceId, PruneTotals done, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE prune_run SET ended_ms = now_ms(), pruned = @pruned, spared = @spared WHERE namespace_id = @ns",
        ("pruned", done.Tags + done.Manifests), ("spared", done.Spared), ("ns", namespaceId)), ct);

    /// <summary>With a namespace its policies go.</summary>
    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        await tx.ExecuteAsync("DELETE FROM prune_policy WHERE namespace_id = @ns", ("ns", namespaceId));
        await tx.ExecuteAsync("DELETE FROM prune_run WHERE namespace_id = @ns", ("ns", namespaceId));
    }

    // Whoever else adds one to the place waits, so that the count is right, and it cannot go meanwhile.
    private ValueTask<int> LockAsync(Tx tx, PrunePlace place) => place.RepositoryId == 0
        ? tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @ns AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), ("ns", place.NamespaceId))
        : tx.OneAsync($"SELECT 1 FROM repository WHERE id = @repo AND namespace_id = @ns AND deleted_ms IS NULL {db.ForUpdate}", static r => r.GetInt32(0), Args(place));

    private static (string, object?)[] Args(PrunePlace place) => [("ns", place.NamespaceId), ("repo", place.RepositoryId)];

    // In Quay's words (metadata of its log), and whole.
    private static ValueTask<int> AddEventAsync(Tx tx, string kind, Principal by, PrunePlace place, string uuid, PrunePolicy? policy)
    {
        var payload = new JsonObject { ["by"] = by.AccountId, ["policy_uuid"] = uuid, ["namespace"] = place.Namespace };
        if (place.Repository is { } repository)
            payload["repo"] = repository;
        if (policy is not null)
        {
            payload["method"] = policy.Body.Method;
            payload["value"] = JsonNode.Parse(policy.Body.Value.GetRawText());
            payload["tag_pattern"] = policy.Body.TagPattern;
            payload["tag_pattern_matches"] = policy.PatternMatches;
            payload["policy"] = JsonNode.Parse(policy.ToJson());
        }
        return Events.AddAsync(tx, kind, place.NamespaceId, place.RepositoryId == 0 ? null : place.RepositoryId, null, payload.ToJsonString());
    }
}

/// <summary>Where policies are: a namespace, or with its number one of its repositories.</summary>
internal sealed record PrunePlace(long NamespaceId, string Namespace, long RepositoryId = 0, string? Repository = null);

/// <summary>A namespace whose turn it is.</summary>
internal sealed record PruneTurn(long NamespaceId, string Namespace);

/// <summary>What was done to a namespace.</summary>
/// <param name="Spared">What a policy takes and something protects.</param>
internal readonly record struct PruneTotals(long Seen, long Tags, long Manifests, long Spared)
{
    public static PruneTotals operator +(PruneTotals a, PruneTotals b) => new(a.Seen + b.Seen, a.Tags + b.Tags, a.Manifests + b.Manifests, a.Spared + b.Spared);
}
