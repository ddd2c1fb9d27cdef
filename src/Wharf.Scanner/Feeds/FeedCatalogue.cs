using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Feeds;

/// <summary>Every feed that Wharf reads, the most trusted first: of two that speak of one distribution's package, the first is heard.</summary>
public static class FeedCatalogue
{
    private const string OfOsvPrefix = "osv-";

    private static readonly Feed[] s_feeds =
    [
        new("debian-tracker", "Debian security tracker", "Debian (none stated)", [new("debian/json", "https://security-tracker.debian.org/tracker/data/json")],
            static path => path is "debian/json" or "debian/json.gz", DebianTracker.Read),
        new("debian-advisories", "Debian DSA and DLA lists", "Debian (none stated)",
            [new("debian/DSA.list", "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list"),
             new("debian/DLA.list", "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list")],
            static path => path is "debian/DSA.list" or "debian/DLA.list", DebianLists.Read),
        new("alpine", "Alpine secdb", "Alpine (none stated)", [.. AlpineSources()], static path => IsIn(path, "alpine", ".json"), AlpineSecdb.Read),
        new("wolfi", "Wolfi secdb", "Chainguard (see the publisher)", [new("wolfi/security.json", "https://packages.wolfi.dev/os/security.json")],
            static path => IsIn(path, "wolfi", ".json"), AlpineSecdb.Read),
        new("chainguard", "Chainguard secdb", "Chainguard (see the publisher)", [new("chainguard/security.json", "https://packages.cgr.dev/chainguard/security.json")],
            static path => IsIn(path, "chainguard", ".json"), AlpineSecdb.Read),
        new("redhat-vex", "Red Hat CSAF VEX", "CC-BY-4.0", [new("redhat/vex/archive.tar.zst", "https://security.access.redhat.com/data/csaf/v2/vex-feed/archive_latest.txt", FeedPointers.FirstLine)],
            static path => IsIn(path, "redhat/vex", ".json", CsafArchive.Extension), ReadCsaf),
        new("redhat-advisories", "Red Hat CSAF advisories", "CC-BY-4.0", [new("redhat/advisories/archive.tar.zst", "https://security.access.redhat.com/data/csaf/v2/advisories/archive_latest.txt", FeedPointers.FirstLine)],
            static path => IsIn(path, "redhat/advisories", ".json", CsafArchive.Extension), ReadCsaf),
        new("redhat-repositories", "Red Hat content sets", "CC-BY-4.0", [new("redhat/repository-to-cpe.json", "https://security.access.redhat.com/data/metrics/repository-to-cpe.json")],
            static path => path == "redhat/repository-to-cpe.json", RedHatContentSets.Read),
        new("ubuntu", "Ubuntu OSV", "CC-BY-SA-4.0", [new("ubuntu/osv/all.zip", "https://osv-vulnerabilities.storage.googleapis.com/Ubuntu/all.zip")], static path => IsIn(path, "ubuntu/osv", ".json", ".zip"), ReadOsv),
        new("amazon", "Amazon Linux updateinfo", "Amazon (unclear)",
            [new("amazon/2/updateinfo.xml.gz", "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list", FeedPointers.Repository, FeedPointers.UpdateInfo),
             new("amazon/2023/updateinfo.xml.gz", "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list", FeedPointers.Repository, FeedPointers.UpdateInfo)],
            static path => IsIn(path, "amazon", ".xml", ".xml.gz"), AmazonUpdateInfo.Read),
        new("suse", "SUSE OVAL", "CC-BY-4.0", [.. SuseSources()], static path => IsIn(path, "suse", ".xml", ".xml.gz", ".xml.bz2"), SuseOval.Read),
        new("oracle", "Oracle Linux OVAL", "Oracle (unclear)", [new("oracle/com.oracle.elsa-all.xml.bz2", "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2")],
            static path => IsIn(path, "oracle", ".xml", ".xml.bz2", ".xml.gz"), OracleOval.Read),
        new("photon", "Photon OS", "Broadcom (unclear)", [.. PhotonSources()], static path => IsIn(path, "photon", ".xml", ".json"),
            static (stream, path, problem) => path.EndsWith(".xml", StringComparison.OrdinalIgnoreCase) ? PhotonOval.Read(stream, path, problem) : PhotonJson.Read(stream, path, problem)),
        new("azurelinux", "Azure Linux OVAL", "MIT", [.. AzureLinuxSources()], static path => IsIn(path, "azurelinux", ".xml"), AzureLinuxOval.Read),
        new("kev", "CISA known exploited vulnerabilities", "CC0-1.0",
            [new("kev/known_exploited_vulnerabilities.json", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json")], static path => IsIn(path, "kev", ".json"), KevCatalog.Read),
        new("epss", "EPSS scores", "FIRST (free with attribution)", [new("epss/epss_scores-current.csv.gz", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz")],
            static path => IsIn(path, "epss", ".csv", ".csv.gz"), EpssScores.Read),
    ];

    /// <summary>The ecosystems of OSV.dev that are asked for when nothing else is said.</summary>
    private static readonly string[] s_osv = ["PyPI", "npm", "Go", "crates.io", "Maven", "NuGet", "RubyGems", "Packagist", "Bitnami", "AlmaLinux", "Rocky Linux"];

    /// <summary>The feeds that are known by themselves; those of OSV.dev are as many as there are directories (<see cref="OfOsv"/>).</summary>
    public static IReadOnlyList<Feed> Feeds => s_feeds;

    /// <summary>A feed by its name; null when there is none of that name.</summary>
    public static Feed? Find(string name) =>
        name.StartsWith(OfOsvPrefix, StringComparison.Ordinal) && IsDirectory(name.AsSpan(OfOsvPrefix.Length)) ? OfOsv(name[OfOsvPrefix.Length..]) : Array.Find(s_feeds, f => f.Name == name);

    /// <summary>OSV.dev's feed of one of its ecosystems: <c>PyPI</c>, <c>Rocky Linux</c>, <c>GHSA</c>.</summary>
    public static Feed OfOsv(string ecosystem) => new(
        OfOsvPrefix + ecosystem,
        $"OSV {ecosystem}",
        "per source, mostly CC-BY-4.0",
        [new($"osv/{ecosystem}/all.zip", $"https://osv-vulnerabilities.storage.googleapis.com/{Uri.EscapeDataString(ecosystem)}/all.zip")],
        path => IsIn(path, $"osv/{ecosystem}", ".zip", ".json"),
        ReadOsv);

    /// <summary>What a server fetches that is told nothing else. Red Hat's advisories are not among it: VEX says the same and more.</summary>
    public static IEnumerable<Feed> Fetched() => s_feeds.Where(static f => f.Name != "redhat-advisories").Concat(s_osv.Select(OfOsv));

    /// <summary>Lower is more trusted. Feeds of OSV.dev come last, all equal but GHSA, whose words for severity the others lack.</summary>
    public static int RankOf(string name) => Array.FindIndex(s_feeds, f => f.Name == name) is >= 0 and var known ? known : s_feeds.Length + (name == "osv-GHSA" ? 0 : 1);

    private static bool IsDirectory(ReadOnlySpan<char> name) => name.Length > 0 && name is not ("." or "..") && !name.ContainsAny('/', '\\', '\0');

    private static IEnumerable<FeedSource> AlpineSources()
    {
        for (var minor = 12; minor <= 23; minor++)
        {
            foreach (var repository in (string[])["main", "community"])
                yield return new($"alpine/v3.{minor}/{repository}.json", $"https://secdb.alpinelinux.org/v3.{minor}/{repository}.json");
        }
    }

    private static IEnumerable<FeedSource> SuseSources() =>
        ((string[])["suse.linux.enterprise.server.12", "suse.linux.enterprise.server.15", "opensuse.leap.15.5", "opensuse.leap.15.6", "opensuse.tumbleweed"])
        .Select(static name => new FeedSource($"suse/{name}.xml.gz", $"https://ftp.suse.com/pub/projects/security/oval/{name}.xml.gz"));

    private static IEnumerable<FeedSource> PhotonSources() =>
        ((string[])["3.0", "4.0", "5.0"]).Select(static release => new FeedSource($"photon/cve_data_photon{release}.json", $"https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon{release}.json"));

    private static IEnumerable<FeedSource> AzureLinuxSources() =>
        ((string[])["azurelinux-3.0-oval.xml", "cbl-mariner-2.0-oval.xml"])
        .Select(static name => new FeedSource($"azurelinux/{name}", $"https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/{name}"));

    private static IEnumerable<object> ReadCsaf(Stream stream, string path, Action<string>? problem) =>
        path.EndsWith(CsafArchive.Extension, StringComparison.OrdinalIgnoreCase) ? CsafArchive.Read(stream, path, problem) : RedHatCsaf.Read(stream, path, problem);

    private static IEnumerable<object> ReadOsv(Stream stream, string path, Action<string>? problem) =>
        path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) ? Osv.ReadZip(stream, problem) : Osv.ReadFile(stream, path);

    private static bool IsIn(string path, string directory, params ReadOnlySpan<string> ends)
    {
        if (!path.StartsWith(directory, StringComparison.Ordinal) || path.Length <= directory.Length || path[directory.Length] != '/')
            return false;
        foreach (var end in ends)
        {
            if (path.EndsWith(end, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }
}
