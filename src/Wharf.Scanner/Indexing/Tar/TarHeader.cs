using System.Runtime.InteropServices;
using System.Text;

namespace Wharf.Scanner.Indexing.Tar;

/// <summary>
/// A header block of 512 bytes: https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html (ustar), with GNU's base-256 numbers and no prefix
/// (https://www.gnu.org/software/tar/manual/html_node/Standard.html).
/// </summary>
internal readonly ref struct TarHeader(ReadOnlySpan<byte> block)
{
    public const int Size = 512;

    private readonly ReadOnlySpan<byte> _block = block;

    public char Type => (char)_block[156];

    /// <summary>Bytes that follow, or negative when the number is none.</summary>
    public long ContentSize => Number(_block.Slice(124, 12));

    public string Target => Text(_block.Slice(157, 100));

    /// <summary>Only of GNU sparse files: another block with a map follows.</summary>
    public bool IsExtended => _block[482] != 0;

    public string Name
    {
        get
        {
            var name = Text(_block[..100]);
            var isPosix = _block.Slice(257, 6).SequenceEqual("ustar\0"u8);
            return isPosix && Text(_block.Slice(345, 155)) is { Length: > 0 } prefix ? prefix + "/" + name : name;
        }
    }

    /// <summary>The sum of all bytes with the sum itself as blanks; some old tools took bytes as signed.</summary>
    public bool IsValid
    {
        get
        {
            var written = Number(_block.Slice(148, 8));
            var sum = Sum(_block) - Sum(_block.Slice(148, 8)) + 8 * ' ';
            return written == sum || written == sum - 256 * Negative(_block);
        }
    }

    // Eight bytes at a time, in four counters of 16 bits, which 64 steps do not overflow.
    private static int Sum(ReadOnlySpan<byte> bytes)
    {
        const ulong Even = 0x00ff_00ff_00ff_00ff;
        var sums = 0UL;
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(bytes)) sums += (eight & Even) + ((eight >> 8) & Even);
        return (int)((sums & 0xffff) + ((sums >> 16) & 0xffff) + ((sums >> 32) & 0xffff) + (sums >> 48));
    }

    private static int Negative(ReadOnlySpan<byte> bytes)
    {
        var count = 0;
        foreach (var b in bytes) count += b >> 7;
        return count;
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0) return Base256(field);
        var digits = field.Trim(" \0"u8);
        var nul = digits.IndexOfAny((byte)0, (byte)' ');
        if (nul >= 0) digits = digits[..nul];
        var value = 0L;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7') return -1;
            value = value * 8 + (digit - '0'); // 12 digits are 36 bits
        }
        return value;
    }

    private static long Base256(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x40) != 0) return -1; // negative
        var value = (long)(field[0] & 0x3f);
        foreach (var digit in field[1..])
        {
            if (value > long.MaxValue >> 8) return -1;
            value = (value << 8) | digit;
        }
        return value;
    }
}
