using System.Buffers;
using System.Runtime.InteropServices;

namespace Wharf.Scanner.Indexing;

/// <summary>
/// Room for the bytes of one file at a time. It is not of the collected heap, where that of a large file would lie about beside that of the next, and it is not
/// cleared: what a size claims costs nothing until the bytes have come.
/// </summary>
internal sealed unsafe class FileBuffer : MemoryManager<byte>, IDisposable
{
    private const int Least = 64 << 10;
    private const int MostKept = 16 << 20;

    private static long s_inUse;

    private byte* _start;
    private int _length;

    /// <summary>Bytes of all of them in this process.</summary>
    public static long InUse => Interlocked.Read(ref s_inUse);

    /// <summary>Room for so many bytes, with what was there before if there is as much already. What was reserved before is not to be used any more.</summary>
    public Memory<byte> Reserve(int size)
    {
        if (size > _length || _length > Math.Max(size, MostKept))
        {
            Free();
            var length = Math.Max(size, Least);
            _start = (byte*)NativeMemory.Alloc((nuint)length);
            _length = length;
            Interlocked.Add(ref s_inUse, length);
        }
        return CreateMemory(0, size);
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException("Nothing outside of the indexer gets a file's bytes.");

    public override void Unpin()
    {
    }

    public void Dispose() => Free();

    protected override void Dispose(bool disposing) => Free();

    private void Free()
    {
        NativeMemory.Free(_start);
        Interlocked.Add(ref s_inUse, -_length);
        _start = null;
        _length = 0;
    }
}
