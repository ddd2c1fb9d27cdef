using System.IO.Enumeration;
using System.Security.Cryptography;

namespace Wharf.Storage.Local;

public sealed partial class LocalDriver
{
    // Half-written files, which no name of ours begins like.
    private const string Unnamed = ".new";

    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    /// <summary>The directory.</summary>
    public string Root => _root;

    private string Files => Path.Join(_root, "meta");

    /// <inheritdoc/>
    public async Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        ct.ThrowIfCancellationRequested();
        var path = Path.Join(_root, name);
        var unnamed = Path.Join(Files, Unnamed, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        try
        {
            MakeNamed(Path.GetDirectoryName(path)!);
            MakeNamed(Path.GetDirectoryName(unnamed)!);
            if (File.Exists(path)) return false;
            await using (var file = new FileStream(unnamed, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16))
            {
                await content.CopyToAsync(file, ct);
                await file.FlushAsync(ct);
                Disk.SyncFile(file.SafeFileHandle, unnamed);
            }
            // A second name is given to one only, where a move looks first and then renames over what came meanwhile.
            if (Disk.TryLink(unnamed, path)) File.Delete(unnamed);
            else File.Move(unnamed, path, overwrite: false);
            Disk.SyncDirectory(Path.GetDirectoryName(path)!);
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            // Somebody else was faster, between the question and the move.
            File.Delete(unnamed);
            return false;
        }
        catch (Exception e)
        {
            if (Path.Exists(unnamed)) File.Delete(unnamed);
            if (LocalErrors.IsOfDisk(e)) throw LocalErrors.Fault(e, $"Storing {name}");
            throw;
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenFileAsync(string name, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        ct.ThrowIfCancellationRequested();
        return Task.FromResult<Stream?>(OpenRead(Path.Join(_root, name), 0, long.MaxValue));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListFilesAsync(CancellationToken ct) => LocalErrors.Listing(ListFiles(ct)).ToAsyncEnumerable();

    /// <inheritdoc/>
    public Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StoredName.ThrowIfInvalid(name);
        foreach (var name in names)
        {
            ct.ThrowIfCancellationRequested();
            Delete(Path.Join(_root, name));
        }
        // What a killed process left of a file that never got its name.
        var unnamed = new DirectoryInfo(Path.Join(Files, Unnamed));
        if (!unnamed.Exists) return Task.CompletedTask;
        var before = TimeProvider.System.GetUtcNow() - Abandoned;
        foreach (var file in LocalErrors.Listing(unnamed.EnumerateFiles()))
        {
            if (file.LastWriteTimeUtc < before.UtcDateTime) Delete(file.FullName);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListForeignAsync(CancellationToken ct) => LocalErrors.Listing(ListForeign(ct)).ToAsyncEnumerable();

    /// <summary>
    /// Gives another place's blob a second name here, where both are on one file system. It is durable after <see cref="SyncLinks"/>.
    /// </summary>
    /// <returns>False when that cannot be; then it has to be copied.</returns>
    public bool TryLink(LocalDriver from, string key)
    {
        StorageKey.ThrowIfInvalid(key);
        EnsureShard(key);
        return Disk.TryLink(from.BlobPath(key), BlobPath(key));
    }

    /// <summary>Makes all names durable that <see cref="TryLink"/> made.</summary>
    public void SyncLinks()
    {
        foreach (var shard in LocalErrors.Listing(Directory.EnumerateDirectories(_blobs))) Disk.SyncDirectory(shard);
    }

    private IEnumerable<StoredObject> ListFiles(CancellationToken ct)
    {
        if (!Directory.Exists(Files)) yield break;
        foreach (var file in Below(Files))
        {
            ct.ThrowIfCancellationRequested();
            if (StoredName.IsValid(file.Key)) yield return file;
        }
    }

    private IEnumerable<StoredObject> ListForeign(CancellationToken ct)
    {
        foreach (var file in Below(_root))
        {
            ct.ThrowIfCancellationRequested();
            var known = file.Key.StartsWith("blobs/", StringComparison.Ordinal) ? StorageKey.IsValid(file.Key["blobs/".Length..])
                : file.Key.StartsWith("uploads/", StringComparison.Ordinal) ? IsUnfinished(file.Key["uploads/".Length..])
                : file.Key.StartsWith(StoredName.Prefix, StringComparison.Ordinal) && (StoredName.IsValid(file.Key) || file.Key.StartsWith($"{StoredName.Prefix}{Unnamed}/", StringComparison.Ordinal));
            if (!known) yield return file;
        }
    }

    private static bool IsUnfinished(string name) =>
        Path.GetFileNameWithoutExtension(name) is { Length: StorageKey.Length - 1 } key && StorageKey.IsValid(key.Insert(2, "/"));

    // All files below a directory, links not followed, by their names from the root on.
    private FileSystemEnumerable<StoredObject> Below(string directory) => new(directory,
        (ref FileSystemEntry file) => new StoredObject(Path.GetRelativePath(_root, file.ToFullPath()), file.Length, file.LastWriteTimeUtc),
        new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
    {
        ShouldIncludePredicate = static (ref FileSystemEntry file) => !file.IsDirectory,
        ShouldRecursePredicate = static (ref FileSystemEntry file) => (file.Attributes & FileAttributes.ReparsePoint) == 0,
    };

    // The directories down to it, each durable in the one above.
    private void MakeNamed(string directory)
    {
        if (Directory.Exists(directory)) return;
        var above = Path.GetDirectoryName(directory)!;
        if (directory != Files) MakeNamed(above);
        MakeDirectory(directory);
        Disk.SyncDirectory(above);
    }
}
