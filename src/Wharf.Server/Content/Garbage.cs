using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Bytes of the store that no row names any more. They go outside of any transaction, in batches as large as object stores take, and
/// their notes after them; whoever dies in between does it again. What others wrote stays, unless the settings of its location say otherwise.
/// </summary>
internal sealed partial class Garbage(Database db, Locations locations, ILogger<Garbage> logger)
{
    /// <summary>What S3 deletes in one request.</summary>
    private const int Batch = 1000;

    private const int MostFailuresInARow = 3;

    private const long FirstRetryMs = 5_000;

    /// <summary>How often a store is asked again that does not say until when.</summary>
    private const long UnknownLockMs = 24 * 3_600_000;

    /// <summary>Deletes what is due; returns how many keys, and their bytes.</summary>
    public async Task<(int Keys, long Bytes)> CollectAsync(CancellationToken ct)
    {
        // What a backup may have seen in the database stays in the store until it is copied.
        if (await db.OneAsync($"SELECT 1 FROM lease WHERE name = '{Collector.Hold}' AND expires_ms > now_ms()", static r => r.GetInt32(0), ct) == 1)
            return default;
        // Side by side: none waits for one that does not answer longer than for its own batch.
        var collected = await Task.WhenAll(locations.All.Select(location => CollectAsync(location, ct)));
        return (collected.Sum(static c => c.Keys), collected.Sum(static c => c.Bytes));
    }

    private async Task<(int Keys, long Bytes)> CollectAsync(Location location, CancellationToken ct)
    {
        var rows = await db.ListAsync("""
            SELECT g.storage_key, g.upload_state, g.size, (SELECT 1 FROM blob_placement p WHERE p.location = g.location AND p.storage_key = g.storage_key),
                   CASE WHEN g.upload_state IS NOT NULL THEN (SELECT 1 FROM blob_placement p WHERE p.location = g.location AND p.storage_key > g.storage_key AND p.storage_key < g.storage_key || '/' LIMIT 1) END
              FROM storage_garbage g WHERE g.location = @location AND g.after_ms <= now_ms() ORDER BY g.after_ms LIMIT @count
            """, static r => new Row(r.GetString(0), r.IsDBNull(1) ? null : r.GetFieldValue<byte[]>(1), r.GetInt64(2), !r.IsDBNull(3) || !r.IsDBNull(4)), ct, ("location", location.Name), ("count", Batch));
        if (rows.Count == 0)
            return default;
        // What a blob names after all is not deleted, whatever led to its note; nor is what an upload made that such a blob came from.
        var doomed = rows.Where(r => !r.Named && (StorageKey.IsValid(r.Key) || location.Options.DeleteForeign)).ToList();
        var (failed, locked) = await DeleteAsync(location, doomed, ct);
        var gone = rows.Where(r => !failed.Contains(r.Key) && !locked.ContainsKey(r.Key)).ToList();
        var bytes = gone.Intersect(doomed).Sum(static r => r.Size);
        await db.WriteAsync(async tx =>
        {
            foreach (var row in gone)
                await tx.ExecuteAsync("DELETE FROM storage_garbage WHERE location = @location AND storage_key = @key", ("location", location.Name), ("key", row.Key));
            foreach (var key in failed)
                await tx.ExecuteAsync("""
                    UPDATE storage_garbage SET attempts = attempts + 1, after_ms = now_ms() + @wait * CASE WHEN attempts < 8 THEN attempts * attempts * attempts + 1 ELSE 720 END
                     WHERE location = @location AND storage_key = @key
                    """, ("wait", FirstRetryMs), ("location", location.Name), ("key", key));
            // The store says when to ask again; a clock that is behind its own must not make it a loop.
            foreach (var (key, untilMs) in locked)
                await tx.ExecuteAsync("""
                    UPDATE storage_garbage SET locked_until_ms = @until, after_ms = CASE WHEN @until > now_ms() + @wait THEN @until ELSE now_ms() + @wait END
                     WHERE location = @location AND storage_key = @key
                    """, ("until", untilMs ?? 0), ("wait", untilMs is null ? UnknownLockMs : FirstRetryMs), ("location", location.Name), ("key", key));
            if (bytes > 0)
                await Collector.CountAsync(tx, 0, 0, 0, bytes);
            return 0;
        }, ct);
        return (gone.Count, bytes);
    }

    /// <summary>All at once; and when that fails one by one, so that what cannot be deleted does not keep the others.</summary>
    /// <returns>What failed, and what the store does not let go yet, until when.</returns>
    private async Task<(HashSet<string> Failed, Dictionary<string, long?> Locked)> DeleteAsync(Location location, List<Row> rows, CancellationToken ct)
    {
        var (failed, locked) = (new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, long?>(StringComparer.Ordinal));
        try
        {
            await DeleteAsync(location.Driver, rows, ct);
            return (failed, locked);
        }
        catch (BlobsLockedException e)
        {
            Note(e);
            return (failed, locked);
        }
        catch (StorageException e)
        {
            Log.Failed(logger, rows.Count, location.Name, e);
        }
        var inARow = 0;
        foreach (var row in rows)
            try
            {
                // A place that does not answer is not asked for each.
                if (inARow < MostFailuresInARow)
                    await DeleteAsync(location.Driver, [row], ct);
                else
                    failed.Add(row.Key);
                inARow = inARow < MostFailuresInARow ? 0 : inARow;
            }
            catch (BlobsLockedException e)
            {
                Note(e);
                inARow = 0;
            }
            catch (StorageException)
            {
                failed.Add(row.Key);
                inARow++;
            }
        return (failed, locked);

        void Note(BlobsLockedException e)
        {
            Log.Locked(logger, e.Until.Count);
            foreach (var (key, until) in e.Until)
                locked[key] = until?.ToUnixTimeMilliseconds();
        }
    }

    private static async Task DeleteAsync(IBlobDriver driver, List<Row> rows, CancellationToken ct)
    {
        foreach (var row in rows)
            if (row.UploadState is { } state)
                await driver.AbortAsync(row.Key, state, ct);
        if (rows.Where(static r => StorageKey.IsValid(r.Key)).Select(static r => r.Key).ToList() is { Count: > 0 } own)
            await driver.DeleteAsync(own, ct);
        if (rows.Where(static r => !StorageKey.IsValid(r.Key)).Select(static r => r.Key).ToList() is { Count: > 0 } foreign)
            await driver.DeleteForeignAsync(foreign, ct);
    }

    private sealed record Row(string Key, byte[]? UploadState, long Size, bool Named);

    private static partial class Log
    {
        [LoggerMessage(330, LogLevel.Warning, "{Count} objects of the location {Name} could not be deleted at once; now one by one")]
        public static partial void Failed(ILogger logger, int count, string name, Exception e);

        [LoggerMessage(331, LogLevel.Information, "The storage does not let {Count} objects go yet; they are deleted when it does")]
        public static partial void Locked(ILogger logger, int count);
    }
}
