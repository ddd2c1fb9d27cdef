using System.Buffers.Binary;
using System.Text;

namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>
/// Reads a column of a table of an SQLite file, from its pages alone: nothing of the file is executed, and each page is read at most once, so that a file with
/// loops ends (https://www.sqlite.org/fileformat2.html).
/// </summary>
internal sealed class SqliteTable
{
    private const int HeaderSize = 100;
    private const byte Interior = 5;
    private const byte Leaf = 13;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly int _pageSize;
    private readonly int _usable;
    private readonly bool[] _seen;
    private long _left; // of payloads, which lie beside one another, so that together they are no longer than the file

    private SqliteTable(ReadOnlyMemory<byte> file)
    {
        var header = file.Span;
        if (header.Length < HeaderSize || !header.StartsWith("SQLite format 3\0"u8)) throw new InvalidDataException("It is no SQLite database.");
        _file = file;
        _left = file.Length;
        _pageSize = BinaryPrimitives.ReadUInt16BigEndian(header[16..]) is var size && size == 1 ? 65536 : size;
        _usable = _pageSize - header[20];
        if (_pageSize < 512 || !int.IsPow2(_pageSize) || _usable < 480) throw Damaged();
        _seen = new bool[file.Length / _pageSize + 1];
    }

    /// <summary>The blobs of a column of all rows of a table, in the order of row ids.</summary>
    /// <exception cref="InvalidDataException">It is no such file, or it is damaged, maybe after some rows.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Blobs(ReadOnlyMemory<byte> file, string table, int column)
    {
        var root = Root(file, table);
        foreach (var row in new SqliteTable(file).Rows(root))
        {
            if (Column(row, column) is { IsEmpty: false } blob) yield return blob;
        }
    }

    // The first page is the root of a table of all tables: type, name, table's name, root page, SQL.
    private static long Root(ReadOnlyMemory<byte> file, string table)
    {
        foreach (var row in new SqliteTable(file).Rows(1))
        {
            if (Text(Column(row, 0)) == "table" && string.Equals(Text(Column(row, 1)), table, StringComparison.OrdinalIgnoreCase)) return Number(Column(row, 3).Span);
        }
        throw new InvalidDataException($"The database has no table {table}.");
    }

    private IEnumerable<ReadOnlyMemory<byte>> Rows(long root)
    {
        var pages = new Stack<long>([root]);
        while (pages.TryPop(out var number))
        {
            var page = Page(number);
            var at = number == 1 ? HeaderSize : 0;
            var kind = page.Span[at];
            var cells = BinaryPrimitives.ReadUInt16BigEndian(page.Span[(at + 3)..]);
            var pointers = at + (kind == Interior ? 12 : 8);
            if (kind is not (Interior or Leaf) || pointers + 2 * cells > page.Length) throw Damaged();
            if (kind == Interior) pages.Push(BinaryPrimitives.ReadUInt32BigEndian(page.Span[(at + 8)..]));
            for (var i = 0; i < cells; i++)
            {
                // Children go on the stack from the last to the first, so that they come off in order.
                var cell = BinaryPrimitives.ReadUInt16BigEndian(page.Span[(pointers + 2 * (kind == Interior ? cells - 1 - i : i))..]);
                if (cell + 4 > page.Length) throw Damaged();
                if (kind == Interior)
                    pages.Push(BinaryPrimitives.ReadUInt32BigEndian(page.Span[cell..]));
                else
                    yield return Payload(page, cell);
            }
        }
    }

    private ReadOnlyMemory<byte> Payload(ReadOnlyMemory<byte> page, int cell)
    {
        var rest = page.Span[cell..];
        var length = Varint(ref rest);
        Varint(ref rest); // the row id
        if (length < 0 || length > _left) throw Damaged();
        _left -= length;
        var local = Local(length);
        if (local > rest.Length) throw Damaged();
        if (local == length) return page.Slice(page.Length - rest.Length, local);

        var payload = new byte[length];
        rest[..local].CopyTo(payload);
        if (local + 4 > rest.Length) throw Damaged();
        var next = BinaryPrimitives.ReadUInt32BigEndian(rest[local..]);
        for (var taken = local; taken < payload.Length;)
        {
            var overflow = Page(next).Span;
            var part = overflow.Slice(4, Math.Min(_usable - 4, payload.Length - taken));
            part.CopyTo(payload.AsSpan(taken));
            taken += part.Length;
            next = BinaryPrimitives.ReadUInt32BigEndian(overflow);
        }
        return payload;
    }

    // fileformat2.html 1.6: how much of a payload stays on a leaf of a table
    private int Local(long length)
    {
        if (length <= _usable - 35) return (int)length;
        var min = (_usable - 12) * 32 / 255 - 23;
        var fit = min + (int)((length - min) % (_usable - 4));
        return fit <= _usable - 35 ? fit : min;
    }

    private ReadOnlyMemory<byte> Page(long number)
    {
        if (number < 1 || number * _pageSize > _file.Length || _seen[number]) throw Damaged();
        _seen[number] = true;
        return _file.Slice((int)((number - 1) * _pageSize), _usable);
    }

    // fileformat2.html 2.1: the length of the head, the types of the columns, the columns
    private static ReadOnlyMemory<byte> Column(ReadOnlyMemory<byte> record, int column)
    {
        var types = record.Span;
        var head = Varint(ref types);
        if (head > record.Length) throw Damaged();
        var at = head;
        for (var i = 0; record.Length - types.Length < head; i++)
        {
            var size = Size(Varint(ref types));
            if (size > record.Length - at) throw Damaged();
            if (i == column) return record.Slice((int)at, (int)size);
            at += size;
        }
        return default;
    }

    private static long Size(long type) => type switch
    {
        >= 12 => (type - 12) / 2,
        >= 0 and <= 4 => type,
        5 => 6,
        6 or 7 => 8,
        8 or 9 => 0,
        _ => throw Damaged(),
    };

    private static long Number(ReadOnlySpan<byte> bytes)
    {
        var value = 0L;
        foreach (var b in bytes) value = (value << 8) | b;
        return value;
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => bytes.Length <= 100 ? Encoding.UTF8.GetString(bytes.Span) : "";

    // Up to 9 bytes, of which the last gives all its bits. One that is negative is none that is meant.
    private static long Varint(ref ReadOnlySpan<byte> bytes)
    {
        var value = 0L;
        for (var i = 0; i < Math.Min(9, bytes.Length); i++)
        {
            value = i == 8 ? (value << 8) | bytes[i] : (value << 7) | (byte)(bytes[i] & 0x7f);
            if (i < 8 && bytes[i] >= 0x80) continue;
            bytes = bytes[(i + 1)..];
            return value;
        }
        throw Damaged();
    }

    private static InvalidDataException Damaged() => new("The SQLite database is damaged.");
}
