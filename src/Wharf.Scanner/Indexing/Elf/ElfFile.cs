using System.Buffers.Binary;

namespace Wharf.Scanner.Indexing.Elf;

/// <summary>
/// Sections and segments of an ELF file, 32 or 64 bits, of either byte order (https://gabi.xinuos.com). Whatever points out of the file is empty; nothing that
/// it says is believed further than the file reaches.
/// </summary>
internal sealed class ElfFile
{
    private const int NoBits = 8;
    private const int Load = 1;
    private const int Writable = 2;

    private readonly ReadOnlyMemory<byte> _file;
    private readonly bool _is64;

    /// <exception cref="InvalidDataException">It is no ELF file.</exception>
    public ElfFile(ReadOnlyMemory<byte> file)
    {
        var head = file.Span;
        if (head.Length < 64 || !FileKinds.IsElf(head) || head[4] is not (1 or 2) || head[5] is not (1 or 2)) throw new InvalidDataException("It is no ELF file.");
        _file = file;
        _is64 = head[4] == 2;
        IsBigEndian = head[5] == 2;
    }

    public bool IsBigEndian { get; }

    /// <summary>The content of the first section of a name; empty when there is none.</summary>
    public ReadOnlyMemory<byte> Section(ReadOnlySpan<byte> name)
    {
        var (table, size, count) = (Word(_is64 ? 40u : 32u), UInt16(_is64 ? 58u : 46u), UInt16(_is64 ? 60u : 48u));
        if (size < (_is64 ? 64 : 40)) return default;
        var names = Content(table + (ulong)UInt16(_is64 ? 62u : 50u) * size).Span;
        for (var i = 0u; i < count; i++)
        {
            var header = table + i * size;
            var rest = UInt32(header) is var at && at < names.Length ? names[(int)at..] : default;
            if (rest.Length > name.Length && rest.StartsWith(name) && rest[name.Length] == 0) return Content(header);
        }
        return default;
    }

    /// <summary>The segments that programs write to, as far as the file holds them, and no more than it is long: all may claim to be all of it.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> WritableSegments()
    {
        var left = _file.Length;
        foreach (var (flags, _, content) in Segments())
        {
            if ((flags & Writable) == 0) continue;
            left -= content.Length;
            if (left < 0) yield break;
            yield return content;
        }
    }

    /// <summary>What is at an address in memory; empty when the file does not hold all of it.</summary>
    public ReadOnlyMemory<byte> At(ulong address, ulong length)
    {
        foreach (var (_, start, content) in Segments())
        {
            if (address >= start && address - start <= (ulong)content.Length && length <= (ulong)content.Length - (address - start))
                return content.Slice((int)(address - start), (int)length);
        }
        return default;
    }

    /// <summary>An address in the byte order and size of the file.</summary>
    public ulong Address(ReadOnlySpan<byte> bytes, int size) => (size, IsBigEndian) switch
    {
        (4, true) => BinaryPrimitives.ReadUInt32BigEndian(bytes),
        (4, false) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
    };

    private IEnumerable<(uint Flags, ulong Address, ReadOnlyMemory<byte> Content)> Segments()
    {
        var (table, size, count) = (Word(_is64 ? 32u : 28u), UInt16(_is64 ? 54u : 42u), UInt16(_is64 ? 56u : 44u));
        for (var i = 0u; i < count; i++)
        {
            var header = table + i * size;
            if (UInt32(header) != Load) continue;
            var content = Slice(Word(header + (_is64 ? 8u : 4u)), Word(header + (_is64 ? 32u : 16u)));
            yield return (UInt32(header + (_is64 ? 4u : 24u)), Word(header + (_is64 ? 16u : 8u)), content);
        }
    }

    private ReadOnlyMemory<byte> Content(ulong header) =>
        UInt32(header + 4) == NoBits ? default : Slice(Word(header + (_is64 ? 24u : 16u)), Word(header + (_is64 ? 32u : 20u)));

    private ReadOnlyMemory<byte> Slice(ulong offset, ulong length) =>
        offset <= (ulong)_file.Length && length <= (ulong)_file.Length - offset ? _file.Slice((int)offset, (int)length) : default;

    private ushort UInt16(ulong at) => Slice(at, 2).Span is { Length: 2 } bytes
        ? IsBigEndian ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : BinaryPrimitives.ReadUInt16LittleEndian(bytes)
        : (ushort)0;

    private uint UInt32(ulong at) => Slice(at, 4).Span is { Length: 4 } bytes ? (uint)Address(bytes, 4) : 0;

    private ulong Word(ulong at)
    {
        var size = _is64 ? 8 : 4;
        return Slice(at, (ulong)size).Span is { IsEmpty: false } bytes ? Address(bytes, size) : 0;
    }
}
