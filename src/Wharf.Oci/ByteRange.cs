namespace Wharf.Oci;

/// <summary>A part of content, both ends inclusive and inside it.</summary>
/// <param name="Start">Offset of the first byte.</param>
/// <param name="End">Offset of the last byte.</param>
public readonly record struct ByteRange(long Start, long End)
{
    /// <summary>The number of bytes, at least one.</summary>
    public long Length => End - Start + 1;
}
