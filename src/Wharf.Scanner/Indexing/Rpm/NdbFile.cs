using System.Buffers.Binary;

namespace Wharf.Scanner.Indexing.Rpm;

/// <summary>
/// rpm's own database, <c>Packages.db</c>: pages of slots, each of which points to a blob in blocks of 16 bytes; all little-endian
/// (lib/backend/ndb/rpmpkg.c of rpm).
/// </summary>
internal static class NdbFile
{
    private const int PageSize = 4096;
    private const int SlotSize = 16;
    private const int FirstSlot = 32; // after the header
    private const int BlockSize = 16;
    private const int BlobHeadSize = 16;

    /// <exception cref="InvalidDataException">It is no such file, or it is damaged, maybe after some blobs.</exception>
    public static IEnumerable<ReadOnlyMemory<byte>> Blobs(ReadOnlyMemory<byte> file)
    {
        if (file.Length < FirstSlot || !file.Span.StartsWith("RpmP"u8)) throw new InvalidDataException("It is no rpm database of the kind NDB.");
        var end = Math.Min(file.Length, (long)BinaryPrimitives.ReadUInt32LittleEndian(file.Span[12..]) * PageSize);
        var left = file.Length; // blobs lie beside one another, so that together they are no longer than the file
        for (var at = FirstSlot; at + SlotSize <= end; at += SlotSize)
        {
            var slot = file.Span.Slice(at, SlotSize);
            if (!slot.StartsWith("Slot"u8)) throw Damaged();
            var (package, offset) = (BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]), (long)BinaryPrimitives.ReadUInt32LittleEndian(slot[8..]) * BlockSize);
            if (package == 0) continue; // free
            var blob = Blob(file, package, offset);
            left -= blob.Length;
            if (left < 0) throw Damaged();
            yield return blob;
        }
    }

    private static ReadOnlyMemory<byte> Blob(ReadOnlyMemory<byte> file, uint package, long offset)
    {
        if (offset + BlobHeadSize > file.Length) throw Damaged();
        var head = file.Span.Slice((int)offset, BlobHeadSize);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(head[12..]);
        if (!head.StartsWith("BlbS"u8) || BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) != package || offset + BlobHeadSize + length > file.Length) throw Damaged();
        return file.Slice((int)offset + BlobHeadSize, (int)length);
    }

    private static InvalidDataException Damaged() => new("The rpm database of the kind NDB is damaged.");
}
