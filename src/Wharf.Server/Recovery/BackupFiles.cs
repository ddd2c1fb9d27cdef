using System.Globalization;
using System.Security.Cryptography;
using Wharf.Server.Content;
using Wharf.Server.Data.Sqlite;
using Wharf.Server.Hosting;

namespace Wharf.Server.Recovery;

/// <summary>What backup and restore do to files alike.</summary>
internal static class BackupFiles
{
    public static async Task<BackupFile> DescribeAsync(string kind, string path, CancellationToken ct)
    {
        await using var file = File.OpenRead(path);
        return new BackupFile(kind, Path.GetFileName(path), file.Length, Convert.ToHexStringLower(await SHA256.HashDataAsync(file, ct)));
    }

    /// <summary>Writes a file of this name, all or nothing; durable when the task ends.</summary>
    public static async Task WriteAsync(string directory, string name, byte[] content, CancellationToken ct)
    {
        var unfinished = Path.Join(directory, name + ".new");
        await using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            await file.WriteAsync(content, ct);
            file.Flush(flushToDisk: true);
        }
        File.Move(unfinished, Path.Join(directory, name), overwrite: true);
        Libc.SyncDirectory(directory);
    }

    /// <summary>The objects that a database names, page by page in the order of their keys; the size is -1 where the database does not have it.</summary>
    public static IEnumerable<List<(string Key, long Size)>> Objects(SqliteSession database, int page)
    {
        for (var after = ""; ;)
        {
            var rows = database.List($"""
                SELECT p.storage_key, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.location = @location AND p.state = 'present' AND p.storage_key > @after
                UNION ALL SELECT storage_key, -1 FROM stored_file WHERE location = @location AND expires_ms IS NULL AND storage_key > @after
                ORDER BY 1 LIMIT {page.ToString(CultureInfo.InvariantCulture)}
                """, static r => (Key: r.GetString(0), Size: r.GetInt64(1)), [("location", ContentStore.Location), ("after", after)]);
            if (rows.Count == 0)
                yield break;
            yield return rows;
            after = rows[^1].Key;
        }
    }

    /// <summary>The keys that a database names and that begin so.</summary>
    public static HashSet<string> Keys(SqliteSession database, string prefix) => [.. database.List("""
        SELECT storage_key FROM blob_placement WHERE location = @location AND storage_key >= @prefix AND storage_key < @prefix || 'g'
        UNION ALL SELECT storage_key FROM stored_file WHERE location = @location AND storage_key >= @prefix AND storage_key < @prefix || 'g'
        """, static r => r.GetString(0), [("location", ContentStore.Location), ("prefix", prefix)])];
}
