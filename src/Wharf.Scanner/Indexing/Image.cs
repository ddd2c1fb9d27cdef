namespace Wharf.Scanner.Indexing;

/// <summary>
/// Layers laid one over the other, the lowest first (https://github.com/opencontainers/image-spec/blob/main/layer.md). Never changes: <see cref="Add"/> makes a
/// new one, so that images with a common base start from the same one.
/// </summary>
public sealed class Image
{
    // In this order: a distribution derived from another keeps the older files of that one.
    private static readonly string[] s_distroFiles =
    [
        "etc/os-release", "usr/lib/os-release", "etc/lsb-release", "etc/alpine-release", "etc/centos-release", "etc/redhat-release", "etc/system-release", "etc/debian_version",
    ];

    private readonly Dictionary<string, Placed> _files;
    private readonly IReadOnlyList<string> _problems;
    private readonly int _layers;

    private Image(Dictionary<string, Placed> files, IReadOnlyList<string> problems, int layers) => (_files, _problems, _layers) = (files, problems, layers);

    /// <summary>No layers.</summary>
    public static Image Empty { get; } = new([], [], 0);

    /// <summary>What is installed in an image of these layers, the lowest first.</summary>
    /// <exception cref="LayerException">All layers together have more packages, or files of packages, than one may have.</exception>
    public static Inventory Coalesce(IEnumerable<LayerIndex> layers) => layers.Aggregate(Empty, static (image, layer) => image.Add(layer)).ToInventory();

    /// <summary>This image with one more layer on top.</summary>
    /// <exception cref="LayerException">All layers together have more packages, or files of packages, than one may have.</exception>
    public Image Add(LayerIndex layer)
    {
        var limits = IndexLimits.Default;
        int packages = 0, owned = 0;
        var files = new Dictionary<string, Placed>(_files.Count + layer.Files.Count, StringComparer.Ordinal);
        foreach (var (path, placed) in _files)
        {
            if (layer.Paths.IsEmpty || !layer.Paths.Hides(path)) files[path] = placed;
        }
        foreach (var file in layer.Files) files[file.Path] = Placed.On(_layers, file, _files.GetValueOrDefault(file.Path));
        foreach (var placed in files.Values)
        {
            packages += placed.File.Packages.Count;
            owned += placed.File.Owned.Count;
        }
        if (packages > limits.Packages || owned > limits.Entries) throw new LayerException($"The image has more than {limits.Packages} packages, or too many files of packages.");
        return new Image(files, [.. _problems, .. layer.Problems], _layers + 1);
    }

    public Inventory ToInventory()
    {
        var files = _files.Values.OrderBy(static f => f.File.Path, StringComparer.Ordinal).ToList();
        return new Inventory
        {
            Distro = s_distroFiles.Select(path => _files.GetValueOrDefault(path)?.File.Distro).FirstOrDefault(static distro => distro is not null),
            Components = Components(files),
            Repositories = [.. files.SelectMany(static f => f.File.Repositories).Distinct()],
            Problems = [.. _problems, .. files.Where(static f => f.File.Problem is not null).Select(static f => $"{f.File.Path}: {f.File.Problem}")],
        };
    }

    private static List<Component> Components(List<Placed> files)
    {
        var owners = new Dictionary<ulong, string>();
        foreach (var owned in files.SelectMany(static f => f.File.Owned)) owners.TryAdd(owned.Hash, owned.Owner);

        var found = new Dictionary<(Package, string?), (int Layer, List<string> Locations)>();
        foreach (var (file, layers) in files)
        {
            var owner = owners.GetValueOrDefault(PathHash.OfMerged(file.Path));
            for (var i = 0; i < file.Packages.Count; i++)
            {
                var (package, inner) = file.Packages[i];
                var key = (package, package.Type is PackageType.Deb or PackageType.Rpm or PackageType.Apk ? null : owner);
                var (layer, locations) = found.GetValueOrDefault(key, (layers[i], []));
                locations.Add(inner.Length == 0 ? file.Path : $"{file.Path}!/{inner}");
                found[key] = (Math.Min(layer, layers[i]), locations);
            }
        }
        return [.. found.Select(static f => new Component { Package = f.Key.Item1, OwnedBy = f.Key.Item2, Layer = f.Value.Layer, Locations = [.. f.Value.Locations.Distinct()] })];
    }

    /// <summary>A file that is seen, and for each of its packages the layer since which it is there.</summary>
    private sealed record Placed(IndexedFile File, int[] Layers)
    {
        // A database is written anew by every layer that installs something: a package that it listed before is of the layer that brought it.
        public static Placed On(int layer, IndexedFile file, Placed? below)
        {
            var layers = new int[file.Packages.Count];
            Array.Fill(layers, layer);
            if (below is not null)
            {
                var before = new Dictionary<IndexedPackage, int>();
                for (var i = 0; i < below.Layers.Length; i++) before.TryAdd(below.File.Packages[i], below.Layers[i]);
                for (var i = 0; i < layers.Length; i++) layers[i] = before.GetValueOrDefault(file.Packages[i], layer);
            }
            return new Placed(file, layers);
        }
    }
}
