using System.Security.Cryptography;
using Wharf.Oci;
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

    /// <summary>The objects that a database names, page by page: blobs in the order of their digests, then stored files.</summary>
    public static IEnumerable<List<BackupObject>> Objects(SqliteSession database, int page)
    {
        var after = Array.Empty<byte>();
        while (database.List("""
            SELECT p.digest, p.location, p.storage_key, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.state = 'present' AND p.digest > @after ORDER BY p.digest, p.location LIMIT @count
            """, static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Location: r.GetString(1), Key: r.GetString(2), Size: r.GetInt64(3)), [("after", after), ("count", page)]) is { Count: > 0 } rows)
        {
            var objects = rows.GroupBy(static r => r.Digest).Select(static g => new BackupObject(g.Key, g.First().Size, [.. g.Select(static r => (r.Location, r.Key))])).ToList();
            // The places of the last one may not all be in the page.
            if (rows.Count == page && objects.Count > 1)
                objects.RemoveAt(objects.Count - 1);
            yield return objects;
            after = objects[^1].Digest!.Value.ToArray();
        }
        for (var key = ""; ;)
        {
            var rows = database.List("SELECT storage_key, location FROM stored_file WHERE expires_ms IS NULL AND storage_key > @after ORDER BY storage_key, location LIMIT @count",
                static r => (Key: r.GetString(0), Location: r.GetString(1)), [("after", key), ("count", page)]);
            if (rows.Count == 0)
                yield break;
            var files = rows.GroupBy(static r => r.Key).Select(static g => new BackupObject(null, -1, [.. g.Select(static r => (r.Location, r.Key))])).ToList();
            if (rows.Count == page && files.Count > 1)
                files.RemoveAt(files.Count - 1);
            yield return files;
            key = files[^1].Places[0].Key;
        }
    }

    /// <summary>Which of the keys of a backup's objects, all of which begin so, a database names.</summary>
    public static HashSet<string> Named(SqliteSession database, IEnumerable<string> locations, string prefix, IEnumerable<string> keys)
    {
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (var location in locations)
            named.UnionWith(database.List("""
                SELECT storage_key FROM blob_placement WHERE location = @location AND storage_key >= @prefix AND storage_key < @prefix || 'g'
                UNION ALL SELECT storage_key FROM stored_file WHERE location = @location AND storage_key >= @prefix AND storage_key < @prefix || 'g'
                """, static r => r.GetString(0), [("location", location), ("prefix", prefix)]));
        foreach (var key in keys)
            if (BackupObject.DigestsLike(key) is var (first, last) && database.One("SELECT 1 FROM blob_placement WHERE digest >= @first AND digest <= @last LIMIT 1", static r => r.GetInt64(0), [("first", first), ("last", last)]) == 1)
                named.Add(key);
        return named;
    }

    /// <summary>The locations that a database's rows name.</summary>
    public static List<string> Locations(SqliteSession database) => database.List("SELECT DISTINCT location FROM stored_file UNION SELECT DISTINCT location FROM blob_placement", static r => r.GetString(0), []);
}
