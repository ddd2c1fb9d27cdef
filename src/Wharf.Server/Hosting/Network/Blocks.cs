using System.Buffers;
using System.Collections.Concurrent;
using Microsoft.AspNetCore.Connections;

namespace Wharf.Server.Hosting.Network;

/// <summary>
/// The buffers of Kestrel's connections. Its own are of 4 KiB, and a read of a socket fills one: a layer of 64 MiB costs 16,000 system
/// calls that way. An idle connection holds none, so that larger ones cost memory only where bytes flow.
/// </summary>
internal sealed class Blocks : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    private const int Size = 32 << 10;
    private const int MostIdle = 128;
    private readonly ConcurrentQueue<Block> _idle = new();
    private int _count;

    public override int MaxBufferSize => Size;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, Size);
        if (!_idle.TryDequeue(out var block))
            return new Block(this);
        Interlocked.Decrement(ref _count);
        return block;
    }

    /// <summary>Lets go of the blocks that nobody holds.</summary>
    public void Release()
    {
        while (_idle.TryDequeue(out _))
            Interlocked.Decrement(ref _count);
    }

    // One pool for the whole process, which ends with it.
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _count) > MostIdle)
        {
            Interlocked.Decrement(ref _count);
            return;
        }
        _idle.Enqueue(block);
    }

    private sealed class Block(Blocks pool) : IMemoryOwner<byte>
    {
        // Not in the pinned heap, which is never compacted: there one small thing behind the blocks of a load kept all of their memory.
        public Memory<byte> Memory { get; } = GC.AllocateUninitializedArray<byte>(Size);

        public void Dispose() => pool.Return(this);
    }
}
