using System.Buffers.Binary;
using System.IO.Compression;

namespace Wharf.Scanner.Indexing.Java;

/// <summary>
/// A zip in memory, read by its directory at the end, also behind a shell script as executable jars have it. System.IO.Compression allocates an object for each
/// entry and does not read those (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
/// </summary>
internal sealed class ZipFile
{
    private const int EndSize = 22;
    private const int LocatorSize = 20;
    private const int EntrySize = 46;
    private const int LocalSize = 30;
    private const int MaxComment = 65535;
    private const int Stored = 0;
    private const int Deflated = 8;
    private const long MaxDeflateRatio = 1032;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly long _directory;
    private readonly long _count;
    private readonly long _shift;

    /// <exception cref="InvalidDataException">It is no zip.</exception>
    public ZipFile(ReadOnlyMemory<byte> file)
    {
        _file = file;
        var bytes = file.Span;
        var tail = Math.Max(0, bytes.Length - EndSize - MaxComment);
        var end = tail + bytes[tail..].LastIndexOf("PK\x05\x06"u8);
        if (end < tail || end + EndSize > bytes.Length) throw new InvalidDataException("It is no zip archive.");
        (_count, var size, _directory) = (UInt16(end + 10), UInt32(end + 12), UInt32(end + 16));
        if (end >= LocatorSize && bytes[(end - LocatorSize)..].StartsWith("PK\x06\x07"u8)) (_count, size, _directory, end) = Zip64(end - LocatorSize);
        _shift = end - size - _directory;
        if (_shift < 0 || size < 0 || _directory < 0) throw Damaged();
    }

    /// <exception cref="InvalidDataException">The directory is damaged, or has more than so many entries.</exception>
    public IEnumerable<ZipEntry> Entries(int max)
    {
        if (_count > max) throw new InvalidDataException($"The archive has more than {max} entries.");
        var at = _directory + _shift;
        for (var i = 0L; i < _count; i++)
        {
            if (at + EntrySize > _file.Length || !_file.Span[(int)at..].StartsWith("PK\x01\x02"u8)) throw Damaged();
            var (nameLength, extraLength, commentLength) = (UInt16(at + 28), UInt16(at + 30), UInt16(at + 32));
            if (at + EntrySize + nameLength + extraLength > _file.Length) throw Damaged();
            var entry = new ZipEntry(_file.Slice((int)at + EntrySize, nameLength), UInt16(at + 10), UInt32(at + 20), UInt32(at + 24), UInt32(at + 42));
            yield return Large(entry, _file.Span.Slice((int)at + EntrySize + nameLength, extraLength));
            at += EntrySize + nameLength + extraLength + commentLength;
        }
    }

    /// <summary>The content of an entry; a stored one is a part of the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, encrypted, or not as long as the directory says.</exception>
    public ReadOnlyMemory<byte> Read(ZipEntry entry)
    {
        var local = entry.Offset + _shift;
        if (local < 0 || local + LocalSize > _file.Length || !_file.Span[(int)local..].StartsWith("PK\x03\x04"u8)) throw Damaged();
        var start = local + LocalSize + UInt16(local + 26) + UInt16(local + 28);
        if (entry.Packed < 0 || entry.Size < 0 || entry.Packed > _file.Length - start || (UInt16(local + 6) & 1) != 0) throw Damaged();
        var packed = _file.Slice((int)start, (int)entry.Packed);
        return entry.Method switch
        {
            Stored when entry.Size == entry.Packed => packed,
            Deflated when entry.Size <= entry.Packed * MaxDeflateRatio => Inflate(packed, (int)entry.Size),
            _ => throw Damaged(),
        };
    }

    private static byte[] Inflate(ReadOnlyMemory<byte> packed, int size)
    {
        var content = new byte[size];
        using var deflate = new DeflateStream(new MemoryView(packed), CompressionMode.Decompress);
        if (deflate.ReadAtLeast(content, size, throwOnEndOfStream: false) < size) throw Damaged();
        return content;
    }

    // APPNOTE 4.3.14 and 4.3.15
    private (long Count, long Size, long Directory, int End) Zip64(int locator)
    {
        // The record stands before its locator; its offset is wrong when something was put before the archive.
        const int RecordSize = 56;
        var record = locator - RecordSize;
        if (record < 0 || !_file.Span[record..].StartsWith("PK\x06\x06"u8)) throw Damaged();
        return (Int64(record + 32), Int64(record + 40), Int64(record + 48), record);
    }

    // APPNOTE 4.5.3: numbers that do not fit are in a field of their own, in this order.
    private static ZipEntry Large(ZipEntry entry, ReadOnlySpan<byte> extra)
    {
        if (entry.Size != uint.MaxValue && entry.Packed != uint.MaxValue && entry.Offset != uint.MaxValue) return entry;
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra), length = BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]);
            extra = extra[4..];
            if (length > extra.Length) break;
            if (id == 1)
            {
                var numbers = extra[..length];
                return entry with { Size = Take(entry.Size, ref numbers), Packed = Take(entry.Packed, ref numbers), Offset = Take(entry.Offset, ref numbers) };
            }
            extra = extra[length..];
        }
        return entry;
    }

    private static long Take(long value, ref ReadOnlySpan<byte> numbers)
    {
        if (value != uint.MaxValue || numbers.Length < 8) return value;
        value = BinaryPrimitives.ReadInt64LittleEndian(numbers);
        numbers = numbers[8..];
        return value;
    }

    private int UInt16(long at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.Span[(int)at..]);

    private long UInt32(long at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.Span[(int)at..]);

    private long Int64(long at) => BinaryPrimitives.ReadInt64LittleEndian(_file.Span[(int)at..]);

    private static InvalidDataException Damaged() => new("The archive is damaged or encrypted.");
}
