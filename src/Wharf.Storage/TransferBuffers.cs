using System.Buffers;

namespace Wharf.Storage;

/// <summary>The memory of transfers to object stores, in pieces of one size. Few are kept, where the shared pool would keep what the largest crowd once had.</summary>
public static class TransferBuffers
{
    /// <summary>Bytes of a piece.</summary>
    public const int PieceSize = 1 << 20;

    private const int MostKept = 64;

    private static ArrayPool<byte> s_pool = NewPool();

    /// <summary>Lets go of the pieces that nobody uses.</summary>
    public static void ReleaseUnused() => Volatile.Write(ref s_pool, NewPool());

    internal static byte[] Rent() => s_pool.Rent(PieceSize);

    internal static void Return(byte[] piece) => s_pool.Return(piece);

    private static ArrayPool<byte> NewPool() => ArrayPool<byte>.Create(PieceSize, MostKept);
}
