using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Quota;

/// <summary>The quotas that are set. Those of a namespace are remembered, since each push asks for them.</summary>
internal sealed class QuotaStore(Database db)
{
    /// <summary>As many prefixes as anybody keeps apart; each push counts for those that it is under.</summary>
    public const int MaxPerNamespace = 50;

    private const int MaxLimits = 20;

    private readonly Cache<long, IReadOnlyList<StorageQuota>> _known = new(20_000, static q => 1 + q.Count, db.Freshness);

    private readonly ConcurrentDictionary<long, byte> _moved = new();

    /// <summary>Told when something is to be counted.</summary>
    public event Action? Queued;

    /// <summary>The quotas of a namespace, that of the whole first.</summary>
    public async ValueTask<IReadOnlyList<StorageQuota>> OfAsync(long namespaceId, CancellationToken ct)
    {
        if (_known.TryGet(namespaceId, out var known))
            return known;
        var epoch = _known.Epoch;
        var quotas = await ListAsync(namespaceId, ct);
        _known.Add(namespaceId, quotas, epoch);
        return quotas;
    }

    /// <summary>The same as it is stored.</summary>
    public async ValueTask<IReadOnlyList<StorageQuota>> ListAsync(long namespaceId, CancellationToken ct)
    {
        var rows = await db.ListAsync("""
            SELECT q.id, q.prefix, q.limit_bytes, q.warn_bytes, q.reject_bytes, l.id, l.kind, l.percent
              FROM quota q LEFT JOIN quota_limit l ON l.quota_id = q.id WHERE q.namespace_id = @ns ORDER BY q.prefix, l.id
            """, r => (Quota: new StorageQuota(r.GetInt64(0), namespaceId, r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.IsDBNull(4) ? null : r.GetInt64(4)),
                Limit: r.IsDBNull(5) ? null : new QuotaLimit(r.GetInt64(5), r.GetString(6), r.GetInt64(7))), ct, ("ns", namespaceId));
        return [.. rows.GroupBy(static r => r.Quota.Id).Select(static g => g.First().Quota with { Limits = [.. g.Select(static r => r.Limit).OfType<QuotaLimit>()] })];
    }

    public async ValueTask<StorageQuota?> FindAsync(long namespaceId, long id, CancellationToken ct) => (await ListAsync(namespaceId, ct)).FirstOrDefault(q => q.Id == id);

    /// <summary>Sets a quota; what is wrong, or null.</summary>
    public Task<string?> CreateAsync(Principal by, NamespaceAccess of, string prefix, long bytes, IReadOnlyList<(string Kind, long Percent)> limits, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        var ns = ("ns", (object?)of.NamespaceId);
        await LockAsync(tx, of);
        if (await tx.OneAsync("SELECT 1 FROM quota WHERE namespace_id = @ns AND prefix = @prefix", static r => r.GetInt32(0), ns, ("prefix", prefix)) == 1)
            return prefix.Length == 0 ? $"Quota for '{of.Name}' already exists" : $"There is a quota for {of.Name}/{prefix} already.";
        if (await tx.OneAsync("SELECT count(*) FROM quota WHERE namespace_id = @ns", static r => r.GetInt64(0), ns) >= MaxPerNamespace)
            return $"A namespace has at most {MaxPerNamespace} quotas.";
        var id = await tx.OneAsync("INSERT INTO quota (namespace_id, prefix, limit_bytes, created_ms) VALUES (@ns, @prefix, @bytes, now_ms()) RETURNING id",
            static r => r.GetInt64(0), ns, ("prefix", prefix), ("bytes", bytes));
        foreach (var (kind, percent) in limits)
            await tx.ExecuteAsync("INSERT INTO quota_limit (namespace_id, quota_id, kind, percent) VALUES (@ns, @id, @kind, @percent)", ("ns", of.NamespaceId), ("id", id), ("kind", kind), ("percent", percent));
        await ThresholdsAsync(tx, id);
        if (prefix.Length > 0)
            await tx.ExecuteAsync("INSERT INTO usage (namespace_id, quota_id, bytes, recount_ms) VALUES (@ns, @id, 0, 0)", ns, ("id", id));
        await TellAsync(tx, by, of, "quota.created", id, prefix, new JsonObject { ["limit_bytes"] = bytes });
        return null;
    }, ct);

    /// <summary>Changes how much it is; false when there is no such quota.</summary>
    public Task<bool> ChangeAsync(Principal by, NamespaceAccess of, long id, long bytes, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var former = await tx.OneAsync($"SELECT limit_bytes, prefix FROM quota WHERE id = @id AND namespace_id = @ns {db.ForUpdate}", static r => ((long, string)?)(r.GetInt64(0), r.GetString(1)), ("id", id), ("ns", of.NamespaceId));
        if (former is not var (was, prefix))
            return false;
        await tx.ExecuteAsync("UPDATE quota SET limit_bytes = @bytes WHERE id = @id", ("bytes", bytes), ("id", id));
        await ThresholdsAsync(tx, id);
        await TellAsync(tx, by, of, "quota.changed", id, prefix, new JsonObject { ["limit_bytes"] = bytes, ["previous_limit_bytes"] = was });
        return true;
    }, ct);

    public Task<bool> DeleteAsync(Principal by, NamespaceAccess of, long id, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var prefix = await tx.OneAsync("DELETE FROM quota WHERE id = @id AND namespace_id = @ns RETURNING prefix", static r => r.GetString(0), ("id", id), ("ns", of.NamespaceId));
        if (prefix is null)
            return false;
        await tx.ExecuteAsync("DELETE FROM quota_limit WHERE quota_id = @id", ("id", id));
        foreach (var table in (string[])["usage_blob", "usage_delta", "usage", "usage_day"])
            await tx.ExecuteAsync($"DELETE FROM {table} WHERE namespace_id = @ns AND quota_id = @id", ("ns", of.NamespaceId), ("id", id));
        await TellAsync(tx, by, of, "quota.deleted", id, prefix, []);
        return true;
    }, ct);

    /// <summary>Adds a threshold; what is wrong, or null.</summary>
    public Task<string?> AddLimitAsync(Principal by, NamespaceAccess of, StorageQuota quota, string kind, long percent, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM quota WHERE id = @id {db.ForUpdate}", static r => r.GetInt32(0), ("id", quota.Id)) == 0)
            return "The quota is gone.";
        var limits = await tx.ListAsync("SELECT kind, percent FROM quota_limit WHERE quota_id = @id", static r => (Kind: r.GetString(0), Percent: r.GetInt64(1)), ("id", quota.Id));
        if (limits.Contains((kind, percent)))
            return "Quota limit already exists";
        if (kind == "Reject" && limits.Exists(static l => l.Kind == "Reject"))
            return "Only one quota limit of type 'Reject' allowed.";
        if (limits.Count >= MaxLimits)
            return $"A quota has at most {MaxLimits} thresholds.";
        await tx.ExecuteAsync("INSERT INTO quota_limit (namespace_id, quota_id, kind, percent) VALUES (@ns, @id, @kind, @percent)", ("ns", of.NamespaceId), ("id", quota.Id), ("kind", kind), ("percent", percent));
        await ThresholdsAsync(tx, quota.Id);
        await TellAsync(tx, by, of, "quota.limit_created", quota.Id, quota.Prefix, new JsonObject { ["type"] = kind, ["threshold_percent"] = percent });
        return null;
    }, ct);

    /// <summary>Changes a threshold; what is wrong, or null.</summary>
    public Task<string?> ChangeLimitAsync(Principal by, NamespaceAccess of, StorageQuota quota, QuotaLimit limit, string kind, long percent, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM quota WHERE id = @id {db.ForUpdate}", static r => r.GetInt32(0), ("id", quota.Id)) == 0)
            return "The quota is gone.";
        if (await tx.OneAsync("SELECT 1 FROM quota_limit WHERE quota_id = @id AND id <> @limit AND kind = @kind AND (percent = @percent OR @kind = 'Reject')", static r => r.GetInt32(0),
            ("id", quota.Id), ("limit", limit.Id), ("kind", kind), ("percent", percent)) == 1)
            return kind == "Reject" ? "Only one quota limit of type 'Reject' allowed." : "Quota limit already exists";
        await tx.ExecuteAsync("UPDATE quota_limit SET kind = @kind, percent = @percent WHERE id = @limit", ("kind", kind), ("percent", percent), ("limit", limit.Id));
        await ThresholdsAsync(tx, quota.Id);
        await TellAsync(tx, by, of, "quota.limit_changed", quota.Id, quota.Prefix, new JsonObject { ["type"] = kind, ["threshold_percent"] = percent, ["previous_type"] = limit.Kind, ["previous_threshold_percent"] = limit.Percent });
        return null;
    }, ct);

    public Task<bool> DeleteLimitAsync(Principal by, NamespaceAccess of, StorageQuota quota, QuotaLimit limit, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM quota WHERE id = @id {db.ForUpdate}", static r => r.GetInt32(0), ("id", quota.Id)) == 0
            || await tx.ExecuteAsync("DELETE FROM quota_limit WHERE id = @id AND quota_id = @quota", ("id", limit.Id), ("quota", quota.Id)) == 0)
            return false;
        await ThresholdsAsync(tx, quota.Id);
        await TellAsync(tx, by, of, "quota.limit_deleted", quota.Id, quota.Prefix, new JsonObject { ["type"] = limit.Kind, ["threshold_percent"] = limit.Percent });
        return true;
    }, ct);

    /// <summary>Has a namespace counted anew, or all.</summary>
    public Task<int> RecountAsync(long? namespaceId, CancellationToken ct) => db.WriteAsync(tx =>
    {
        tx.OnCommit(() => Queued?.Invoke());
        return Usage.QueueRecountAsync(tx, namespaceId);
    }, ct);

    /// <summary>Has the namespaces counted anew in which a repository came back, perhaps under a name with another prefix.</summary>
    public async Task RecountMovedAsync(CancellationToken ct)
    {
        foreach (var ns in _moved.Keys)
            if (_moved.TryRemove(ns, out _) && (await OfAsync(ns, ct)).Any(static q => q.Prefix.Length > 0))
                await db.WriteAsync(tx => Usage.QueueRecountAsync(tx, ns), ct);
    }

    /// <summary>Forgets what an event of another process touches; a repository under another name counts for other prefixes.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened.Kind.StartsWith("quota.", StringComparison.Ordinal))
            _known.Drop(happened.NamespaceId);
        else if (happened.Kind is "repository.restored")
            _moved.TryAdd(happened.NamespaceId, 0);
        else
            return;
        Queued?.Invoke();
    }

    public static async ValueTask PurgeAsync(Tx tx, long namespaceId)
    {
        await tx.ExecuteAsync("DELETE FROM quota_limit WHERE namespace_id = @ns", ("ns", namespaceId));
        await tx.ExecuteAsync("DELETE FROM quota WHERE namespace_id = @ns", ("ns", namespaceId));
        await Usage.PurgeAsync(tx, namespaceId);
    }

    private async ValueTask LockAsync(Tx tx, NamespaceAccess of) =>
        await tx.OneAsync($"SELECT 1 FROM namespace WHERE id = @ns {db.ForUpdate}", static r => r.GetInt32(0), ("ns", of.NamespaceId));

    // What each push looks at, in one place.
    private static ValueTask<int> ThresholdsAsync(Tx tx, long id) => tx.ExecuteAsync("""
        UPDATE quota SET
            warn_bytes = (SELECT min(l.percent) FROM quota_limit l WHERE l.quota_id = quota.id AND l.kind = 'Warning') * (limit_bytes / 100) + (SELECT min(l.percent) FROM quota_limit l WHERE l.quota_id = quota.id AND l.kind = 'Warning') * (limit_bytes % 100) / 100,
            reject_bytes = (SELECT min(l.percent) FROM quota_limit l WHERE l.quota_id = quota.id AND l.kind = 'Reject') * (limit_bytes / 100) + (SELECT min(l.percent) FROM quota_limit l WHERE l.quota_id = quota.id AND l.kind = 'Reject') * (limit_bytes % 100) / 100
         WHERE id = @id
        """, ("id", id));

    private async ValueTask TellAsync(Tx tx, Principal by, NamespaceAccess of, string kind, long id, string prefix, JsonObject payload)
    {
        payload["by"] = by.AccountId;
        payload["id"] = id;
        payload["namespace"] = of.Name;
        payload["prefix"] = prefix;
        await Events.AddAsync(tx, kind, of.NamespaceId, null, null, payload.ToJsonString());
        tx.OnCommit(() =>
        {
            _known.Drop(of.NamespaceId);
            Queued?.Invoke();
        });
    }
}
