using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Bytes in the store that no row names: a process was killed between storing a blob and committing it, or while a body came in.
/// They are noted as garbage once they are old enough that no request can be about to commit them, and go with the other garbage.
/// </summary>
internal sealed partial class Orphans(Database db, IBlobDriver driver, StorageOptions options, TimeProvider clock, ILogger<Orphans> logger)
{
    /// <summary>Storage keys begin with one of so many bytes in hexadecimal, and a slash.</summary>
    public const int Shards = 256;

    private const int Page = 200;

    private static readonly string s_keys = string.Join(", ", Enumerable.Range(0, Page).Select(static i => $"@k{i}"));
    private static readonly string s_named = $"""
        SELECT storage_key FROM blob_placement WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT storage_key FROM upload WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT storage_key FROM stored_file WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT storage_key FROM storage_garbage WHERE location = @location AND storage_key IN ({s_keys})
        """;

    /// <summary>Notes the orphans among the blobs of one shard; returns how many.</summary>
    public async Task<int> SweepBlobsAsync(int shard, CancellationToken ct) =>
        await SweepAsync(driver.ListAsync($"{shard:x2}/", ct).Select(static blob => (blob.Key, State: (byte[]?)null, blob.Modified)), ct);

    /// <summary>Notes unfinished uploads that belong to no session; returns how many.</summary>
    public async Task<int> SweepUploadsAsync(CancellationToken ct) =>
        await SweepAsync(driver.ListUnfinishedAsync(ct).Select(static upload => (upload.Key, State: (byte[]?)upload.State, upload.Modified)), ct);

    /// <summary>Counts old blobs of a shard that no row names, without noting them.</summary>
    public async Task<(long Count, long Bytes)> CountAsync(int shard, CancellationToken ct)
    {
        var (before, count, bytes) = (clock.GetUtcNow() - TimeSpan.FromHours(options.OrphanHours), 0L, 0L);
        await foreach (var page in driver.ListAsync($"{shard:x2}/", ct).Where(o => o.Modified <= before).Chunk(Page).WithCancellation(ct))
        {
            var named = await NamedAsync(Array.ConvertAll(page, static o => o.Key), ct);
            var unnamed = page.Where(o => !named.Contains(o.Key)).ToList();
            (count, bytes) = (count + unnamed.Count, bytes + unnamed.Sum(static o => o.Size));
        }
        return (count, bytes);
    }

    private async Task<HashSet<string>> NamedAsync(string[] page, CancellationToken ct)
    {
        var keys = Enumerable.Range(0, Page).Select(i => ($"k{i}", (object?)page[Math.Min(i, page.Length - 1)]));
        return (await db.ListAsync(s_named, static r => r.GetString(0), ct, [("location", ContentStore.Location), .. keys])).ToHashSet(StringComparer.Ordinal);
    }

    private async Task<int> SweepAsync(IAsyncEnumerable<(string Key, byte[]? State, DateTimeOffset Modified)> objects, CancellationToken ct)
    {
        var before = clock.GetUtcNow() - TimeSpan.FromHours(options.OrphanHours);
        var noted = 0;
        await foreach (var page in objects.Where(o => o.Modified <= before).Chunk(Page).WithCancellation(ct))
        {
            // Reads first: nearly everything that lies there has a row, and a write is for what has none.
            var named = await NamedAsync(Array.ConvertAll(page, static o => o.Key), ct);
            var orphans = page.Where(o => !named.Contains(o.Key)).ToList();
            if (orphans.Count == 0)
                continue;
            var batch = new Batch<Refusal>();
            foreach (var (key, state, _) in orphans)
                Note(batch, key, state);
            await db.RunAsync(batch, ct);
            noted += orphans.Count;
        }
        if (noted > 0)
            Log.Noted(logger, noted);
        return noted;
    }

    // Looks at the rows again in its own transaction.
    private static void Note(Batch<Refusal> batch, string key, byte[]? state)
    {
        const string Unnamed = """
             WHERE NOT EXISTS (SELECT 1 FROM blob_placement WHERE location = @location AND storage_key = @key)
               AND NOT EXISTS (SELECT 1 FROM stored_file WHERE location = @location AND storage_key = @key)
               AND NOT EXISTS (SELECT 1 FROM upload WHERE location = @location AND storage_key = @key)
            ON CONFLICT (location, storage_key) DO NOTHING
            """;
        if (state is null)
            batch.Add($"INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() {Unnamed}",
                ("location", ContentStore.Location), ("key", key));
        else
            batch.Add($"INSERT INTO storage_garbage (location, storage_key, upload_state, after_ms) SELECT @location, @key, @state, now_ms() {Unnamed}",
                ("location", ContentStore.Location), ("key", key), ("state", state));
    }

    private static partial class Log
    {
        [LoggerMessage(320, LogLevel.Information, "{Count} objects of the store belong to nothing: killed processes left them. They will be deleted")]
        public static partial void Noted(ILogger logger, int count);
    }
}
