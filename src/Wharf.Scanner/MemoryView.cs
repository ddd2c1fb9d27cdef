namespace Wharf.Scanner;

/// <summary>Reads memory from front to back, without a copy of it.</summary>
internal sealed class MemoryView(ReadOnlyMemory<byte> memory) : ForwardStream
{
    private ReadOnlyMemory<byte> _left = memory;

    public override int Read(Span<byte> buffer)
    {
        var read = Math.Min(buffer.Length, _left.Length);
        _left.Span[..read].CopyTo(buffer);
        _left = _left[read..];
        return read;
    }
}
