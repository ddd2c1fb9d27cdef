namespace Wharf.Scanner.Indexing;

/// <summary>
/// 64-bit FNV-1a over the UTF-16 units of a path. It grows from left to right, so that one pass over a path gives the hashes of all directories above it.
/// Indexes are stored, so it must stay what it is for a <see cref="LayerIndexer.Version"/>.
/// </summary>
internal static class PathHash
{
    /// <summary>The hash of the root, which is the empty path.</summary>
    public const ulong Root = 14695981039346656037;

    public static ulong Append(ulong hash, char c) => (hash ^ c) * 1099511628211;

    public static ulong Of(ReadOnlySpan<char> path) => Append(Root, path);

    /// <summary>
    /// The hash of the path that it has on a system where /lib, /bin and /sbin are links into /usr: databases and layers spell such a file either way.
    /// </summary>
    public static ulong OfMerged(ReadOnlySpan<char> path) => IsMerged(path) ? Append(Of("usr/"), path) : Of(path);

    private static bool IsMerged(ReadOnlySpan<char> path) =>
        path.StartsWith("lib/") || path.StartsWith("bin/") || path.StartsWith("sbin/") || path.StartsWith("lib64/") || path.StartsWith("lib32/");

    private static ulong Append(ulong hash, ReadOnlySpan<char> path)
    {
        foreach (var c in path) hash = Append(hash, c);
        return hash;
    }
}
