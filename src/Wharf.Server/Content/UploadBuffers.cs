using System.Buffers;

namespace Wharf.Server.Content;

/// <summary>
/// Memory for content on its way, bounded: only so many large buffers exist, and whoever comes when all are out works with a small
/// one, which costs speed and never a wait.
/// </summary>
internal sealed class UploadBuffers
{
    private const int LargeSize = 1 << 20;
    private const int SmallSize = 64 << 10;
    private const int MaxLarge = 32;

    private readonly ArrayPool<byte> _large = ArrayPool<byte>.Create(LargeSize, MaxLarge);
    private int _largeOut;

    /// <summary>Use all of it; its length tells which one it is.</summary>
    public byte[] Rent(bool large)
    {
        if (!large)
            return ArrayPool<byte>.Shared.Rent(SmallSize);
        if (Interlocked.Increment(ref _largeOut) <= MaxLarge)
            return _large.Rent(LargeSize);
        Interlocked.Decrement(ref _largeOut);
        return ArrayPool<byte>.Shared.Rent(SmallSize);
    }

    public static bool IsLarge(byte[] buffer) => buffer.Length == LargeSize;

    public void Return(byte[] buffer)
    {
        if (!IsLarge(buffer))
        {
            ArrayPool<byte>.Shared.Return(buffer);
            return;
        }
        _large.Return(buffer);
        Interlocked.Decrement(ref _largeOut);
    }
}
