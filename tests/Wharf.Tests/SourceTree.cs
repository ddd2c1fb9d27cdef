namespace Wharf.Tests;

/// <summary>The checked-out source tree that the tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The folder with Wharf.slnx.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory)
    {
        for (var at = new DirectoryInfo(directory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Wharf.slnx")))
            {
                return at.FullName;
            }
        }
        throw new InvalidOperationException($"No Wharf.slnx above {directory}.");
    }
}
