namespace Wharf.Scanner.Indexing;

/// <summary>Paths of tar entries. They are names only: nothing here ever opens one.</summary>
internal static class LayerPath
{
    /// <summary>
    /// The path from the root without a leading slash, empty parts, <c>.</c> and <c>..</c>; empty for the root itself; null when it leads out of the root, where
    /// runtimes refuse the layer or drop the entry.
    /// </summary>
    public static string? Clean(string name)
    {
        if (name.StartsWith("./", StringComparison.Ordinal)) name = name[2..];
        if (IsClean(name)) return name.TrimEnd('/');
        var parts = new List<string>();
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".") continue;
            if (part != "..")
                parts.Add(part);
            else if (parts.Count == 0)
                return null;
            else
                parts.RemoveAt(parts.Count - 1);
        }
        return string.Join('/', parts);
    }

    private static bool IsClean(ReadOnlySpan<char> name) =>
        !name.StartsWith("/") && !name.StartsWith(".") && name.IndexOf("//") < 0 && name.IndexOf("/.") < 0;
}
