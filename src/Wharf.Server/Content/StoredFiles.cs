using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>Objects of the blob storage that are no blobs, such as rotated audit segments. Each has its row before its first byte, so that it is never an orphan.</summary>
internal sealed class StoredFiles(Database db, IBlobDriver driver)
{
    /// <summary>Stores what <paramref name="write"/> writes; durable when the task ends.</summary>
    /// <param name="purpose">Whose it is, for people who look at the table.</param>
    /// <param name="lifetime">After which it is garbage; null: it is kept.</param>
    /// <returns>Its storage key.</returns>
    public async Task<string> WriteAsync(string purpose, TimeSpan? lifetime, Func<IBlobWriter, Task> write, CancellationToken ct)
    {
        var key = StorageKey.New();
        await db.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO stored_file (location, storage_key, purpose, expires_ms) SELECT @location, @key, @purpose, now_ms() + @lifetime",
            ("location", ContentStore.Location), ("key", key), ("purpose", purpose), ("lifetime", lifetime is { } time ? (long)time.TotalMilliseconds : null)), ct);
        await using var writer = await driver.BeginAsync(key, ct);
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
    public Task KeepAsync(string key, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE stored_file SET expires_ms = NULL WHERE location = @location AND storage_key = @key", ("location", ContentStore.Location), ("key", key)), ct);

    /// <summary>The file's bytes; null when it is not there.</summary>
    public Task<Stream?> OpenAsync(string key, CancellationToken ct) => driver.OpenAsync(key, 0, long.MaxValue, ct);

    /// <summary>Makes it garbage.</summary>
    public Task RemoveAsync(string key, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await tx.ExecuteAsync("DELETE FROM stored_file WHERE location = @location AND storage_key = @key", ("location", ContentStore.Location), ("key", key));
        return await tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() ON CONFLICT (location, storage_key) DO NOTHING",
            ("location", ContentStore.Location), ("key", key));
    }, ct);

    /// <summary>Removes those whose time is over; how many there were.</summary>
    public async Task<int> SweepAsync(CancellationToken ct)
    {
        var over = await db.ListAsync("SELECT storage_key FROM stored_file WHERE location = @location AND expires_ms < now_ms() LIMIT 100",
            static r => r.GetString(0), ct, ("location", ContentStore.Location));
        foreach (var key in over)
            await RemoveAsync(key, ct);
        return over.Count;
    }
}
