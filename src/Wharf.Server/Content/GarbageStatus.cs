using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>The collector's queue and its work, in numbers.</summary>
/// <param name="Queues">Reviews by kind.</param>
/// <param name="Reclaimable">What is on its way out: condemned blobs, and objects whose blob is gone already.</param>
/// <param name="Freed">What went, by time.</param>
internal sealed record GarbageStatus(IReadOnlyList<ReviewQueue> Queues, Reclaimable Reclaimable, IReadOnlyList<Freed> Freed, bool HeldByBackup)
{
    public static async ValueTask<GarbageStatus> ReadAsync(Database db, CancellationToken ct)
    {
        var queues = await db.ListAsync("""
            SELECT kind, count(*), sum(CASE WHEN due_ms <= now_ms() THEN 1 ELSE 0 END), min(due_ms), now_ms() FROM gc_review GROUP BY kind ORDER BY kind
            """, static r => new ReviewQueue(r.GetString(0), r.GetInt64(1), Convert.ToInt64(r.GetValue(2), null), Math.Max(0, r.GetInt64(4) - r.GetInt64(3))), ct);
        var condemned = await db.OneAsync("SELECT count(*), coalesce(sum(size), 0) FROM blob WHERE state = 'condemned'", static r => (r.GetInt64(0), Convert.ToInt64(r.GetValue(1), null)), ct);
        var objects = await db.OneAsync("SELECT count(*), coalesce(sum(size), 0) FROM storage_garbage", static r => (r.GetInt64(0), Convert.ToInt64(r.GetValue(1), null)), ct);
        var locked = await db.OneAsync("SELECT count(*), coalesce(sum(size), 0), min(after_ms) FROM storage_garbage WHERE locked_until_ms IS NOT NULL AND after_ms > now_ms()",
            static r => (r.GetInt64(0), Convert.ToInt64(r.GetValue(1), null), r.IsDBNull(2) ? (long?)null : r.GetInt64(2)), ct);
        var freed = await db.ListAsync("""
            SELECT 'day', coalesce(sum(manifests), 0), coalesce(sum(links), 0), coalesce(sum(blobs), 0), coalesce(sum(bytes), 0) FROM gc_day WHERE day_ms > now_ms() - 86400000
            UNION ALL SELECT 'month', coalesce(sum(manifests), 0), coalesce(sum(links), 0), coalesce(sum(blobs), 0), coalesce(sum(bytes), 0) FROM gc_day WHERE day_ms > now_ms() - 30 * 86400000.0
            UNION ALL SELECT 'ever', coalesce(sum(manifests), 0), coalesce(sum(links), 0), coalesce(sum(blobs), 0), coalesce(sum(bytes), 0) FROM gc_day
            """, static r => new Freed(r.GetString(0), Convert.ToInt64(r.GetValue(1), null), Convert.ToInt64(r.GetValue(2), null), Convert.ToInt64(r.GetValue(3), null), Convert.ToInt64(r.GetValue(4), null)), ct);
        var held = await db.OneAsync($"SELECT 1 FROM lease WHERE name = '{Collector.Hold}' AND expires_ms > now_ms()", static r => r.GetInt32(0), ct) == 1;
        return new GarbageStatus(queues, new Reclaimable(condemned.Item1, condemned.Item2, objects.Item1, objects.Item2, locked.Item1, locked.Item2, locked.Item3), freed, held);
    }
}

/// <param name="Due">How many the collector could look at now.</param>
/// <param name="OldestMs">For how long the oldest of those has been due, in milliseconds.</param>
internal sealed record ReviewQueue(string Kind, long Waiting, long Due, long OldestMs);

/// <param name="LockedObjects">How many of the objects the store does not let go yet (object lock).</param>
/// <param name="LockedUntilMs">When it is asked next to let the first of them go.</param>
internal sealed record Reclaimable(long CondemnedBlobs, long CondemnedBytes, long Objects, long ObjectBytes, long LockedObjects, long LockedBytes, long? LockedUntilMs);

/// <param name="Since">day, month or ever.</param>
/// <param name="Bytes">Of objects that are gone from the store.</param>
internal sealed record Freed(string Since, long Manifests, long Links, long Blobs, long Bytes);
