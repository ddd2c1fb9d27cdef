namespace Wharf.Scanner.Indexing;

/// <summary>The paths of a layer that bear on what lies below it, as sorted hashes: a layer of a million files costs 8 MB and no strings.</summary>
internal sealed record PathSet
{
    /// <summary>Files, links and whiteouts: what lower layers have there goes away, and all below it.</summary>
    public ulong[] Replaced { get; init; } = [];

    /// <summary>Opaque directories: what lower layers have below goes away.</summary>
    public ulong[] Opaque { get; init; } = [];

    /// <summary>Directories, also those that only entries below them tell of: they take the place of a file.</summary>
    public ulong[] Directories { get; init; } = [];

    public bool IsEmpty => Replaced.Length == 0 && Opaque.Length == 0 && Directories.Length == 0;

    /// <summary>Whether a file of a lower layer is seen no more.</summary>
    public bool Hides(ReadOnlySpan<char> path)
    {
        var hash = PathHash.Root;
        if (Has(Opaque, hash)) return true;
        foreach (var c in path)
        {
            if (c == '/' && (Has(Replaced, hash) || Has(Opaque, hash))) return true;
            hash = PathHash.Append(hash, c);
        }
        return Has(Replaced, hash) || Has(Directories, hash);
    }

    private static bool Has(ulong[] hashes, ulong hash) => hashes.Length > 0 && Array.BinarySearch(hashes, hash) >= 0;
}
