namespace Wharf.Storage.Parts;

/// <summary>Bytes on their way to an object store, in pieces of <see cref="TransferBuffers"/>; it holds as many as there are bytes for. A <see cref="Stream"/> over it can be read again from its start, for another try.</summary>
internal sealed class PartBuffer : IDisposable
{
    private const int PieceSize = TransferBuffers.PieceSize;

    private readonly List<byte[]> _pieces = [];
    private bool _disposed;

    /// <summary>The bytes so far.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        while (!bytes.IsEmpty)
        {
            var at = (int)(Length % PieceSize);
            if (at == 0) _pieces.Add(TransferBuffers.Rent());
            var n = Math.Min(bytes.Length, PieceSize - at);
            bytes[..n].CopyTo(_pieces[^1].AsSpan(at));
            Length += n;
            bytes = bytes[n..];
        }
    }

    /// <summary>The bytes from an offset on, for as long as this is not disposed.</summary>
    public Stream Read(long offset = 0) => new Reader(this, offset);

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var piece in _pieces) TransferBuffers.Return(piece);
        _pieces.Clear();
    }

    private sealed class Reader(PartBuffer buffer, long offset) : Stream
    {
        private long _position;

        public override bool CanRead => true;

        public override bool CanSeek => true;

        public override bool CanWrite => false;

        public override long Length => buffer.Length - offset;

        public override long Position
        {
            get => _position;
            set
            {
                ArgumentOutOfRangeException.ThrowIfNegative(value);
                _position = value;
            }
        }

        public override int Read(Span<byte> into)
        {
            ObjectDisposedException.ThrowIf(buffer._disposed, buffer);
            var at = offset + _position;
            var n = (int)Math.Min(into.Length, Math.Min(buffer.Length - at, PieceSize - at % PieceSize));
            if (n <= 0) return 0;
            buffer._pieces[(int)(at / PieceSize)].AsSpan((int)(at % PieceSize), n).CopyTo(into);
            _position += n;
            return n;
        }

        public override int Read(byte[] array, int index, int count) => Read(array.AsSpan(index, count));

        public override ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancellationToken = default) =>
            cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<int>(cancellationToken) : new(Read(into.Span));

        public override Task<int> ReadAsync(byte[] array, int index, int count, CancellationToken cancellationToken) => ReadAsync(array.AsMemory(index, count), cancellationToken).AsTask();

        public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
        {
            // Piece by piece, without a buffer in between.
            for (long at; (at = offset + _position) < buffer.Length;)
            {
                var n = (int)Math.Min(buffer.Length - at, PieceSize - at % PieceSize);
                await destination.WriteAsync(buffer._pieces[(int)(at / PieceSize)].AsMemory((int)(at % PieceSize), n), cancellationToken);
                _position += n;
            }
        }

        public override long Seek(long to, SeekOrigin origin) => Position = to + origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => _position,
            _ => Length,
        };

        public override void Flush()
        {
        }

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] array, int index, int count) => throw new NotSupportedException();
    }
}
