namespace Wharf.Scanner.Tests;

/// <summary>The data under tests/data.</summary>
internal static class TestData
{
    private static readonly string s_root = FindRoot();

    public static string Path(params string[] parts) => System.IO.Path.Join([s_root, "vulndata", .. parts]);

    public static Stream Open(params string[] parts) => File.OpenRead(Path(parts));

    /// <summary>The rows of a table without its head.</summary>
    public static IEnumerable<string[]> Rows(params string[] parts) => File.ReadLines(Path(parts)).Skip(1).Select(static line => line.Split('\t'));

    private static string FindRoot()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = System.IO.Path.GetDirectoryName(at))
        {
            if (Directory.Exists(System.IO.Path.Join(at, "tests", "data", "vulndata")))
                return System.IO.Path.Join(at, "tests", "data");
        }
        throw new DirectoryNotFoundException("tests/data/vulndata is not above the tests.");
    }
}
