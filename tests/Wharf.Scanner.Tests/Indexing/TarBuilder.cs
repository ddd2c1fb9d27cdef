using System.Buffers;
using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>Writes tars, also such as no tool writes.</summary>
internal sealed class TarBuilder
{
    private readonly ArrayBufferWriter<byte> _tar = new();

    public static CancellationToken Ct => TestContext.Current.CancellationToken;

    public TarBuilder File(string path, string content) => File(path, Encoding.UTF8.GetBytes(content));

    public TarBuilder File(string path, byte[] content) => Header(path, '0', content.Length).Content(content);

    public TarBuilder Directory(string path) => Header(path + "/", '5', 0);

    public TarBuilder Link(string path, string target, char type = '2') => Header(path, type, 0, target);

    public TarBuilder Pax(params (string Key, string Value)[] records)
    {
        var text = string.Concat(records.Select(static r =>
        {
            var body = $" {r.Key}={r.Value}\n";
            var length = Encoding.UTF8.GetByteCount(body);
            var digits = $"{length}".Length;
            return $"{length + $"{length + digits}".Length}{body}";
        }));
        return Header("pax", 'x', Encoding.UTF8.GetByteCount(text)).Content(Encoding.UTF8.GetBytes(text));
    }

    /// <param name="size">What the header claims; the content is up to the caller.</param>
    public TarBuilder Header(string path, char type, long size, string target = "", string? sizeField = null)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > 100) return Header("././@LongLink", 'L', name.Length + 1).Content([.. name, 0]).Header(path[..50], type, size, target);
        var block = new byte[512];
        name.CopyTo(block, 0);
        Encoding.ASCII.GetBytes("0000755").CopyTo(block, 100);
        if (size <= 0x1_ffff_ffff)
            Encoding.ASCII.GetBytes(sizeField ?? Convert.ToString(size, 8).PadLeft(11, '0')).CopyTo(block, 124);
        else
            System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(128), size);
        if (size > 0x1_ffff_ffff) block[124] = 0x80;
        block[156] = (byte)type;
        Encoding.UTF8.GetBytes(target).CopyTo(block, 157);
        "ustar\u000000"u8.CopyTo(block.AsSpan(257));
        "        "u8.CopyTo(block.AsSpan(148));
        Encoding.ASCII.GetBytes(Convert.ToString(block.Sum(static b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(block, 148);
        _tar.Write(block);
        return this;
    }

    public TarBuilder Content(ReadOnlySpan<byte> content)
    {
        _tar.Write(content);
        _tar.Write(new byte[-content.Length & 511]);
        return this;
    }

    public TarBuilder End() => Content(new byte[1024]);

    public byte[] ToArray() => _tar.WrittenSpan.ToArray();

    public byte[] Gzip() => Gzip(ToArray());

    public Task<LayerIndex> IndexAsync(IndexLimits? limits = null) => IndexAsync(End().ToArray(), limits);

    public static Task<LayerIndex> IndexAsync(byte[] layer, IndexLimits? limits = null) =>
        LayerIndexer.IndexAsync(new MemoryStream(layer), limits ?? IndexLimits.Default, Ct);

    public static byte[] Gzip(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(content);
        return packed.ToArray();
    }
}
