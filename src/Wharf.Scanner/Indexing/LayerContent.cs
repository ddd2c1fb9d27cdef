using System.IO.Compression;
using System.Security.Cryptography;
using Wharf.Oci;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Wharf.Scanner.Indexing;

/// <summary>
/// The uncompressed bytes of a layer, once from front to back, hashed and counted as they come. The compression is told by the first bytes and never by a
/// media type, which the pusher writes.
/// </summary>
internal sealed class LayerContent : IAsyncDisposable
{
    private const int BufferSize = 256 << 10;
    private const int MaxWindowLog = 27; // 128 MiB, the greatest that zstd --ultra makes without --long

    private readonly CompressedLayer _compressed;
    private readonly Stream _plain;
    private readonly IndexBudget _budget;
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _start;
    private int _end;
    private bool _ended;

    private LayerContent(CompressedLayer compressed, Stream plain, IndexBudget budget) => (_compressed, _plain, _budget) = (compressed, plain, budget);

    /// <summary>Bytes that have come so far.</summary>
    public long Length { get; private set; }

    /// <summary>What <see cref="FillAsync"/> made ready and <see cref="Advance"/> has not passed.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    /// <summary>The stream stays the caller's to dispose.</summary>
    /// <exception cref="LayerException">The layer is compressed in a way that no runtime unpacks.</exception>
    public static async Task<LayerContent> OpenAsync(Stream layer, IndexBudget budget, CancellationToken ct)
    {
        var compressed = new CompressedLayer(layer);
        var head = await compressed.PeekAsync(ct);
        return new LayerContent(compressed, Decompress(compressed, head.Span), budget);
    }

    /// <summary>Makes at least <paramref name="count"/> bytes ready, or what is left of the layer when that is less.</summary>
    /// <param name="count">At most 256 KiB.</param>
    /// <returns>How many of them are ready.</returns>
    /// <exception cref="LayerException">The bytes cannot be unpacked, or a limit is met.</exception>
    public async ValueTask<int> FillAsync(int count, CancellationToken ct)
    {
        if (_end - _start < count && !_ended)
        {
            Buffered.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            while (_end < count && !_ended) await ReadAsync(ct);
        }
        return Math.Min(count, _end - _start);
    }

    public void Advance(int count) => _start += count;

    /// <summary>Passes over bytes; false when the layer ends before.</summary>
    /// <exception cref="LayerException">The bytes cannot be unpacked, or a limit is met.</exception>
    public async ValueTask<bool> SkipAsync(long count, CancellationToken ct)
    {
        while (count > _end - _start)
        {
            count -= _end - _start;
            _start = _end = 0;
            if (_ended) return false;
            await ReadAsync(ct);
        }
        _start += (int)count;
        return true;
    }

    /// <summary>Reads what is left.</summary>
    /// <returns>The SHA-256 of the whole.</returns>
    /// <exception cref="LayerException">The bytes cannot be unpacked, or a limit is met.</exception>
    public async Task<Digest> FinishAsync(CancellationToken ct)
    {
        await SkipAsync(long.MaxValue, ct);
        return new Digest(_sha.GetHashAndReset());
    }

    public async ValueTask DisposeAsync()
    {
        _sha.Dispose();
        await _plain.DisposeAsync();
    }

    private async ValueTask ReadAsync(CancellationToken ct)
    {
        int read;
        try
        {
            read = await _plain.ReadAsync(_buffer.AsMemory(_end), ct);
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException)
        {
            throw new LayerException("The layer's compression is damaged or needs too much memory.", e);
        }
        _ended = read == 0;
        _sha.AppendData(_buffer, _end, read);
        _end += read;
        Length += read;
        if (Length > _budget.Limits.Bytes) throw new LayerException($"The layer unpacks to more than {_budget.Limits.Bytes} bytes.");
        if (Length > _budget.Limits.RatioAfter && Length / _budget.Limits.Ratio > _compressed.Count)
            throw new LayerException($"The layer unpacks to more than {_budget.Limits.Ratio} times its size.");
        _budget.CheckTime();
    }

    private static Stream Decompress(CompressedLayer compressed, ReadOnlySpan<byte> head)
    {
        if (head is [0x1f, 0x8b, ..]) return new GZipStream(compressed, CompressionMode.Decompress);
        if (IsZstd(head))
        {
            var zstd = new DecompressionStream(compressed, leaveOpen: true);
            zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MaxWindowLog);
            return zstd;
        }
        if (head is [0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..]) throw Unsupported("xz");
        if (head.StartsWith("BZh"u8)) throw Unsupported("bzip2");
        return compressed;
    }

    // https://www.rfc-editor.org/rfc/rfc8878 3.1: a frame, or a frame to be skipped, in front of which some tools write
    private static bool IsZstd(ReadOnlySpan<byte> head) =>
        head is [0x28, 0xb5, 0x2f, 0xfd, ..] || head is [>= 0x50 and <= 0x5f, 0x2a, 0x4d, 0x18, ..];

    private static LayerException Unsupported(string name) => new($"The layer is compressed with {name}, which layers may not be.");
}
