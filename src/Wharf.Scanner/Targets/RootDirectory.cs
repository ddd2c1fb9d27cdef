using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Targets;

/// <summary>A directory that is the root of a system, or an application's own: read as one layer. Links are not followed.</summary>
public static class RootDirectory
{
    /// <exception cref="TargetException">It is no directory.</exception>
    /// <exception cref="LayerException">It meets a limit.</exception>
    public static Inventory Read(string directory, IndexLimits limits, CancellationToken ct)
    {
        if (!Directory.Exists(directory))
            throw new TargetException($"{directory} is no directory.");
        return Image.Coalesce([LayerIndexer.IndexDirectory(new DirectoryInfo(directory), limits, ct)]);
    }
}
