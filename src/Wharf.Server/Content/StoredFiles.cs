using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Objects of the blob storage that are no blobs, such as rotated audit segments. Each has its row before its first byte, so that it is
/// never an orphan; one that was copied to another location has a row for each, and the same key there.
/// </summary>
internal sealed class StoredFiles(Database db, Locations locations, LifetimeOptions lifetimes)
{
    // A copy that takes longer is garbage.
    private const long ReservedMs = 7 * 24 * 3_600_000L;

    private readonly string[] _locations = [.. locations.All.Select(static l => l.Name)];
    private readonly long _windowMs = (long)lifetimes.RestoreWindow(db).TotalMilliseconds;

    /// <summary>Stores what <paramref name="write"/> writes; durable when the task ends.</summary>
    /// <param name="purpose">Whose it is, for people who look at the table.</param>
    /// <param name="lifetime">After which it is garbage; null: it is kept.</param>
    /// <returns>Its storage key.</returns>
    public async Task<string> WriteAsync(string purpose, TimeSpan? lifetime, Func<IBlobWriter, Task> write, CancellationToken ct)
    {
        var key = StorageKey.New();
        await db.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO stored_file (location, storage_key, purpose, expires_ms) SELECT @location, @key, @purpose, now_ms() + @lifetime",
            ("location", locations.Primary.Name), ("key", key), ("purpose", purpose), ("lifetime", lifetime is { } time ? (long)time.TotalMilliseconds : null)), ct);
        await using var writer = await locations.Primary.Driver.BeginAsync(key, ct);
        try
        {
            await write(writer);
            await writer.CompleteAsync(ct);
            return key;
        }
        catch
        {
            await writer.AbortAsync(CancellationToken.None);
            await RemoveAsync(key, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Has it stay for good.</summary>
    public Task KeepAsync(string key, CancellationToken ct) => db.WriteAsync(tx => KeepAsync(tx, key), ct);

    /// <summary>The same, with the rows that name it.</summary>
    public ValueTask<int> KeepAsync(Tx tx, string key) =>
        tx.ExecuteAsync($"UPDATE stored_file SET expires_ms = NULL WHERE location {db.Among("locations")} AND storage_key = @key", ("locations", _locations), ("key", key));

    /// <summary>The file's bytes, of the first location that has them; null when none does.</summary>
    public async Task<Stream?> OpenAsync(string key, CancellationToken ct)
    {
        var rows = await db.ListAsync($"SELECT location FROM stored_file WHERE location {db.Among("locations")} AND storage_key = @key", static r => r.GetString(0), ct, ("locations", _locations), ("key", key));
        StorageException? failed = null;
        foreach (var location in locations.All.Where(l => rows.Contains(l.Name)))
            try
            {
                if (await location.Driver.OpenAsync(key, 0, long.MaxValue, ct) is { } stream)
                    return stream;
            }
            catch (StorageException e)
            {
                failed = e;
            }
        return failed is null ? null : throw failed;
    }

    /// <summary>Makes it garbage, wherever it is.</summary>
    public Task RemoveAsync(string key, CancellationToken ct) => db.WriteAsync(tx => RemoveAsync(tx, key), ct);

    /// <summary>The same, with the rows that named it.</summary>
    public async ValueTask<int> RemoveAsync(Tx tx, string key)
    {
        var rows = await tx.ListAsync($"SELECT location FROM stored_file WHERE location {db.Among("locations")} AND storage_key = @key", static r => r.GetString(0), ("locations", _locations), ("key", key));
        foreach (var location in rows)
            await RemoveAsync(tx, location, key, 0);
        return rows.Count;
    }

    /// <summary>Removes those whose time is over; how many there were.</summary>
    public async Task<int> SweepAsync(CancellationToken ct)
    {
        var over = await db.ListAsync("SELECT location, storage_key FROM stored_file WHERE expires_ms < now_ms() ORDER BY expires_ms LIMIT 100", static r => (Location: r.GetString(0), Key: r.GetString(1)), ct);
        if (over.Count > 0)
            await db.WriteAsync(async tx =>
            {
                foreach (var (location, key) in over)
                    await RemoveAsync(tx, location, key, 0);
                return 0;
            }, ct);
        return over.Count;
    }

    /// <summary>A page of the keys of a location's files that are kept and that another location has not.</summary>
    public ValueTask<List<string>> ListMissingAsync(string from, string to, string afterKey, int count, CancellationToken ct) => db.ListAsync("""
        SELECT f.storage_key FROM stored_file f WHERE f.location = @from AND f.expires_ms IS NULL AND f.storage_key > @after
           AND NOT EXISTS (SELECT 1 FROM stored_file t WHERE t.location = @to AND t.storage_key = f.storage_key AND t.expires_ms IS NULL)
         ORDER BY f.storage_key LIMIT @count
        """, static r => r.GetString(0), ct, ("from", from), ("to", to), ("after", afterKey), ("count", count));

    /// <summary>A page of the keys of a location's files that are kept there.</summary>
    public ValueTask<List<string>> ListAsync(string location, string afterKey, int count, CancellationToken ct) => db.ListAsync(
        "SELECT storage_key FROM stored_file WHERE location = @location AND expires_ms IS NULL AND storage_key > @after ORDER BY storage_key LIMIT @count",
        static r => r.GetString(0), ct, ("location", location), ("after", afterKey), ("count", count));

    /// <summary>Gives a file another place, whose bytes are there when <paramref name="copy"/> ends.</summary>
    /// <returns>False when it was removed meanwhile.</returns>
    public async Task<bool> CopyAsync(string key, string from, string to, Func<Task> copy, CancellationToken ct)
    {
        await db.WriteAsync(tx => tx.ExecuteAsync("""
            INSERT INTO stored_file (location, storage_key, purpose, expires_ms) SELECT @to, @key, purpose, now_ms() + @time FROM stored_file WHERE location = @from AND storage_key = @key
            ON CONFLICT (location, storage_key) DO UPDATE SET expires_ms = excluded.expires_ms
            """, ("to", to), ("from", from), ("key", key), ("time", ReservedMs)), ct);
        await copy();
        return await db.WriteAsync(tx => tx.ExecuteAsync("""
            UPDATE stored_file SET expires_ms = NULL WHERE location = @to AND storage_key = @key AND EXISTS (SELECT 1 FROM stored_file f WHERE f.location = @from AND f.storage_key = @key AND f.expires_ms IS NULL)
            """, ("to", to), ("from", from), ("key", key)), ct) == 1;
    }

    /// <summary>Takes a file's place in one location away when another keeps it: the bytes are garbage when the time is over in which a restore may want them.</summary>
    public Task<bool> RemoveAsync(string key, string from, string to, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync($"SELECT 1 FROM stored_file WHERE location = @to AND storage_key = @key AND expires_ms IS NULL {db.ForShare}", static r => r.GetInt32(0), ("to", to), ("key", key)) == 0)
            return false;
        await RemoveAsync(tx, from, key, _windowMs);
        return true;
    }, ct);

    private static async ValueTask RemoveAsync(Tx tx, string location, string key, long afterMs)
    {
        await tx.ExecuteAsync("DELETE FROM stored_file WHERE location = @location AND storage_key = @key", ("location", location), ("key", key));
        await tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() + @after WHERE 1 = 1 ON CONFLICT (location, storage_key) DO NOTHING",
            ("location", location), ("key", key), ("after", afterMs));
    }
}
