using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Wharf.Storage.Local;

/// <summary>
/// Blobs as files of one local directory: <c>blobs/ab/…</c>, <c>uploads/…</c> for what is unfinished, and <c>meta/…</c> for files by name. Processes of one machine may
/// share it: an upload that goes on in another process goes on in a copy, so that a request that still hangs in the former one cannot touch it.
/// A blob appears by a rename within one file system, after its bytes are durable and before its name is.
/// </summary>
public sealed partial class LocalDriver : IBlobDriver
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private const byte StateVersion = 2;
    private const int StateLength = 1 + sizeof(long) + sizeof(long) + 1;

    // Tells this process's files from another's.
    private readonly long _instance = BinaryPrimitives.ReadInt64BigEndian(RandomNumberGenerator.GetBytes(sizeof(long)));
    private readonly string _root;
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
        _root = root = Path.GetFullPath(root);
        _blobs = Path.Join(root, "blobs");
        Uploads = Path.Join(root, "uploads");
        try
        {
            MakeDirectory(_blobs);
            MakeDirectory(Uploads);
            disk.SyncDirectory(root);
        }
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
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
            var path = UnfinishedPath(key, _instance);
            var writer = new LocalWriter(this, key, path, OpenUnfinished(path, FileMode.CreateNew), 0, moved: false);
            _writers[key] = writer;
            return Task.FromResult<IBlobWriter>(writer);
        }
    }

    /// <inheritdoc/>
    public Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        var (claimed, owner, moved) = Read(state.Span);
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var previous)) previous.Supersede();
            if (claimed == 0 && File.Exists(BlobPath(key))) throw new UploadLostException("The upload was completed.");
            var path = UnfinishedPath(key, _instance);
            if (claimed > 0 && owner != _instance)
            {
                TakeOver(UnfinishedPath(key, owner), path);
                moved = true;
            }
            var file = OpenUnfinished(path, claimed == 0 ? FileMode.OpenOrCreate : FileMode.Open);
            try
            {
                var length = RandomAccess.GetLength(file);
                if (length < claimed) throw new UploadLostException($"An upload of {claimed} bytes has only {length} left.");
                RandomAccess.SetLength(file, claimed);
            }
            catch (Exception e)
            {
                file.Dispose();
                if (LocalErrors.IsOfDisk(e)) throw LocalErrors.Fault(e, "Resuming an upload");
                throw;
            }
            var writer = new LocalWriter(this, key, path, file, claimed, moved);
            _writers[key] = writer;
            return Task.FromResult<IBlobWriter>(writer);
        }
    }

    /// <inheritdoc/>
    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var writer)) writer.Supersede();
            DeleteUnfinished(key);
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        var path = Readable(key);
        ct.ThrowIfCancellationRequested();
        return Task.FromResult<Stream?>(OpenRead(path, offset, length));
    }

    /// <inheritdoc/>
    public Task<long?> StatAsync(string key, CancellationToken ct)
    {
        var file = new FileInfo(Readable(key));
        ct.ThrowIfCancellationRequested();
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
    public Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StorageKey.ThrowIfNotForeign(name);
        foreach (var name in names)
        {
            ct.ThrowIfCancellationRequested();
            Delete(Readable(name));
        }
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        return Task.FromResult<Uri?>(null);
    }

    /// <inheritdoc/>
    /// <remarks>A second name for the same file, where both are on one file system.</remarks>
    public Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(from);
        StorageKey.ThrowIfInvalid(to);
        ct.ThrowIfCancellationRequested();
        if (source is not LocalDriver other) return Task.FromResult(false);
        return SyncThreads.RunAsync(() =>
        {
            if (!File.Exists(other.Readable(from))) throw new StorageException($"There is no blob {from}.");
            EnsureShard(to);
            if (!Disk.TryLink(other.Readable(from), BlobPath(to))) return false;
            SyncShard(to);
            return true;
        }, ct);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct) =>
        LocalErrors.Listing(List(prefix ?? "", ct)).ToAsyncEnumerable();

    /// <inheritdoc/>
    public IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync(CancellationToken ct) => LocalErrors.Listing(ListUnfinished(ct)).ToAsyncEnumerable();

    internal string BlobPath(string key) => Path.Join(_blobs, key);

    /// <summary>Where a blob is, or what another program wrote; never behind a link that leads elsewhere.</summary>
    private string Readable(string key)
    {
        StorageKey.ThrowIfUnreadable(key);
        var isOwn = StorageKey.IsValid(key);
        var path = isOwn ? BlobPath(key) : Path.Join(_root, key);
        // Directories of our own may be links, to another disk.
        for (var part = path; part.Length > _root.Length && (!isOwn || part == path); part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is not null) throw new StorageException($"{key} is a symbolic link, or lies behind one; links are not followed.");
        }
        return path;
    }

    /// <summary>The state that resumes after this many bytes of an upload in this process's file.</summary>
    /// <param name="moved">Whether other processes have files of the same upload.</param>
    internal byte[] Checkpoint(long length, bool moved)
    {
        var state = new byte[StateLength];
        state[0] = StateVersion;
        BinaryPrimitives.WriteInt64BigEndian(state.AsSpan(1), length);
        BinaryPrimitives.WriteInt64BigEndian(state.AsSpan(1 + sizeof(long)), _instance);
        state[^1] = moved ? (byte)1 : (byte)0;
        return state;
    }

    /// <summary>Removes an upload's files, those of other processes too.</summary>
    internal void DeleteUnfinished(string key)
    {
        foreach (var file in LocalErrors.Listing(Directory.EnumerateFiles(Uploads, $"{key[..2]}{key[3..]}.*"))) Delete(file);
    }

    // The length that a state claims, and whose file has it; an empty state is before the first byte.
    private (long Length, long Owner, bool Moved) Read(ReadOnlySpan<byte> state)
    {
        if (state.IsEmpty) return (0, _instance, false);
        if (state.Length == StateLength && state[0] == StateVersion && BinaryPrimitives.ReadInt64BigEndian(state[1..]) is >= 0 and var length)
            return (length, BinaryPrimitives.ReadInt64BigEndian(state[(1 + sizeof(long))..]), state[^1] == 1);
        throw new ArgumentException("Not the state of a local upload.", nameof(state));
    }

    private string UnfinishedPath(string key, long owner) => $"{Uploads}/{key.AsSpan(0, 2)}{key.AsSpan(3)}.{owner:x16}";

    private static void TakeOver(string theirs, string ours)
    {
        try
        {
            // File.Copy would want the other process to have closed it.
            using var from = new FileStream(theirs, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
            using var to = new FileStream(ours, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, 0);
            from.CopyTo(to, 1 << 20);
        }
        catch (FileNotFoundException e)
        {
            throw new UploadLostException("The upload is not there.", e);
        }
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
        {
            throw LocalErrors.Fault(e, "Resuming an upload");
        }
    }

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

    internal void Publish(string key, string unfinished)
    {
        if (File.Exists(BlobPath(key))) throw new StorageException($"There already is a blob {key}.");
        try
        {
            File.Move(unfinished, BlobPath(key), overwrite: true);
        }
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
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
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
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
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
        {
            throw LocalErrors.Fault(e, "Opening a blob");
        }
    }

    private static SafeFileHandle OpenUnfinished(string path, FileMode mode)
    {
        try
        {
            return File.OpenHandle(path, mode, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException e)
        {
            throw new UploadLostException("The upload is not there.", e);
        }
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
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

    private IEnumerable<UnfinishedUpload> ListUnfinished(CancellationToken ct)
    {
        // An upload has its name without the slash, and the number of the process whose file it is.
        var files = new FileSystemEnumerable<UnfinishedUpload>(Uploads, static (ref FileSystemEntry file) =>
            new UnfinishedUpload(Path.GetFileNameWithoutExtension(file.FileName).ToString(), [], file.LastWriteTimeUtc));
        foreach (var file in files)
        {
            ct.ThrowIfCancellationRequested();
            if (file.Key.Length <= 2) continue;
            var key = file.Key.Insert(2, "/");
            lock (_gate)
            {
                if (!StorageKey.IsValid(key) || _writers.ContainsKey(key)) continue;
            }
            yield return file with { Key = key };
        }
    }
}
