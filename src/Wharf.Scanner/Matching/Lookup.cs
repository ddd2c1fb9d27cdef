using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Matching;

/// <summary>One name under which feeds may speak of a component, and the version that they mean there.</summary>
/// <param name="OfSource">The name is the source package's.</param>
/// <param name="Unreachable">What the feed fixes there is not to be had by this image (Ubuntu Pro without a subscription, RHEL's ordinary stream with EUS).</param>
public readonly record struct Lookup(string Ecosystem, string Name, string Version, IComparer<string> Order, bool OfSource = false, bool Unreachable = false)
{
    /// <summary>All names of a component in an image of a distribution. None for packages of distributions that Wharf knows nothing of.</summary>
    public static IEnumerable<Lookup> Of(Package package, Distro? distro)
    {
        // Composer pads versions before it compares them as PHP does.
        var order = package.Type == PackageType.Composer ? ComposerReleases.Instance : VersionOrder.Of(package.Type);
        switch (package.Type)
        {
            case PackageType.Deb:
            case PackageType.Apk:
            case PackageType.Rpm:
                return distro is null ? [] : OfDistro(package, distro, order);
            case PackageType.Other:
                return [];
            default:
                var ecosystem = OfLanguage(package.Type);
                return [new Lookup(ecosystem, Feeds.Ecosystem.Fold(ecosystem, package.Name), package.Version, order)];
        }
    }

    /// <summary>The ecosystems in which feeds speak of a distribution's packages.</summary>
    public static IReadOnlyList<string> EcosystemsOf(Distro distro) => distro.Id switch
    {
        "debian" => [Feeds.Ecosystem.Debian(distro.Version.Length == 0 ? "sid" : distro.Major == "3" ? distro.Version : distro.Major)],
        "ubuntu" => [Feeds.Ecosystem.Ubuntu(TwoParts(distro.Version)), Feeds.Ecosystem.Ubuntu(TwoParts(distro.Version), pro: true)],
        "alpine" => [Feeds.Ecosystem.Alpine(AlpineBranch(distro.Version))],
        "wolfi" => [Feeds.Ecosystem.Wolfi],
        "chainguard" => [Feeds.Ecosystem.Chainguard],
        "rhel" or "redhat" or "centos" => [Feeds.Ecosystem.RedHat(distro.Major)],
        "almalinux" => [Feeds.Ecosystem.AlmaLinux(distro.Major)],
        "rocky" => [Feeds.Ecosystem.Rocky(distro.Major)],
        "ol" or "oracle" or "oraclelinux" => [Feeds.Ecosystem.Oracle(distro.Major)],
        "amzn" or "amazon" => [Feeds.Ecosystem.Amazon(distro.Major)],
        "photon" => [Feeds.Ecosystem.Photon(TwoParts(distro.Version))],
        "mariner" or "azurelinux" => [Feeds.Ecosystem.AzureLinux(TwoParts(distro.Version))],
        "sles" or "sled" or "sle_hpc" or "sles_sap" or "suse" => [Feeds.Ecosystem.Suse("sles", distro.Version is "12.0" or "15.0" ? distro.Major : distro.Version)],
        "opensuse" when distro.Version.Length == "20240101".Length => [Feeds.Ecosystem.Suse("opensuse-tumbleweed", "")],
        "opensuse-leap" or "opensuse" => [Feeds.Ecosystem.Suse("opensuse-leap", distro.Version)],
        "sle-micro" or "sle-micro-rancher" => [Feeds.Ecosystem.Suse("sle-micro", distro.Version)],
        "sl-micro" or "opensuse-leap-micro" => [Feeds.Ecosystem.Suse(distro.Id, distro.Version)],
        "opensuse-tumbleweed" or "opensuse-slowroll" or "opensuse-microos" => [Feeds.Ecosystem.Suse("opensuse-tumbleweed", "")],
        _ => [],
    };

    private static IEnumerable<Lookup> OfDistro(Package package, Distro distro, IComparer<string> order)
    {
        var source = package.Source ?? package.Name;
        var sourceVersion = package.SourceVersion ?? package.Version;
        foreach (var ecosystem in EcosystemsOf(distro))
        {
            if (TypeIn(ecosystem) != package.Type)
                continue;
            switch (package.Type)
            {
                case PackageType.Deb:
                    var pro = ecosystem.StartsWith("ubuntu-pro:", StringComparison.Ordinal);
                    yield return new(ecosystem, source, WithoutRebuild(sourceVersion), order, OfSource: true, Unreachable: pro && !sourceVersion.Contains("esm", StringComparison.Ordinal));
                    break;
                case PackageType.Apk:
                    yield return new(ecosystem, source, sourceVersion, order, OfSource: true);
                    if (source != package.Name && ecosystem is Feeds.Ecosystem.Wolfi or Feeds.Ecosystem.Chainguard)
                        yield return new(ecosystem, package.Name, package.Version, order);
                    break;
                case PackageType.Rpm:
                    order = distro.Id == "centos" && CentosVersions.Is(package.Version) ? CentosVersions.Instance : order;
                    yield return new(ecosystem, package.Name, package.Version, order);
                    // Its file's name leaves the epoch out.
                    if (MarksSources(ecosystem) || source != package.Name && ecosystem.StartsWith("rocky:", StringComparison.Ordinal))
                        yield return new(ecosystem, source, package.SourceVersion is { } own ? package.Version[..(package.Version.IndexOf(':') + 1)] + own : package.Version, order, OfSource: true);
                    break;
            }
        }
    }

    /// <summary>Feeds name binary packages there and, in rows that are marked so, sources: Red Hat what is not fixed, the others some or all. Rocky's names are of both, unmarked.</summary>
    public static bool MarksSources(string ecosystem) =>
        ecosystem.StartsWith("redhat:", StringComparison.Ordinal) || ecosystem.StartsWith("azurelinux:", StringComparison.Ordinal) || ecosystem.StartsWith("photon:", StringComparison.Ordinal);

    private static PackageType TypeIn(string ecosystem) => ecosystem.Split(':', 2)[0] switch
    {
        "debian" or "ubuntu" or "ubuntu-pro" => PackageType.Deb,
        "alpine" or Feeds.Ecosystem.Wolfi or Feeds.Ecosystem.Chainguard => PackageType.Apk,
        _ => PackageType.Rpm,
    };

    private static string OfLanguage(PackageType type) => type switch
    {
        PackageType.Npm => Feeds.Ecosystem.Npm,
        PackageType.PyPI => Feeds.Ecosystem.PyPI,
        PackageType.Maven => Feeds.Ecosystem.Maven,
        PackageType.Gem => Feeds.Ecosystem.Gem,
        PackageType.NuGet => Feeds.Ecosystem.NuGet,
        PackageType.Cargo => Feeds.Ecosystem.Cargo,
        PackageType.Composer => Feeds.Ecosystem.Composer,
        PackageType.Go => Feeds.Ecosystem.Go,
        PackageType.Bitnami => Feeds.Ecosystem.Bitnami,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, null),
    };

    // A binary that was built again without a change of its source: 1.2-3+b1 (deb-version(7)).
    private static string WithoutRebuild(string version)
    {
        var digits = version.Length;
        while (digits > 0 && char.IsAsciiDigit(version[digits - 1]))
            digits--;
        return digits < version.Length && digits >= 2 && version[digits - 1] == 'b' && version[digits - 2] == '+' ? version[..(digits - 2)] : version;
    }

    // 3.18.4 is of branch 3.18; 3.19_alpha20230901 is of edge.
    private static string AlpineBranch(string version) => version.Length == 0 || version.Contains('_') ? "edge" : TwoParts(version);

    private static string TwoParts(string version) => version.Split('.') is [var major, var minor, ..] ? $"{major}.{minor}" : $"{version}.0";
}
