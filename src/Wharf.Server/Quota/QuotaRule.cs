using System.Collections.Concurrent;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Quota;

/// <summary>
/// Refuses what does not fit (contract 11). Where there was much room a second ago, nothing is asked: it would take a fifth of the quota
/// in that second to go beyond it. Else it is asked in the transaction, and where few of this size would still fit, pushes take turns,
/// so that those of the same moment do not go beyond it together.
/// </summary>
internal sealed class QuotaRule(QuotaStore quotas, Usage usage, Database db, QuotaOptions options, TimeProvider clock) : IChangeRule
{
    /// <summary>How old what is remembered of the usage may be.</summary>
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(1);

    private const int MaxRemembered = 10_000;

    private readonly ConcurrentDictionary<UsageScope, (long Bytes, long At)> _used = new();

    /// <summary>How many of the same size must fit for a push not to wait for its turn.</summary>
    private const int Roomy = 64;

    private static readonly Refusal s_over = new(RefusalKind.OverQuota);

    // A quota covers the repository, or the namespace has none and the registry's own holds.
    private const string Covering = """
        (SELECT CASE WHEN q.prefix = '' THEN 0 ELSE q.id END AS scope, q.reject_bytes AS most FROM quota q
          WHERE q.namespace_id = @ns AND q.reject_bytes IS NOT NULL AND substr(@name, 1, length(q.prefix)) = q.prefix
         UNION ALL
         SELECT 0, @default WHERE @default > 0 AND NOT EXISTS (SELECT 1 FROM quota q WHERE q.namespace_id = @ns AND q.prefix = ''))
        """;

    // What a session that is still open has sent.
    private const string Open = "CASE WHEN c.scope = 0 THEN coalesce((SELECT sum(o.size) FROM upload o WHERE o.namespace_id = @ns AND o.expires_ms > now_ms()), 0) ELSE 0 END";
    private static readonly string s_used = Usage.Used("@ns", "c.scope");

    public async ValueTask AddAsync(Terms terms, Change change, bool anew, CancellationToken ct)
    {
        if (!options.Enabled || change.Kind is not (ChangeKind.Upload or ChangeKind.LinkBlob or ChangeKind.PutManifest) || !change.Access.Exists && change.Access.NamespaceId == 0)
            return;
        if (await HasRoomAsync(change, ct))
            return;
        (string, object?)[] args = [("ns", change.Access.NamespaceId), ("name", change.Access.Name.Name), ("default", options.DefaultBytes.Bytes), ("bytes", change.Bytes)];
        if (change.Kind != ChangeKind.Upload && db.ForUpdate.Length > 0)
        {
            // Of a namespace that is new nothing has been folded yet.
            terms.Lock("INSERT INTO usage (namespace_id, quota_id, bytes, recount_ms) VALUES (@ns, 0, 0, 0) ON CONFLICT (namespace_id, quota_id) DO NOTHING", ("ns", change.Access.NamespaceId));
            terms.Lock($"""
                SELECT 1 FROM usage WHERE namespace_id = @ns AND quota_id IN (
                       SELECT c.scope FROM {Covering} c WHERE {s_used} + {Roomy} * @bytes > c.most OR {s_used} > c.most / 5 * 4)
                 ORDER BY quota_id {db.ForUpdate}
                """, args);
        }
        terms.Require(s_over, $"""
            SELECT 1 WHERE NOT EXISTS (
                SELECT 1 FROM {Covering} c
                 WHERE {s_used}{(change.Kind == ChangeKind.Upload ? $" + {Open}" : "")} + @bytes > c.most
                   AND NOT EXISTS (SELECT 1 FROM usage_blob b WHERE b.namespace_id = @ns AND b.quota_id = c.scope AND b.digest = @digest))
            """, [.. args, ("digest", change.Digest?.ToArray() ?? [])]);
    }

    // Whether all quotas that cover the repository had much more room than this takes.
    private async ValueTask<bool> HasRoomAsync(Change change, CancellationToken ct)
    {
        var isWhole = false;
        foreach (var quota in await quotas.OfAsync(change.Access.NamespaceId, ct))
        {
            isWhole |= quota.Prefix.Length == 0;
            if (quota.RejectBytes is { } most && quota.Covers(change.Access.Name.Name) && !await HasRoomAsync(quota.Scope, most, change.Bytes, ct))
                return false;
        }
        return isWhole || options.DefaultBytes.Bytes == 0 || await HasRoomAsync(new UsageScope(change.Access.NamespaceId, 0), options.DefaultBytes.Bytes, change.Bytes, ct);
    }

    private async ValueTask<bool> HasRoomAsync(UsageScope scope, long most, long bytes, CancellationToken ct) =>
        most - await UsedAsync(scope, ct) is var room && room > most / 5 && room / (4 * Roomy) > bytes;

    private async ValueTask<long> UsedAsync(UsageScope scope, CancellationToken ct)
    {
        if (_used.TryGetValue(scope, out var known) && clock.GetElapsedTime(known.At) < s_fresh)
            return known.Bytes;
        var now = clock.GetTimestamp();
        var bytes = await usage.GetAsync(scope, ct);
        if (_used.Count >= MaxRemembered)
            _used.Clear();
        _used[scope] = (bytes, now);
        return bytes;
    }

    public async ValueTask<Refusal> ExplainAsync(Refusal refusal, Change change, CancellationToken ct)
    {
        if (!ReferenceEquals(refusal, s_over))
            return refusal;
        var (ns, name) = (change.Access.Name.Namespace, change.Access.Name.Name);
        var covering = (await quotas.OfAsync(change.Access.NamespaceId, ct)).Where(q => q.RejectBytes is not null && q.Covers(name)).ToList();
        if (!covering.Exists(static q => q.Prefix.Length == 0) && options.DefaultBytes.Bytes > 0)
            covering.Add(new StorageQuota(0, change.Access.NamespaceId, "", options.DefaultBytes.Bytes, null, options.DefaultBytes.Bytes));
        // The one with the least room is meant.
        var used = new List<(StorageQuota Quota, long Used)>();
        foreach (var quota in covering)
            used.Add((quota, await usage.GetAsync(quota.Scope, ct)));
        if (used.Count == 0)
            return refusal with { Message = "There was no room in a quota that has just been changed. Try again." };
        var (full, bytes) = used.MinBy(static u => u.Quota.RejectBytes - u.Used);
        var past = full.Prefix.Length == 0 ? bytes - (await usage.CurrentAsync(change.Access.NamespaceId, TimeSpan.FromMinutes(10), ct)).Bytes : 0;
        var whole = full.Prefix.Length == 0 ? $"The namespace {ns}" : $"What is under {ns}/{full.Prefix}";
        return refusal with
        {
            Message = $"{whole} holds {new ByteSize(bytes)} of the {new ByteSize(full.RejectBytes!.Value)} that its quota allows{(past > 0 ? $", {new ByteSize(past)} of it in the time machine or without a tag" : "")}; "
                + $"{(change.Kind == ChangeKind.Upload && change.Bytes <= 1 ? "there is no room for more" : $"{new ByteSize(change.Bytes)} more do not fit")}. "
                + $"Delete tags for good, let the time machine reach less far, set a policy that prunes, or ask {(full.Prefix.Length == 0 ? "an administrator of the registry" : "an administrator of the organization")} for a larger quota.",
        };
    }

    public async ValueTask<string?> WarnAsync(Change change, CancellationToken ct)
    {
        if (!options.Enabled)
            return null;
        foreach (var quota in await quotas.OfAsync(change.Access.NamespaceId, ct))
            if (quota.WarnBytes is { } from && quota.Covers(change.Access.Name.Name) && await UsedAsync(quota.Scope, ct) is var used && used >= from)
                return $"{(quota.Prefix.Length == 0 ? change.Access.Name.Namespace : $"{change.Access.Name.Namespace}/{quota.Prefix}")} holds {new ByteSize(used)}, {used * 100 / Math.Max(1, quota.LimitBytes)} % of its quota of {new ByteSize(quota.LimitBytes)}";
        return null;
    }
}
