using System.Buffers.Binary;
using System.Text;

namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>Reads what a <see cref="RecordWriter"/> wrote. Running over the end is an <see cref="InvalidDataException"/>.</summary>
internal ref struct RecordReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _left = bytes;

    public readonly int Left => _left.Length;

    public byte Byte() => Take(1)[0];

    public ulong Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw new InvalidDataException("A number of the feed's file does not end.");
    }

    public int Count() => Number() is var n && n <= (ulong)_left.Length ? (int)n : throw Short();

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    public ReadOnlySpan<byte> Utf8() => Take(Count());

    public string Text() => Encoding.UTF8.GetString(Utf8());

    public string[] Texts()
    {
        var n = Count();
        if (n == 0)
            return [];
        var texts = new string[n];
        for (var i = 0; i < n; i++)
            texts[i] = Text();
        return texts;
    }

    private ReadOnlySpan<byte> Take(int n)
    {
        if (n > _left.Length)
            throw Short();
        var taken = _left[..n];
        _left = _left[n..];
        return taken;
    }

    private static InvalidDataException Short() => new("The feed's file ends in the middle of a record.");
}
