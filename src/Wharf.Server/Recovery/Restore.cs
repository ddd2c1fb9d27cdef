using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;
using Wharf.Server.Hosting.Admin;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Recovery;

/// <summary>
/// Puts a backup into an empty data directory. The metadata get their name last: a restore that was killed before can be run again.
/// What began before the backup and cannot go on (uploads, leases) is not restored, and the journal begins anew.
/// </summary>
internal sealed class Restore(DataDirectory data, KeysOptions keys, Locations locations, TimeProvider clock)
{
    private const int Page = 500;
    private const int MostProblems = 100;

    /// <param name="quick">Whether blobs are only looked for, and not read.</param>
    public async Task<AdminResult> RunAsync(string directory, bool quick, CancellationToken ct)
    {
        try
        {
            if (await BackupManifest.ReadAsync(directory, ct) is not { } manifest)
                return new AdminResult(false, $"{directory} is no backup, or one that did not come to its end: it has no {BackupManifest.Name}.");
            return File.Exists(data.File(BackupFile.Metadata))
                ? new AdminResult(false, $"{data.Path} has a database already. A restore needs a new data directory; give one with --data.")
                : await CopyAsync(directory, manifest, quick, ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or StorageException or FormatException)
        {
            return new AdminResult(false, $"The restore failed: {e.Message}");
        }
    }

    private async Task<AdminResult> CopyAsync(string directory, BackupManifest manifest, bool quick, CancellationToken ct)
    {
        foreach (var file in manifest.Files)
        {
            CommandProgress.Tell($"Verifying {file.Name}");
            // The name is a file's in the directory, whatever the manifest says.
            var path = Path.Join(directory, Path.GetFileName(file.Name));
            if (!File.Exists(path) || await BackupFiles.DescribeAsync(file.Kind, path, ct) is not { } described || described.Sha256 != file.Sha256)
                return new AdminResult(false, $"The backup is damaged: {file.Name} is missing or was changed.");
        }
        if (manifest.Of(BackupFile.Metadata) is not { } metadata)
            return new AdminResult(false, "The backup has no metadata.");
        var ring = keys.File ?? data.File(BackupFile.Keys);
        if (manifest.Of(BackupFile.Keys) is { } kept)
        {
            var backedUp = await File.ReadAllBytesAsync(Path.Join(directory, Path.GetFileName(kept.Name)), ct);
            if (File.Exists(ring) && !(await File.ReadAllBytesAsync(ring, ct)).AsSpan().SequenceEqual(backedUp))
                return new AdminResult(false, $"There is another key ring at {ring}. Move it away first: the backup's secrets open with its own.");
            await BackupFiles.WriteAsync(Path.GetDirectoryName(Path.GetFullPath(ring))!, Path.GetFileName(ring), backedUp, ct);
        }

        var unfinished = data.File($"{BackupFile.Metadata}.restored");
        File.Copy(Path.Join(directory, Path.GetFileName(metadata.Name)), unfinished, overwrite: true);
        var (objects, bytes, problems) = (0L, 0L, new List<string>());
        using (var database = new SqliteSession(unfinished, readOnly: false, clock))
        {
            database.Run("DELETE FROM upload; DELETE FROM lease; DELETE FROM journal_state; DELETE FROM session;");
            var source = new LocalDriver(Path.Join(directory, "storage"));
            foreach (var page in BackupFiles.Objects(database, Page))
            {
                database.Run("BEGIN");
                foreach (var one in page)
                {
                    ct.ThrowIfCancellationRequested();
                    var (key, problem) = await CheckAsync(source, one, quick, ct);
                    if (problem is not null)
                        problems.Add(problem);
                    else
                    {
                        var there = (await source.StatAsync(key, ct))!.Value;
                        await ObjectCopy.BringAsync(source, key, locations.Primary.Driver, key, there, ct);
                        (objects, bytes) = (objects + 1, bytes + there);
                        CommandProgress.Tell(string.Create(CultureInfo.InvariantCulture, $"{objects} of {manifest.Objects} objects, {bytes} bytes"));
                    }
                    Place(database, one, key, problem is null);
                }
                database.Run("COMMIT");
            }
            ObjectCopy.Flush(locations.Primary.Driver);
            // What was lost before is so in the one location, too.
            foreach (var (table, column) in ((string, string)[])[("blob_placement", "digest"), ("stored_file", "storage_key")])
            {
                database.Execute($"DELETE FROM {table} AS p WHERE location <> @here AND EXISTS (SELECT 1 FROM {table} o WHERE o.{column} = p.{column} AND (o.location = @here OR o.location < p.location))", [("here", locations.Primary.Name)]);
                database.Execute($"UPDATE {table} SET location = @here WHERE location <> @here", [("here", locations.Primary.Name)]);
            }
            database.Run("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;");
        }
        if (manifest.Of(BackupFile.Audit) is { } audit)
        {
            File.Copy(Path.Join(directory, Path.GetFileName(audit.Name)), data.File(BackupFile.Audit), overwrite: true);
            Sync(data.File(BackupFile.Audit));
        }
        Sync(unfinished);
        File.Move(unfinished, data.File(BackupFile.Metadata));
        Libc.SyncDirectory(data.Path);

        var report = new JsonObject { ["at_ms"] = manifest.AtMs, ["objects"] = objects, ["bytes"] = bytes, ["problems"] = new JsonArray([.. problems.Take(MostProblems).Select(static p => (JsonNode)p)]) };
        var text = string.Create(CultureInfo.InvariantCulture, $"The registry is as it was at {DateTimeOffset.FromUnixTimeMilliseconds(manifest.AtMs):u}: {objects} objects with {bytes} bytes.");
        if (manifest.Of(BackupFile.Keys) is null && !File.Exists(ring))
            text += $"\nThe backup has no key ring: put it at {ring} before the server starts.";
        return problems.Count == 0 ? new AdminResult(true, text, report)
            : new AdminResult(false, $"{text}\n{problems.Count} objects are missing from the backup or damaged; they are not served until somebody pushes them again:\n{string.Join('\n', problems.Take(MostProblems).Select(static p => "  " + p))}", report);
    }

    /// <summary>All is in one location now. What is damaged is not served, so that the next push brings it back.</summary>
    private void Place(SqliteSession database, BackupObject one, string key, bool isSound)
    {
        if (one.Digest is not { } digest || (isSound && one.Places.Count == 1 && one.Places[0] == (locations.Primary.Name, key)))
            return;
        database.Execute("DELETE FROM blob_placement WHERE digest = @digest", [("digest", digest.ToArray())]);
        database.Execute("INSERT INTO blob_placement (digest, location, storage_key, state) VALUES (@digest, @location, @key, @state)",
            [("digest", digest.ToArray()), ("location", locations.Primary.Name), ("key", key), ("state", isSound ? "present" : "lost")]);
    }

    private static async Task<(string Key, string? Problem)> CheckAsync(LocalDriver source, BackupObject one, bool quick, CancellationToken ct)
    {
        var key = one.KeyOf(one.Places[0].Key);
        Stream? opened = null;
        foreach (var (_, named) in one.Places)
            if ((opened = await source.OpenAsync(one.KeyOf(named), 0, long.MaxValue, ct)) is not null)
            {
                key = one.KeyOf(named);
                break;
            }
        await using var stream = opened;
        if (stream is null)
            return (key, $"{key} is missing.");
        // What is no blob (a rotated day of the audit trail) has its digest in the trail, whose verification reads it.
        if (one.Digest is not { } digest)
            return (key, null);
        if (stream.Length != one.Size)
            return (key, string.Create(CultureInfo.InvariantCulture, $"{key} has {stream.Length} bytes instead of {one.Size}."));
        if (quick)
            return (key, null);
        using var hash = new ResumableHash(digest.Algorithm);
        var buffer = new byte[(int)Math.Clamp(one.Size, 1, 1 << 20)];
        for (int n; (n = await stream.ReadAsync(buffer, ct)) > 0;)
            hash.Append(buffer.AsSpan(0, n));
        return (key, hash.Finish() == digest ? null : $"{key} has other bytes than {digest}.");
    }

    private static void Sync(string path)
    {
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }
}
