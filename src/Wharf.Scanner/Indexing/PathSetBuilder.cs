namespace Wharf.Scanner.Indexing;

internal sealed class PathSetBuilder
{
    private const string Whiteout = ".wh.";
    private const string Opaque = ".wh..wh..opq";

    private readonly HashSet<ulong> _replaced = [];
    private readonly HashSet<ulong> _opaque = [];
    private readonly HashSet<ulong> _directories = [];

    /// <summary>Takes an entry; false when it is a whiteout and no file. https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts</summary>
    /// <param name="path">Clean and not empty.</param>
    public bool Add(string path, bool isDirectory)
    {
        var slash = path.LastIndexOf('/');
        var name = path.AsSpan(slash + 1);
        var above = path.AsSpan(0, Math.Max(0, slash));
        AddAbove(above);
        if (!name.StartsWith(Whiteout))
        {
            (isDirectory ? _directories : _replaced).Add(PathHash.Of(path));
            return !isDirectory;
        }
        if (name.SequenceEqual(Opaque))
        {
            _opaque.Add(PathHash.Of(above));
        }
        else if (!name.StartsWith(".wh..wh.") && name[Whiteout.Length..] is not ("" or "." or "..")) // the rest is what AUFS keeps for itself, or hostile
        {
            _replaced.Add(PathHash.Of([.. above, .. slash < 0 ? "" : "/", .. name[Whiteout.Length..]]));
        }
        return false;
    }

    public PathSet Build() => new() { Replaced = Sorted(_replaced), Opaque = Sorted(_opaque), Directories = Sorted(_directories) };

    private void AddAbove(ReadOnlySpan<char> path)
    {
        while (!path.IsEmpty && _directories.Add(PathHash.Of(path)))
            path = path[..Math.Max(0, path.LastIndexOf('/'))];
    }

    private static ulong[] Sorted(HashSet<ulong> hashes)
    {
        var sorted = hashes.ToArray();
        Array.Sort(sorted);
        return sorted;
    }
}
