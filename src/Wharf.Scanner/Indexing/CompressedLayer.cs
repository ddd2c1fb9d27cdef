namespace Wharf.Scanner.Indexing;

/// <summary>
/// A layer as it came: counts what is read, and lets the first bytes be seen beforehand. Reads ahead in greater pieces than GZipStream, which asks for 8 KiB at a
/// time and would wait for each.
/// </summary>
internal sealed class CompressedLayer(Stream layer) : ForwardStream
{
    private readonly byte[] _buffer = new byte[128 << 10];
    private int _start;
    private int _end;

    /// <summary>Bytes handed out so far.</summary>
    public long Count { get; private set; }

    /// <summary>The first bytes, at least 8 unless there are fewer. To be called once, before anything is read.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> PeekAsync(CancellationToken ct)
    {
        _end = await layer.ReadAtLeastAsync(_buffer, 8, throwOnEndOfStream: false, ct);
        return _buffer.AsMemory(0, _end);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_start == _end) (_start, _end) = (0, await layer.ReadAsync(_buffer, cancellationToken));
        return Take(buffer.Span);
    }

    public override int Read(Span<byte> buffer)
    {
        if (_start == _end) (_start, _end) = (0, layer.Read(_buffer));
        return Take(buffer);
    }

    private int Take(Span<byte> buffer)
    {
        var read = Math.Min(buffer.Length, _end - _start);
        _buffer.AsSpan(_start, read).CopyTo(buffer);
        _start += read;
        Count += read;
        return read;
    }
}
