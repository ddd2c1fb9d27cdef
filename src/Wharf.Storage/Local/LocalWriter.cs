using Microsoft.Win32.SafeHandles;

namespace Wharf.Storage.Local;

/// <summary>
/// Writes one file in the uploads directory. Another request may resume the same upload while this one still holds the file (a client that gave up on a stalled
/// connection): from then on this writer must not touch the file, so each step that does runs under the gate and looks first.
/// </summary>
internal sealed class LocalWriter : IBlobWriter
{
    private const long WritebackEvery = 8 << 20;
    private readonly LocalDriver _driver;
    private readonly string _key;
    private readonly string _path;
    private readonly bool _resumed;
    private readonly bool _moved;
    private readonly SafeFileHandle _file;
    private readonly Lock _gate = new();
    private State _state;
    private long _begun;
    private bool _nameIsDurable;

    public LocalWriter(LocalDriver driver, string key, string path, SafeFileHandle file, long length, bool moved)
    {
        _driver = driver;
        _key = key;
        _path = path;
        _resumed = length > 0;
        _moved = moved;
        _file = file;
        Length = length;
        _begun = length;
        // The name may be new even so: a copy of another process's file.
        _nameIsDurable = false;
    }

    private enum State
    {
        Open,
        Done,
        Superseded,
        Lost,
    }

    public long Length { get; private set; }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return ValueTask.FromCanceled(ct);
        lock (_gate)
        {
            ThrowUnlessOpen();
            try
            {
                RandomAccess.Write(_file, bytes.Span, Length);
            }
            catch (Exception e) when (LocalErrors.IsOfDisk(e))
            {
                throw LocalErrors.Fault(e, "Writing an upload");
            }
            Length += bytes.Length;
            if (Length - _begun < WritebackEvery) return ValueTask.CompletedTask;
            _driver.Disk.BeginWriteback(_file, _begun, Length - _begun);
            _begun = Length;
        }
        return ValueTask.CompletedTask;
    }

    public Task<byte[]> CheckpointAsync(CancellationToken ct) => OnSyncThread(() =>
    {
        long length;
        lock (_gate)
        {
            ThrowUnlessOpen();
            length = Length;
        }
        OrLose(() =>
        {
            _driver.Disk.SyncData(_file, _path);
            if (!_nameIsDurable) _driver.Disk.SyncDirectory(_driver.Uploads);
        });
        _nameIsDurable = true;
        return _driver.Checkpoint(length, _moved);
    }, ct);

    public Task<StoredBlob> CompleteAsync(CancellationToken ct) => OnSyncThread(() =>
    {
        lock (_gate) ThrowUnlessOpen();
        OrLose(() =>
        {
            _driver.Disk.SyncFile(_file, _path);
            _driver.EnsureShard(_key);
        });
        lock (_gate)
        {
            ThrowUnlessOpen();
            _driver.Publish(_key, _path);
            _state = State.Done;
        }
        OrLose(() => _driver.SyncShard(_key));
        // Copies that other processes worked on before.
        if (_moved) _driver.DeleteUnfinished(_key);
        return new StoredBlob(_key, Length);
    }, ct);

    public Task AbortAsync(CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        lock (_gate)
        {
            // What is lost has nothing left to remove, and what another writer resumed is that one's.
            if (_state is State.Lost or State.Superseded) return Task.CompletedTask;
            ThrowUnlessOpen();
            _state = State.Done;
            if (_moved) _driver.DeleteUnfinished(_key);
            else LocalDriver.Delete(_path);
        }
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            // What no checkpoint claims is of no use to anyone.
            if (_state == State.Open && !_nameIsDurable && !_resumed) LocalDriver.Delete(_path);
            if (_state == State.Open) _state = State.Done;
        }
        _driver.Forget(_key, this);
        _file.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Ends this writer's right to touch the file. A write that is under way finishes first.</summary>
    internal void Supersede()
    {
        lock (_gate)
        {
            if (_state == State.Open) _state = State.Superseded;
        }
    }

    // After a failed fsync the kernel may have dropped the bytes and calls the next one a success: what was written is lost, and trying again would hide it.
    private void OrLose(Action sync)
    {
        try
        {
            sync();
        }
        catch (Exception e) when (LocalErrors.IsOfDisk(e))
        {
            lock (_gate)
            {
                var before = _state;
                if (before != State.Superseded) _state = State.Lost;
                if (before == State.Done) LocalDriver.Delete(_driver.BlobPath(_key));
                else if (before == State.Open) LocalDriver.Delete(_path);
            }
            if (LocalErrors.IsFull(e)) throw LocalErrors.Fault(e, "Keeping an upload");
            throw new UploadLostException($"The disk failed to keep an upload, which is lost: {e.Message}", e);
        }
    }

    private void ThrowUnlessOpen()
    {
        switch (_state)
        {
            case State.Done: throw new InvalidOperationException("The upload has ended.");
            case State.Superseded: throw new UploadLostException("The upload is continued by another request.");
            case State.Lost: throw new UploadLostException("The upload is lost: the disk failed to keep it.");
            default: return;
        }
    }

    // fsync can take seconds, and it must not hold the threads that answer requests. Starting a thread costs a tenth of a small upload.
    private static Task<T> OnSyncThread<T>(Func<T> work, CancellationToken ct) => SyncThreads.RunAsync(work, ct);
}
