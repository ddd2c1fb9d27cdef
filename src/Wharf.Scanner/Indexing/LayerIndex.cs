using Wharf.Oci;

namespace Wharf.Scanner.Indexing;

/// <summary>What one layer says: which of its files name packages, and which files of lower layers it hides. Depends on nothing but the layer's bytes.</summary>
public sealed record LayerIndex
{
    /// <summary>SHA-256 of the uncompressed layer, as an image's configuration names it.</summary>
    public required Digest DiffId { get; init; }

    /// <summary>Bytes of the uncompressed layer.</summary>
    public required long Size { get; init; }

    public required IReadOnlyList<IndexedFile> Files { get; init; }

    /// <summary>What was left out and belongs to no file.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    internal PathSet Paths { get; init; } = new();

    /// <summary>To be stored under <see cref="DiffId"/> and <see cref="LayerIndexer.Version"/>.</summary>
    public byte[] Write() => LayerIndexFormat.Write(this);

    /// <exception cref="InvalidDataException">It is not what <see cref="Write"/> of this version wrote.</exception>
    public static LayerIndex Read(ReadOnlyMemory<byte> bytes) => LayerIndexFormat.Read(bytes);
}
