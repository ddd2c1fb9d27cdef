namespace Wharf.Storage.Parts;

/// <summary>
/// The bytes of an object that never changes, read over a connection that may break: it then goes on where it was. Reading throws <see cref="StorageException"/> when that
/// does not help either, or the object turns out to be shorter.
/// </summary>
/// <param name="length">How many bytes there are to read.</param>
/// <param name="reopen">The bytes from an offset on, counted from the first of this stream; null when the object is gone.</param>
/// <param name="stall">How long the store may say nothing.</param>
internal sealed class ResumingStream(Stream first, long length, Func<long, CancellationToken, Task<Stream?>> reopen, TimeSpan stall) : Stream
{
    /// <summary>How often in a row it is opened again without one more byte.</summary>
    private const int MostAttempts = 5;

    private Stream _inner = first;
    private long _position;
    private int _attempts;
    private CancellationTokenSource? _late;
    private CancellationToken _callers;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty || _position >= length) return 0;
        buffer = buffer[..(int)Math.Min(buffer.Length, length - _position)];
        while (true)
        {
            Exception? broken = null;
            try
            {
                var n = await ReadInTimeAsync(buffer, cancellationToken);
                if (n > 0)
                {
                    _position += n;
                    _attempts = 0;
                    return n;
                }
            }
            catch (Exception e) when (IsBroken(e) && !cancellationToken.IsCancellationRequested)
            {
                broken = e;
            }
            if (++_attempts > MostAttempts)
                throw new StorageException(broken is null ? "The store has fewer bytes of an object than it said." : $"Reading an object broke off and could not go on: {broken.Message}", broken);
            await _inner.DisposeAsync();
            _inner = await reopen(_position, cancellationToken) ?? throw new StorageException("An object went while it was read.");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Objects are read asynchronously.");

    public override async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync();
        _late?.Dispose();
        await base.DisposeAsync();
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) _inner.Dispose();
        base.Dispose(disposing);
    }

    // A store that says nothing for so long is as good as gone.
    private async ValueTask<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken ct)
    {
        if (_late is null || _late.IsCancellationRequested || ct != _callers)
        {
            _late?.Dispose();
            (_late, _callers) = (CancellationTokenSource.CreateLinkedTokenSource(ct), ct);
        }
        _late.CancelAfter(stall);
        try
        {
            return await _inner.ReadAsync(buffer, _late.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new IOException($"The store said nothing for {stall.TotalSeconds} s.");
        }
        finally
        {
            _late.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    private static bool IsBroken(Exception e) => e is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException;
}
