using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>Numbers of 7 bits a byte, and text with its length, into one growing buffer.</summary>
internal sealed class RecordWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Clear() => _buffer.ResetWrittenCount();

    public void Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void Number(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }
        Byte((byte)value);
    }

    public void Double(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_buffer.GetSpan(8), value);
        _buffer.Advance(8);
    }

    public void Text(string value)
    {
        var size = Encoding.UTF8.GetByteCount(value);
        Number((ulong)size);
        _buffer.Advance(Encoding.UTF8.GetBytes(value, _buffer.GetSpan(size)));
    }

    public void Texts(IReadOnlyList<string> values)
    {
        Number((ulong)values.Count);
        foreach (var value in values)
            Text(value);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);
}
