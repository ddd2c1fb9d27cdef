namespace Wharf.Scanner.Indexing;

/// <summary>What a layer may cost before it is given up. Sizes are bytes.</summary>
public sealed record IndexLimits
{
    public static IndexLimits Default { get; } = new();

    /// <summary>Of the uncompressed layer.</summary>
    public long Bytes { get; init; } = 20L << 30;

    /// <summary>Uncompressed to compressed, once <see cref="RatioAfter"/> bytes have come.</summary>
    public int Ratio { get; init; } = 100;

    /// <summary>The same for what is read of an archive in the layer, which is packed already.</summary>
    public int ArchiveRatio { get; init; } = 10;

    public long RatioAfter { get; init; } = 64L << 20;

    /// <summary>Entries of the tar, and of each archive in it.</summary>
    public int Entries { get; init; } = 1_000_000;

    /// <summary>Characters of a path.</summary>
    public int PathLength { get; init; } = 4096;

    /// <summary>Directories above a file.</summary>
    public int Depth { get; init; } = 256;

    /// <summary>Of an executable, an archive or a package database, which lie in memory as a whole. Of greater executables only Go's modules are found, the others are left out.</summary>
    public int File { get; init; } = 128 << 20;

    /// <summary>Of a text that is read; greater ones are left out.</summary>
    public int Text { get; init; } = 32 << 20;

    /// <summary>Of a JSON document, which costs up to 24 times its size in memory when it is parsed.</summary>
    public int Json { get; init; } = 8 << 20;

    /// <summary>Archives in archives: an entry of a jar in a war in an ear is at depth 3.</summary>
    public int ArchiveDepth { get; init; } = 4;

    public int Packages { get; init; } = 200_000;

    public TimeSpan Time { get; init; } = TimeSpan.FromMinutes(10);
}
