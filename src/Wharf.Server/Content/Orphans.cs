using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Bytes in the store that no row names: a process was killed between storing a blob and committing it, or while a body came in.
/// They are noted as garbage once they are old enough that no request can be about to commit them, and go with the other garbage.
/// </summary>
internal sealed partial class Orphans(Database db, StorageOptions options, TimeProvider clock, ILogger<Orphans> logger)
{
    /// <summary>Storage keys begin with one of so many bytes in hexadecimal, and a slash.</summary>
    public const int Shards = 256;

    private const int Page = 200;

    private static readonly string s_keys = string.Join(", ", Enumerable.Range(0, Page).Select(static i => $"@k{i}"));
    private static readonly string s_uploads = string.Join(", ", Enumerable.Range(0, Page).Select(static i => $"@u{i}"));
    private static readonly string s_named = $"""
        SELECT 0, storage_key FROM blob_placement WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT 0, storage_key FROM stored_file WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT 0, storage_key FROM storage_garbage WHERE location = @location AND storage_key IN ({s_keys})
        UNION ALL SELECT 1, storage_key FROM upload WHERE location = @location AND storage_key IN ({s_uploads})
        """;

    /// <summary>Notes the orphans among the blobs of one shard; returns how many.</summary>
    public async Task<int> SweepBlobsAsync(Location location, int shard, CancellationToken ct) =>
        await SweepAsync(location, location.Driver.ListAsync($"{shard:x2}/", ct).Select(static blob => (blob.Key, State: (byte[]?)null, blob.Modified)), ct);

    /// <summary>Notes unfinished uploads that belong to no session; returns how many.</summary>
    public async Task<int> SweepUploadsAsync(Location location, CancellationToken ct) =>
        await SweepAsync(location, location.Driver.ListUnfinishedAsync(ct).Select(static upload => (upload.Key, State: (byte[]?)upload.State, upload.Modified)), ct);

    /// <summary>Counts old blobs of a shard that no row names, without noting them.</summary>
    public async Task<(long Count, long Bytes)> CountAsync(Location location, int shard, CancellationToken ct)
    {
        var (before, count, bytes) = (clock.GetUtcNow() - TimeSpan.FromHours(options.OrphanHours), 0L, 0L);
        await foreach (var page in location.Driver.ListAsync($"{shard:x2}/", ct).Where(o => o.Modified <= before).Chunk(Page).WithCancellation(ct))
        {
            var isNamed = await NamedAsync(location, Array.ConvertAll(page, static o => o.Key), ct);
            var unnamed = page.Where(o => !isNamed(o.Key)).ToList();
            (count, bytes) = (count + unnamed.Count, bytes + unnamed.Sum(static o => o.Size));
        }
        return (count, bytes);
    }

    // An object is named by itself, or as one of a session that goes on.
    private async Task<Func<string, bool>> NamedAsync(Location location, string[] page, CancellationToken ct)
    {
        var keys = Enumerable.Range(0, Page).Select(i => page[Math.Min(i, page.Length - 1)]).ToArray();
        (string, object?)[] parameters = [("location", location.Name), .. keys.Select(static (key, i) => ($"k{i}", (object?)key)), .. keys.Select(static (key, i) => ($"u{i}", (object?)StorageKey.UploadOf(key)))];
        var named = (await db.ListAsync(s_named, static r => (OfUpload: r.GetInt32(0) == 1, Key: r.GetString(1)), ct, parameters)).ToHashSet();
        return key => named.Contains((false, key)) || named.Contains((true, StorageKey.UploadOf(key)));
    }

    private async Task<int> SweepAsync(Location location, IAsyncEnumerable<(string Key, byte[]? State, DateTimeOffset Modified)> objects, CancellationToken ct)
    {
        var before = clock.GetUtcNow() - TimeSpan.FromHours(options.OrphanHours);
        var noted = 0;
        await foreach (var page in objects.Where(o => o.Modified <= before).Chunk(Page).WithCancellation(ct))
        {
            // Reads first: nearly everything that lies there has a row, and a write is for what has none.
            var isNamed = await NamedAsync(location, Array.ConvertAll(page, static o => o.Key), ct);
            var orphans = page.Where(o => !isNamed(o.Key)).ToList();
            if (orphans.Count == 0)
                continue;
            var batch = new Batch<Refusal>();
            foreach (var (key, state, _) in orphans)
                Note(batch, location, key, state);
            await db.RunAsync(batch, ct);
            noted += orphans.Count;
        }
        if (noted > 0)
            Log.Noted(logger, noted);
        return noted;
    }

    // Looks at the rows again in its own transaction.
    private static void Note(Batch<Refusal> batch, Location location, string key, byte[]? state)
    {
        const string Unnamed = """
             WHERE NOT EXISTS (SELECT 1 FROM blob_placement WHERE location = @location AND storage_key = @key)
               AND NOT EXISTS (SELECT 1 FROM stored_file WHERE location = @location AND storage_key = @key)
               AND NOT EXISTS (SELECT 1 FROM upload WHERE location = @location AND storage_key = @upload)
            ON CONFLICT (location, storage_key) DO NOTHING
            """;
        var (at, it, upload) = (("location", (object?)location.Name), ("key", (object?)key), ("upload", (object?)StorageKey.UploadOf(key)));
        if (state is null)
            batch.Add($"INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() {Unnamed}", at, it, upload);
        else
            batch.Add($"INSERT INTO storage_garbage (location, storage_key, upload_state, after_ms) SELECT @location, @key, @state, now_ms() {Unnamed}", at, it, upload, ("state", state));
    }

    private static partial class Log
    {
        [LoggerMessage(320, LogLevel.Information, "{Count} objects of the store belong to nothing: killed processes left them. They will be deleted")]
        public static partial void Noted(ILogger logger, int count);
    }
}
