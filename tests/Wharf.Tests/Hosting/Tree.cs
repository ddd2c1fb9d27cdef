namespace Wharf.Tests.Hosting;

/// <summary>The work tree that the tests were built from.</summary>
internal static class Tree
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string directory) =>
        File.Exists(Path.Combine(directory, "Wharf.slnx")) ? directory : Find(Path.GetDirectoryName(directory)!);
}
