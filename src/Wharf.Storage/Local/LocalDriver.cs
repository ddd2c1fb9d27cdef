using System.IO.Enumeration;
using Microsoft.Win32.SafeHandles;

namespace Wharf.Storage.Local;

/// <summary>
/// Blobs as files of one local directory: <c>blobs/ab/…</c>, and <c>uploads/…</c> for what is unfinished. One process owns the directory.
/// A blob appears by a rename within one file system, after its bytes are durable and before its name is.
/// </summary>
public sealed class LocalDriver : IBlobDriver
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly string _blobs;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LocalWriter> _writers = [];
    private readonly HashSet<string> _shards = [];

    /// <summary>Opens the directory, which is made when it is missing.</summary>
    /// <exception cref="StorageException">It cannot be made.</exception>
    public LocalDriver(string root) : this(root, new LocalDisk())
    {
    }

    internal LocalDriver(string root, LocalDisk disk)
    {
        Disk = disk;
        root = Path.GetFullPath(root);
        _blobs = Path.Join(root, "blobs");
        Uploads = Path.Join(root, "uploads");
        try
        {
            MakeDirectory(_blobs);
            MakeDirectory(Uploads);
            disk.SyncDirectory(root);
        }
        catch (IOException e)
        {
            throw LocalErrors.Fault(e, $"Opening {root}");
        }
    }

    internal LocalDisk Disk { get; }

    internal string Uploads { get; }

    /// <inheritdoc/>
    public Task<IBlobWriter> BeginAsync(string key, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var writer = new LocalWriter(this, key, OpenUnfinished(key, FileMode.CreateNew), 0);
            _writers[key] = writer;
            return Task.FromResult<IBlobWriter>(writer);
        }
    }

    /// <inheritdoc/>
    public Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        var claimed = LocalWriter.Claimed(state.Span);
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var previous)) previous.Supersede();
            if (claimed == 0 && File.Exists(BlobPath(key))) throw new UploadLostException("The upload was completed.");
            var file = OpenUnfinished(key, claimed == 0 ? FileMode.OpenOrCreate : FileMode.Open);
            try
            {
                var length = RandomAccess.GetLength(file);
                if (length < claimed) throw new UploadLostException($"An upload of {claimed} bytes has only {length} left.");
                RandomAccess.SetLength(file, claimed);
            }
            catch (Exception e)
            {
                file.Dispose();
                if (e is IOException error) throw LocalErrors.Fault(error, "Resuming an upload");
                throw;
            }
            var writer = new LocalWriter(this, key, file, claimed);
            _writers[key] = writer;
            return Task.FromResult<IBlobWriter>(writer);
        }
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenUnfinishedAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        var claimed = LocalWriter.Claimed(state.Span);
        ct.ThrowIfCancellationRequested();
        var stream = OpenRead(UnfinishedPath(key), 0, claimed);
        if (stream is null || stream.Length == claimed) return Task.FromResult<Stream?>(stream);
        stream.Dispose();
        return Task.FromResult<Stream?>(null);
    }

    /// <inheritdoc/>
    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var writer)) writer.Supersede();
            Delete(UnfinishedPath(key));
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ct.ThrowIfCancellationRequested();
        return Task.FromResult<Stream?>(OpenRead(BlobPath(key), offset, length));
    }

    /// <inheritdoc/>
    public Task<long?> StatAsync(string key, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ct.ThrowIfCancellationRequested();
        var file = new FileInfo(BlobPath(key));
        return Task.FromResult<long?>(file.Exists ? file.Length : null);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        foreach (var key in keys) StorageKey.ThrowIfInvalid(key);
        foreach (var key in keys)
        {
            ct.ThrowIfCancellationRequested();
            Delete(BlobPath(key));
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        return Task.FromResult<Uri?>(null);
    }

    /// <inheritdoc/>
    public async Task CopyAsync(string from, string to, CancellationToken ct)
    {
        const int BufferSize = 1 << 20;
        await using var source = await OpenAsync(from, 0, long.MaxValue, ct) ?? throw new StorageException($"There is no blob {from}.");
        await using var target = await BeginAsync(to, ct);
        var buffer = new byte[(int)Math.Min(BufferSize, Math.Max(1, source.Length))];
        int n;
        while ((n = await source.ReadAsync(buffer, ct)) > 0) await target.WriteAsync(buffer.AsMemory(0, n), ct);
        await target.CompleteAsync(ct);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct) => List(prefix ?? "", ct).ToAsyncEnumerable();

    internal string BlobPath(string key) => Path.Join(_blobs, key);

    internal string UnfinishedPath(string key) => string.Concat(Uploads, "/", key.AsSpan(0, 2), key.AsSpan(3));

    /// <summary>Makes the directory of a key and its name durable, once in the life of the process.</summary>
    internal void EnsureShard(string key)
    {
        var shard = key[..2];
        lock (_gate)
        {
            if (_shards.Contains(shard)) return;
        }
        MakeDirectory(Path.Join(_blobs, shard));
        Disk.SyncDirectory(_blobs);
        lock (_gate) _shards.Add(shard);
    }

    internal void Publish(string key)
    {
        if (File.Exists(BlobPath(key))) throw new StorageException($"There already is a blob {key}.");
        try
        {
            File.Move(UnfinishedPath(key), BlobPath(key), overwrite: true);
        }
        catch (IOException e)
        {
            throw LocalErrors.Fault(e, "Completing an upload");
        }
    }

    internal void SyncShard(string key) => Disk.SyncDirectory(Path.Join(_blobs, key.AsSpan(0, 2)));

    internal void Forget(string key, LocalWriter writer)
    {
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var current) && ReferenceEquals(current, writer)) _writers.Remove(key);
        }
    }

    internal static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing there is fine.
        }
        catch (IOException e)
        {
            throw LocalErrors.Fault(e, "Deleting a blob");
        }
    }

    private static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows()) throw new PlatformNotSupportedException("The local driver needs a POSIX file system.");
        Directory.CreateDirectory(path, OwnerOnly);
    }

    private static LocalReadStream? OpenRead(string path, long offset, long length)
    {
        try
        {
            // FileShare.ReadWrite saves the flock that every other share mode takes.
            var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var size = RandomAccess.GetLength(file);
            return new LocalReadStream(file, offset, Math.Clamp(size - offset, 0, length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IOException e)
        {
            throw LocalErrors.Fault(e, "Opening a blob");
        }
    }

    private SafeFileHandle OpenUnfinished(string key, FileMode mode)
    {
        try
        {
            return File.OpenHandle(UnfinishedPath(key), mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException e)
        {
            throw new UploadLostException("The upload is not there.", e);
        }
        catch (IOException e)
        {
            throw LocalErrors.Fault(e, "Opening an upload");
        }
    }

    private IEnumerable<StoredObject> List(string prefix, CancellationToken ct)
    {
        foreach (var directory in Directory.EnumerateDirectories(_blobs))
        {
            var shard = Path.GetFileName(directory) + "/";
            if (!shard.StartsWith(prefix, StringComparison.Ordinal) && !prefix.StartsWith(shard, StringComparison.Ordinal)) continue;
            var files = new FileSystemEnumerable<StoredObject>(directory, (ref FileSystemEntry file) =>
                new StoredObject(string.Concat(shard, file.FileName), file.Length, file.LastWriteTimeUtc));
            foreach (var file in files)
            {
                ct.ThrowIfCancellationRequested();
                if (StorageKey.IsValid(file.Key) && file.Key.StartsWith(prefix, StringComparison.Ordinal)) yield return file;
            }
        }
    }
}
