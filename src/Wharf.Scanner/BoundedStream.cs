namespace Wharf.Scanner;

/// <summary>Reads at most so many bytes of another stream, which it owns; more is an <see cref="InvalidDataException"/>.</summary>
internal sealed class BoundedStream(Stream inner, long limit) : ForwardStream
{
    private long _left = limit;

    public override int Read(Span<byte> buffer) => Counted(inner.Read(buffer));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => Counted(await inner.ReadAsync(buffer, cancellationToken));

    private int Counted(int n)
    {
        _left -= n;
        return _left >= 0 ? n : throw new InvalidDataException("There are more bytes than are read of such a file.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
