using System.Buffers.Binary;
using System.Text;

namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>
/// A header as rpm's databases keep it: the numbers of entries and of data bytes, the entries of 16 bytes (tag, type, offset, count; all big-endian), the data
/// (https://rpm-software-management.github.io/rpm/manual/format_header.html).
/// </summary>
internal readonly ref struct RpmHeader
{
    private const int EntrySize = 16;
    private const int MaxSize = 64 << 20; // of the greatest packages it is a few MiB
    private const int MaxItems = 500_000;

    private readonly ReadOnlySpan<byte> _entries;
    private readonly ReadOnlySpan<byte> _data;

    /// <exception cref="InvalidDataException">The numbers do not fit.</exception>
    public RpmHeader(ReadOnlySpan<byte> blob)
    {
        if (blob.Length is < 8 or > MaxSize) throw Damaged();
        var entries = BinaryPrimitives.ReadUInt32BigEndian(blob);
        var data = BinaryPrimitives.ReadUInt32BigEndian(blob[4..]);
        if (8 + (long)entries * EntrySize + data > blob.Length) throw Damaged();
        _entries = blob.Slice(8, (int)entries * EntrySize);
        _data = blob.Slice(8 + _entries.Length, (int)data);
    }

    /// <summary>A string, or the first of several.</summary>
    public string? Text(RpmTag tag) => Find(tag, out var data, out _) ? Encoding.UTF8.GetString(Take(ref data)) : null;

    public int? Number(RpmTag tag) => Find(tag, out var data, out var count) && count > 0 && data.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(data) : null;

    /// <summary>Empty when there are none, or more than half a million.</summary>
    public string[] Texts(RpmTag tag)
    {
        if (!Find(tag, out var data, out var count) || count > Math.Min(data.Length, MaxItems)) return [];
        var texts = new string[count];
        for (var i = 0; i < count; i++) texts[i] = Encoding.UTF8.GetString(Take(ref data));
        return texts;
    }

    /// <summary>Empty when there are none, or more than half a million.</summary>
    public int[] Numbers(RpmTag tag)
    {
        if (!Find(tag, out var data, out var count) || count > Math.Min(data.Length / 4, MaxItems)) return [];
        var numbers = new int[count];
        for (var i = 0; i < count; i++) numbers[i] = BinaryPrimitives.ReadInt32BigEndian(data[(4 * i)..]);
        return numbers;
    }

    private bool Find(RpmTag tag, out ReadOnlySpan<byte> data, out int count)
    {
        for (var at = 0; at < _entries.Length; at += EntrySize)
        {
            if (BinaryPrimitives.ReadInt32BigEndian(_entries[at..]) != (int)tag) continue;
            var offset = BinaryPrimitives.ReadInt32BigEndian(_entries[(at + 8)..]);
            count = BinaryPrimitives.ReadInt32BigEndian(_entries[(at + 12)..]);
            if (offset < 0 || offset > _data.Length || count < 0) throw Damaged();
            data = _data[offset..];
            return true;
        }
        data = default;
        count = 0;
        return false;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)0);
        if (end < 0) throw Damaged();
        var text = data[..end];
        data = data[(end + 1)..];
        return text;
    }

    private static InvalidDataException Damaged() => new("A header of the rpm database is damaged.");
}
