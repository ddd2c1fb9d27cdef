using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Tests.Indexing;

/// <summary>Replaying indexes comes to the same as laying the layers over one another in a file system.</summary>
public sealed class ReplayTests
{
    private static readonly string[] s_names = ["a", "b", "c.egg-info"];

    [Fact]
    public async Task Any_layers_come_to_what_a_file_system_holds_after_them()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var files = new Dictionary<string, string>(StringComparer.Ordinal); // path -> version of the package in it
            var image = Image.Empty;
            for (var layer = 0; layer < 6; layer++)
            {
                var tar = new TarBuilder();
                Layer(random, layer, tar, files);
                image = image.Add(LayerIndex.Read((await tar.IndexAsync()).Write()));
            }

            var expected = files.Where(static f => f.Key.EndsWith(".egg-info", StringComparison.Ordinal)).Select(static f => $"{f.Key} {f.Value}").Order(StringComparer.Ordinal);
            var actual = image.ToInventory().Components.SelectMany(static c => c.Locations.Select(l => $"{l} {c.Package.Version}")).Order(StringComparer.Ordinal);
            Assert.True(expected.SequenceEqual(actual), $"seed {seed}: [{string.Join(", ", expected)}] but [{string.Join(", ", actual)}]");
        }
    }

    private static void Layer(Random random, int layer, TarBuilder tar, Dictionary<string, string> files)
    {
        var lower = files.Keys.ToList();
        var mine = new List<string>();
        for (var i = random.Next(6); i > 0; i--)
        {
            var path = string.Join('/', Enumerable.Range(0, 1 + random.Next(3)).Select(_ => s_names[random.Next(s_names.Length)]));
            var (above, name) = path.LastIndexOf('/') is >= 0 and var slash ? (path[..(slash + 1)], path[(slash + 1)..]) : ("", path);
            switch (random.Next(5))
            {
                case 0: // a whiteout
                    tar.File($"{above}.wh.{name}", "");
                    Remove(path, self: true);
                    RemoveFilesAbove(path);
                    break;
                case 1: // an opaque directory
                    if (mine.Any(m => path == m || path.StartsWith(m + "/", StringComparison.Ordinal))) break;
                    tar.Directory(path).File($"{path}/.wh..wh..opq", "");
                    Remove(path, self: true);
                    RemoveFilesAbove(path);
                    break;
                default:
                    // Within a layer nothing is both a file and a directory.
                    if (mine.Any(m => m.StartsWith(path + "/", StringComparison.Ordinal) || path.StartsWith(m + "/", StringComparison.Ordinal))) break;
                    var version = $"{layer}.{i}";
                    tar.File(path, $"Name: x\nVersion: {version}\n");
                    if (!mine.Contains(path)) Remove(path, self: true);
                    RemoveFilesAbove(path);
                    files[path] = version;
                    mine.Add(path);
                    break;
            }
        }

        // Whiteouts see lower layers only, so what this layer wrote stays.
        void Remove(string path, bool self)
        {
            foreach (var file in lower.Where(f => !mine.Contains(f) && ((self && f == path) || f.StartsWith(path + "/", StringComparison.Ordinal)))) files.Remove(file);
        }

        void RemoveFilesAbove(string path)
        {
            for (var at = path.LastIndexOf('/'); at > 0; at = path.LastIndexOf('/', at - 1))
                if (!mine.Contains(path[..at])) files.Remove(path[..at]);
        }
    }
}
