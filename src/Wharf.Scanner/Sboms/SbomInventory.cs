using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Sboms;

/// <summary>Gathers a document's components: one package once, with all places where it is.</summary>
internal sealed class SbomInventory
{
    private const int MostComponents = 200_000;

    private readonly Dictionary<(Package Package, Distro? Distro), (string? Purl, List<string> Locations)> _packages = [];
    private readonly Dictionary<Distro, int> _distros = [];
    private readonly HashSet<string> _repositories = new(StringComparer.Ordinal);
    private Distro? _operatingSystem;
    private int _entries;
    private int _unnamed;
    private int _unversioned;

    public void Add(SbomEntry entry)
    {
        if (++_entries > MostComponents)
            throw new InvalidDataException($"An SBOM of more than {MostComponents} components is not read.");
        if (entry.IsOperatingSystem)
            _operatingSystem ??= OperatingSystem(entry);
        if (entry.Purl is null || !Purl.TryParse(entry.Purl, out var package, out var distro))
        {
            _unnamed += entry.IsLibrary ? 1 : 0;
            return;
        }

        var purl = package!.Version.Length > 0 ? entry.Purl : null;
        if (purl is null)
            package = package with { Version = entry.Version ?? "" };
        if (package.Version.Length == 0)
        {
            _unversioned++;
            return;
        }
        package = SbomSource.Complete(package, entry);
        // grype's and syft's word for extended support of Red Hat
        if (distro is { Id: "rhel" } && (entry.Purl.Contains("%2Beus", StringComparison.OrdinalIgnoreCase) || entry.Purl.Contains("+eus", StringComparison.Ordinal)))
            _repositories.Add($"cpe:/o:redhat:rhel_eus:{distro.Version}");
        if (distro is not null)
            _distros[distro] = _distros.GetValueOrDefault(distro) + 1;
        if (!_packages.TryGetValue((package, distro), out var known))
            _packages.Add((package, distro), known = (purl, []));
        foreach (var location in entry.Locations)
        {
            if (known.Locations.Count < SbomEntry.MostLocations && !known.Locations.Contains(location))
                known.Locations.Add(location);
        }
    }

    public Inventory ToInventory()
    {
        var problems = new List<string>();
        if (_unnamed > 0)
            problems.Add($"libraries without a package URL: {_unnamed}");
        if (_unversioned > 0)
            problems.Add($"components without a version: {_unversioned}");
        var usual = Distro();
        return new Inventory
        {
            Distro = usual,
            Components = [.. _packages.Select(p => new Component { Package = p.Key.Package, Distro = p.Key.Distro == (usual is null ? null : usual with { Name = null }) ? null : p.Key.Distro, Purl = p.Value.Purl, Locations = p.Value.Locations })],
            Repositories = [.. _repositories],
            Problems = problems,
        };
    }

    // What most packages say of themselves; the operating system's component may name a kernel
    private Distro? Distro()
    {
        if (_distros.Count == 0)
            return _operatingSystem;
        var distro = _distros.MaxBy(static d => d.Value).Key;
        return distro.Id == _operatingSystem?.Id ? distro with { Name = _operatingSystem.Name } : distro;
    }

    private static Distro? OperatingSystem(SbomEntry entry)
    {
        var id = entry.Properties.GetValueOrDefault(SbomSource.DistroId) ?? entry.Name;
        return id is null ? null : PurlDistro.Of(id, entry.Properties.GetValueOrDefault(SbomSource.DistroVersion) ?? entry.Version ?? "", entry.Description);
    }
}
