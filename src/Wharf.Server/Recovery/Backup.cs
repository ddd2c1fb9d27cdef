using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Work;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Recovery;

/// <summary>
/// Copies an embedded registry while it serves. 1. The collector is held, so that whatever the copy of the database names stays in the
/// store; 2. the databases copy themselves, the audit trail first, so that it never knows of more than the metadata do; 3. the objects
/// that the copy names are linked or copied, but not those that an earlier backup has already; 4. the manifest names all of it, and only
/// then the former backup goes.
/// </summary>
internal sealed class Backup(Database db, DataDirectory data, KeyRing keys, Locations locations, Leases leases, TimeProvider clock) : IDisposable
{
    private const int Page = 500;
    private const int MostMissing = 100;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan s_hold = TimeSpan.FromMinutes(2);

    private readonly SemaphoreSlim _turn = new(1);

    public void Dispose() => _turn.Dispose();

    /// <param name="directory">Made when it is missing; one with an earlier backup gets only what is new.</param>
    public async Task<AdminResult> RunAsync(string directory, bool withKeys, CancellationToken ct)
    {
        if (db is not SqliteDatabase)
            return new AdminResult(false, "This registry is on PostgreSQL: back up the database with PostgreSQL's own tools, then the storage, then the key ring (docs/recovery.md).");
        if (!await _turn.WaitAsync(0, ct))
            return new AdminResult(false, "Another backup runs.");
        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct);
        try
        {
            if (await leases.TryTakeAsync(Collector.Hold, s_hold, ct) is null)
                return new AdminResult(false, "Another process holds the collector; it runs a backup, or did until a moment ago.");
            var holding = HoldAsync(over);
            try
            {
                return await CopyAsync(directory, withKeys, over.Token);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
                return new AdminResult(false, "The collector could not be held; this backup is not whole. An earlier one in the same place is.");
            }
            finally
            {
                await over.CancelAsync();
                await holding;
                await leases.ReleaseAsync(Collector.Hold, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException)
        {
            return new AdminResult(false, $"The backup failed: {e.Message}");
        }
        finally
        {
            _turn.Release();
        }
    }

    // Ends the backup when the hold is lost.
    private async Task HoldAsync(CancellationTokenSource over)
    {
        try
        {
            do
                await Task.Delay(s_hold / 4, clock, over.Token);
            while (await leases.TryTakeAsync(Collector.Hold, s_hold, over.Token) is not null);
            await over.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The backup is done.
        }
        catch (DatabaseException)
        {
            await over.CancelAsync();
        }
    }

    private async Task<AdminResult> CopyAsync(string directory, bool withKeys, CancellationToken ct)
    {
        Directory.CreateDirectory(directory, Private);
        var nowMs = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var stamp = string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeMilliseconds(nowMs):yyyyMMdd'T'HHmmss}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}");
        var files = new List<BackupFile>();
        CommandProgress.Tell("Copying the databases");
        foreach (var kind in (string[])[BackupFile.Audit, BackupFile.Metadata])
            files.Add(await CopyDatabaseAsync(kind, Path.Join(directory, $"{stamp}-{kind}"), ct));
        var ring = withKeys ? keys.File : null;
        if (ring is not null)
        {
            var copy = Path.Join(directory, $"{stamp}-{BackupFile.Keys}");
            await using (var to = new FileStream(copy, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            {
                await to.WriteAsync(await File.ReadAllBytesAsync(ring, ct), ct);
                to.Flush(flushToDisk: true);
            }
            files.Add(await BackupFiles.DescribeAsync(BackupFile.Keys, copy, ct));
        }

        var target = new LocalDriver(Path.Join(directory, "storage"));
        var (objects, bytes, copied, missing) = (0L, 0L, 0L, new List<string>());
        using (var copy = new SqliteSession(Path.Join(directory, $"{stamp}-{BackupFile.Metadata}"), readOnly: true, clock))
        {
            foreach (var page in BackupFiles.Objects(copy, Page))
            {
                foreach (var one in page)
                {
                    ct.ThrowIfCancellationRequested();
                    if (await BringAsync(one, target, ct) is not var (size, isNew))
                    {
                        missing.Add(one.Places[0].Key);
                        continue;
                    }
                    copied += isNew ? 1 : 0;
                    (objects, bytes) = (objects + 1, bytes + size);
                }
                CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{objects} objects, {bytes} bytes"));
            }
            ObjectCopy.Flush(target);
            await BackupFiles.WriteAsync(directory, BackupManifest.Name, JsonSerializer.SerializeToUtf8Bytes(new BackupManifest(BackupManifest.CurrentVersion, BuildInfo.Version, nowMs, files, objects, bytes), BackupJson.Default.BackupManifest), ct);
            await RemoveFormerAsync(directory, [.. files.Select(static f => f.Name)], target, copy, ct);
        }

        var report = new JsonObject
        {
            ["at_ms"] = nowMs,
            ["objects"] = objects,
            ["bytes"] = bytes,
            ["copied"] = copied,
            ["keys"] = ring is not null,
            ["missing"] = new JsonArray([.. missing.Take(MostMissing).Select(static k => (JsonNode)k)]),
        };
        var text = string.Create(CultureInfo.InvariantCulture,
            $"The backup in {directory} is whole: both databases, {objects} objects with {bytes} bytes ({copied} of them new){(ring is not null ? ", and the key ring: keep it secret" : "; without the key ring, which a restore needs")}.");
        return missing.Count == 0 ? new AdminResult(true, text, report)
            : new AdminResult(false, $"{text}\n{missing.Count} objects are missing from the store itself ('wharf scrub' tells which blobs they are): {string.Join(", ", missing.Take(10))}", report);
    }

    /// <summary>Brings an object from the first place that has it, unless an earlier backup has it already from any.</summary>
    /// <returns>Its size, and whether it is new; null when no place has it as the database says.</returns>
    private async Task<(long Size, bool IsNew)?> BringAsync(BackupObject one, LocalDriver target, CancellationToken ct)
    {
        foreach (var (_, key) in one.Places)
            if (await target.StatAsync(one.KeyOf(key), ct) is { } kept && (one.Size < 0 || kept == one.Size))
                return (kept, false);
        StorageException? failed = null;
        foreach (var (location, key) in one.Places.Where(p => locations.RankOf(p.Location) is not null).OrderBy(p => locations.RankOf(p.Location)))
            try
            {
                var driver = locations.Of(location).Driver;
                if (await driver.StatAsync(key, ct) is { } size && (one.Size < 0 || size == one.Size))
                    return (size, await ObjectCopy.BringAsync(driver, key, target, one.KeyOf(key), size, ct));
            }
            catch (StorageException e)
            {
                failed = e;
            }
        // A place that fails may have it.
        return failed is null ? null : throw failed;
    }

    private async Task<BackupFile> CopyDatabaseAsync(string kind, string to, CancellationToken ct)
    {
        await Task.Run(() =>
        {
            using var session = new SqliteSession(data.File(kind), readOnly: false, clock);
            session.CopyTo(to);
        }, ct);
        return await BackupFiles.DescribeAsync(kind, to, ct);
    }

    // What the backup that this one takes the place of has beside it.
    private static async Task RemoveFormerAsync(string directory, HashSet<string> kept, LocalDriver target, SqliteSession copy, CancellationToken ct)
    {
        foreach (var file in Directory.EnumerateFiles(directory).Select(static f => Path.GetFileName(f)!))
            if (!kept.Contains(file) && (file.EndsWith($"-{BackupFile.Metadata}", StringComparison.Ordinal) || file.EndsWith($"-{BackupFile.Audit}", StringComparison.Ordinal) || file.EndsWith($"-{BackupFile.Keys}", StringComparison.Ordinal)))
                File.Delete(Path.Join(directory, file));
        var locations = BackupFiles.Locations(copy);
        for (var shard = 0; shard < Orphans.Shards; shard++)
        {
            var prefix = $"{shard:x2}/";
            var there = new List<string>();
            await foreach (var stored in target.ListAsync(prefix, ct))
                there.Add(stored.Key);
            var named = BackupFiles.Named(copy, locations, prefix, there);
            await target.DeleteAsync([.. there.Where(key => !named.Contains(key))], ct);
        }
    }
}
