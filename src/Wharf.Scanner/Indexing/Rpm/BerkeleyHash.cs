using System.Buffers.Binary;

namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>
/// Values of a hash database of Berkeley DB, in the order of pages: rpm's <c>Packages</c> keeps a header under each number. Each page is read at most once, so
/// that a file with loops ends (src/dbinc/db_page.h of Berkeley DB).
/// </summary>
internal sealed class BerkeleyHash
{
    private const uint HashMagic = 0x061561;
    private const int PageHead = 26;
    private const byte MetaPage = 8;
    private const byte UnsortedPage = 2;
    private const byte HashPage = 13;
    private const byte OverflowPage = 7;
    private const byte OnPage = 1;
    private const byte OffPage = 3;
    private const int MinHeader = 16; // shorter values are rpm's counter

    private readonly ReadOnlyMemory<byte> _file;
    private readonly bool _isBigEndian;
    private readonly int _pageSize;
    private readonly bool[] _seen;

    private BerkeleyHash(ReadOnlyMemory<byte> file)
    {
        _file = file;
        var meta = file.Span;
        if (meta.Length < 512 || meta[25] != MetaPage) throw NoDatabase();
        _isBigEndian = BinaryPrimitives.ReadUInt32BigEndian(meta[12..]) == HashMagic;
        if (UInt32(meta[12..]) != HashMagic) throw NoDatabase();
        var pageSize = UInt32(meta[20..]);
        if (pageSize is < 512 or > 65536 || !uint.IsPow2(pageSize) || meta[24] != 0) throw NoDatabase(); // 24: encrypted
        _pageSize = (int)pageSize;
        _seen = new bool[file.Length / _pageSize];
    }

    /// <exception cref="InvalidDataException">It is no such file, or it is damaged, maybe after some values.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Values(ReadOnlyMemory<byte> file)
    {
        var hash = new BerkeleyHash(file);
        for (var number = 1; number < hash._seen.Length; number++)
        {
            var page = hash.Page(number);
            if (page.Span[25] is not (UnsortedPage or HashPage)) continue;
            foreach (var value in hash.PageValues(page)) yield return value;
        }
    }

    // A key and its value by turns, which fill the page from its end: one ends where the one before it begins.
    private IEnumerable<ReadOnlyMemory<byte>> PageValues(ReadOnlyMemory<byte> page)
    {
        var items = UInt16(page.Span[20..]);
        if (PageHead + 2 * items > page.Length) throw Damaged();
        var end = page.Length;
        for (var i = 0; i < items; i++)
        {
            var start = UInt16(page.Span[(PageHead + 2 * i)..]);
            if (start < PageHead || start >= end) throw Damaged();
            if (i % 2 == 1 && Value(page, start, end) is { Length: >= MinHeader } value) yield return value;
            end = start;
        }
    }

    private ReadOnlyMemory<byte> Value(ReadOnlyMemory<byte> page, int start, int end) => page.Span[start] switch
    {
        OnPage => page[(start + 1)..end],
        OffPage when start + 12 <= page.Length => Overflow(UInt32(page.Span[(start + 4)..]), UInt32(page.Span[(start + 8)..])),
        _ => default, // duplicates, which rpm does not make
    };

    private byte[] Overflow(uint number, uint length)
    {
        if (length > _file.Length) throw Damaged();
        var value = new byte[length];
        for (var taken = 0; taken < value.Length;)
        {
            if (number >= _seen.Length || _seen[number]) throw Damaged();
            _seen[number] = true;
            var page = Page((int)number).Span;
            var used = UInt16(page[22..]);
            if (page[25] != OverflowPage || used == 0 || PageHead + used > page.Length || used > value.Length - taken) throw Damaged();
            page.Slice(PageHead, used).CopyTo(value.AsSpan(taken));
            taken += used;
            number = UInt32(page[16..]);
        }
        return value;
    }

    private ReadOnlyMemory<byte> Page(int number) => _file.Slice(number * _pageSize, _pageSize);

    private ushort UInt16(ReadOnlySpan<byte> bytes) => _isBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private uint UInt32(ReadOnlySpan<byte> bytes) => _isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static InvalidDataException NoDatabase() => new("It is no hash database of Berkeley DB.");

    private static InvalidDataException Damaged() => new("The Berkeley DB database is damaged.");
}
