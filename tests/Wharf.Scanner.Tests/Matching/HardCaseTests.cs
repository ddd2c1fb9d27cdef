using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>The causes of wrong findings, each on a feed made for it.</summary>
public sealed class HardCaseTests : IDisposable
{
    private static readonly Distro s_rhel9 = new("rhel", "9.4");
    private static readonly Distro s_oracle8 = new("ol", "8.9");
    private static readonly Distro s_debian12 = new("debian", "12");

    private readonly DirectoryInfo _at = Directory.CreateTempSubdirectory("wharf-hard-");
    private readonly List<FeedSet> _feeds = [];

    [Theory]
    // Two intervals with a fixed version between them
    [InlineData("3.9.18-3.el9_4.4", true)]
    [InlineData("3.9.18-3.el9_4.5", false)]
    [InlineData("3.9.19-1.el9", true)]
    [InlineData("3.9.19-8.el9_5", false)]
    public void Intervals_are_kept_apart(string version, bool isFound)
    {
        var advisory = Of("CVE-2024-1", Row("redhat:9", "python3", new(null, "3.9.18-3.el9_4.5"), new("3.9.19-0", "3.9.19-8.el9_5")));

        Assert.Equal(isFound, IsFound(Match([("redhat-vex", [advisory])], s_rhel9, Rpm("python3", version)), "CVE-2024-1"));
    }

    [Theory]
    [InlineData("3.9.18-3.el9_4.4", "RHSA-1 RHSA-2")]
    [InlineData("3.9.18-3.el9_4.5", "")]
    [InlineData("3.9.18-3.el9_4.9", "")]
    [InlineData("3.9.19-1.el9", "RHSA-2")]
    [InlineData("3.9.19-7.el9_5", "RHSA-2")]
    [InlineData("3.9.19-8.el9_5", "")]
    public void Updates_of_two_minor_releases_each_count_in_their_own(string version, string aliases)
    {
        var first = Of("RHSA-1", Row("redhat:9", "python3", new VersionRange(null, "3.9.18-3.el9_4.5"))) with { Fixes = ["CVE-2024-1"] };
        var second = Of("RHSA-2", Row("redhat:9", "python3", new VersionRange(null, "3.9.19-8.el9_5"))) with { Fixes = ["CVE-2024-1"] };

        var findings = Match([("redhat-advisories", [first, second])], s_rhel9, Rpm("python3", version)).Findings;

        Assert.Equal(aliases, string.Join(' ', findings.SelectMany(static f => f.Aliases)));
    }

    [Fact]
    public void What_was_never_affected_is_no_finding_and_is_shown_as_suppressed()
    {
        var never = Of("CVE-2024-1", Row("debian:12", "zlib") with { Status = Status.NotAffected });

        var result = Match([("debian-tracker", [never])], s_debian12, new Package { Type = PackageType.Deb, Name = "zlib1g", Source = "zlib", Version = "1:1.2.13" });

        Assert.Empty(result.Findings);
        Assert.Equal(Reason.Feed, Assert.Single(result.Suppressed).Reason);
    }

    [Theory]
    [InlineData("x86_64", "1.0-1.el8", true)]
    [InlineData("x86_64", "1.0-2.el8", false)]
    [InlineData("aarch64", "1.0-2.el8", true)]
    [InlineData("aarch64", "1.0-3.el8", false)]
    [InlineData("i686", "1.0-1.el8", true)]
    [InlineData("i686", "1.0-2.el8", false)]
    [InlineData("arm64", "1.0-2.el8", true)]
    public void Each_architecture_has_its_own_fix(string arch, string version, bool isFound)
    {
        var advisory = Of("ELSA-1", Row("oracle:8", "a", new VersionRange(null, "1.0-2.el8")) with { Arch = "x86_64" }, Row("oracle:8", "a", new VersionRange(null, "1.0-3.el8")) with { Arch = "aarch64" })
            with
        { Fixes = ["CVE-2024-1"] };

        Assert.Equal(isFound, IsFound(Match([("oracle", [advisory])], s_oracle8, Rpm("a", version) with { Arch = arch }), "CVE-2024-1"));
    }

    [Theory]
    [InlineData("openshift:4.16::el9", "openshift:4", true)]
    [InlineData("openshift:4.16::el9", "openshift:4.16::el9", true)]
    [InlineData("openshift:4.16::el8", "openshift:4.16::el9", false)]
    [InlineData("openshift:4.16::el9", "openshift:4.1", false)]
    [InlineData("openshift:40.1::el9", "openshift:4", false)]
    [InlineData("enterprise_linux:9::appstream", "rhel_eus:9.4::appstream", false)]
    // A label names one repository of a release, whose packages come of all; one of another product alone none
    [InlineData("enterprise_linux:9::appstream", "enterprise_linux:9::baseos", true)]
    [InlineData("rhel_eus:9.4::appstream", "rhel_eus:9.4::baseos", true)]
    [InlineData("rhel_eus:9.4::appstream", "rhel_eus:9.2::baseos", false)]
    [InlineData("openshift:4.16::el9", "enterprise_linux:9::baseos", true)]
    [InlineData("openshift:4.16::el9", "rhel_eus:9.4::baseos", false)]
    public void A_product_is_meant_by_the_first_parts_of_its_version(string mine, string named, bool isFound)
    {
        var advisory = Of("CVE-2024-1", Row("redhat:9", "a") with { Cpe = "cpe:/a:redhat:" + named });

        var result = new Matcher(Feeds(("redhat-vex", [advisory]))).Match(new Inventory
        {
            Distro = s_rhel9,
            Components = [new Component { Package = Rpm("a", "1-1") }],
            Repositories = ["cpe:/a:redhat:" + mine],
        });

        Assert.Equal(isFound, IsFound(result, "CVE-2024-1"));
    }

    [Theory]
    // Until EUS has its own fix, or says that it is not affected, what is open in the ordinary stream is open, and no fix is to be had
    [InlineData("1.0-1.el9", null, "CVE-2024-1 Affected ")]
    [InlineData("1.0-1.el9", "1.0-1.el9_4.2", "CVE-2024-1 Affected 1.0-1.el9_4.2")]
    [InlineData("1.0-1.el9_4.2", "1.0-1.el9_4.2", "")]
    [InlineData("1.0-1.el9", "", "")]
    [InlineData("1.0-9.el9_7", null, "")]
    public void Extended_support_is_told_apart_from_the_ordinary_stream(string version, string? eus, string found)
    {
        var rows = new List<Affected> { Row("redhat:9", "a", new VersionRange(null, "1.0-9.el9_7")) with { Cpe = "cpe:/o:redhat:enterprise_linux:9::baseos" } };
        if (eus is not null)
        {
            rows.Add((eus.Length == 0 ? Row("redhat:9", "a") with { Status = Status.NotAffected } : Row("redhat:9", "a", new VersionRange(null, eus)))
                with
            { Cpe = "cpe:/o:redhat:rhel_eus:9.4::baseos" });
        }

        var result = new Matcher(Feeds(("redhat-vex", [Of("CVE-2024-1", [.. rows])]))).Match(new Inventory
        {
            Distro = s_rhel9,
            Components = [new Component { Package = Rpm("a", version) }],
            Repositories = ["cpe:/o:redhat:rhel_eus:9.4::baseos"],
        });

        Assert.Equal(found, string.Join(' ', result.Findings.Select(static f => $"{f.Id} {f.Status} {f.FixedIn}")));
    }

    [Theory]
    [InlineData("1.20.10-3.azl3", true)]
    [InlineData("1.20.10-4.azl3", true)]
    [InlineData("1.20.10-6.azl3", false)]
    public void Of_two_records_of_one_name_the_later_fix_counts(string version, bool isFound)
    {
        var records = new[] { "1.20.10-6.azl3", "1.20.10-4.azl3" }.Select(static f => (object)Of("CVE-2023-1393", Row("azurelinux:3.0", "x", new VersionRange(null, f)) with { OfSource = true })).ToArray();

        Assert.Equal(isFound, IsFound(Match([("azurelinux", records)], new Distro("azurelinux", "3.0"), Rpm("x", version)), "CVE-2023-1393"));
    }

    [Fact]
    public void Content_sets_tell_the_products()
    {
        var main = Of("CVE-2024-1", Row("redhat:9", "a", new VersionRange(null, "2-1")) with { Cpe = "cpe:/a:redhat:enterprise_linux:9::appstream" });
        var table = Of("content-sets", Row("redhat-content-set", "rhel-9-for-x86_64-appstream-rpms") with { Cpe = "cpe:/a:redhat:enterprise_linux:9::appstream" });
        var feeds = Feeds(("redhat-vex", [main]), ("redhat-repositories", [table]));

        var with = new Matcher(feeds).Match(new Inventory { Distro = s_rhel9, Components = [new Component { Package = Rpm("a", "1-1") }], Repositories = ["rhel-9-for-x86_64-appstream-rpms"] });
        var without = new Matcher(feeds).Match(new Inventory { Distro = s_rhel9, Components = [new Component { Package = Rpm("a", "1-1") }], Repositories = ["another"] });

        Assert.True(IsFound(with, "CVE-2024-1"));
        // What the table does not know says nothing: the ordinary repositories are taken
        Assert.True(IsFound(without, "CVE-2024-1"));
    }

    [Theory]
    // Without the table, names tell the streams
    [InlineData("rhel-9-for-x86_64-baseos-rpms", "2-1")]
    [InlineData("rhel-9-for-x86_64-baseos-eus-rpms", "1-9.el9_4")]
    [InlineData("rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_4", "1-9.el9_4")]
    [InlineData("rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_2", "")]
    [InlineData("rhel-9-for-x86_64-baseos-e4s-rpms", "")]
    [InlineData("ubi-9-baseos-rpms", "2-1")]
    public void A_content_set_that_is_in_no_table_is_told_by_its_name(string contentSet, string fixedIn)
    {
        var rows = Of("CVE-2024-1", Row("redhat:9", "a", new VersionRange(null, "2-1")) with { Cpe = "cpe:/o:redhat:enterprise_linux:9::baseos" },
            Row("redhat:9", "a", new VersionRange(null, "1-9.el9_4")) with { Cpe = "cpe:/o:redhat:rhel_eus:9.4::baseos" });

        var result = new Matcher(Feeds(("redhat-vex", [rows]))).Match(new Inventory { Distro = s_rhel9, Components = [new Component { Package = Rpm("a", "1-1") }], Repositories = [contentSet] });

        Assert.Equal(fixedIn, Assert.Single(result.Findings).FixedIn ?? "");
    }

    [Theory]
    [InlineData("2.4.6-97.el7.centos.4", "2.4.6-97.el7_9.5", true)]
    [InlineData("2.4.6-97.el7.centos.5", "2.4.6-97.el7_9.5", false)]
    [InlineData("2.4.6-97.el7.centos", "2.4.6-97.el7_9.5", true)]
    [InlineData("2.4.6-98.el7.centos", "2.4.6-97.el7_9.5", false)]
    [InlineData("1.0-5.el7_3", "1.0-5.el7_4", true)]
    [InlineData("1.0-5.module_el8.3.0+757+d382997d", "1.0-5.module+el8.3.0+8900+aa", false)]
    [InlineData("1.0-4.module_el8.3.0+757+d382997d", "1.0-5.module+el8.3.0+8900+aa", true)]
    public void A_rebuild_of_CentOS_is_as_good_as_its_original(string version, string @fixed, bool isFound) =>
        Assert.Equal(isFound, IsFound(Match([("redhat-vex", [Of("CVE-2024-1", Row("redhat:7", "a", new VersionRange(null, @fixed)))])], new Distro("centos", "7"), Rpm("a", version)), "CVE-2024-1"));

    [Theory]
    // A package with a version of its own is judged by its source's where the feed names sources
    [InlineData("5.34.1-488.azl3", true)]
    [InlineData("5.34.1-489.azl3", false)]
    public void A_source_has_its_own_version(string sourceVersion, bool isFound)
    {
        var feed = Of("CVE-2024-1", Row("azurelinux:3.0", "perl", new VersionRange(null, "5.34.1-489.azl3")) with { OfSource = true });
        var module = Rpm("perl-Time", "1.3-488.azl3") with { Source = "perl", SourceVersion = sourceVersion };

        Assert.Equal(isFound, IsFound(Match([("azurelinux", [feed])], new Distro("azurelinux", "3.0"), module), "CVE-2024-1"));
    }

    [Theory]
    [InlineData(PackageType.Deb, "linux-libc-dev", "linux", Reason.Kernel)]
    [InlineData(PackageType.Deb, "libc6-dbg", "glibc", Reason.Debug)]
    [InlineData(PackageType.Rpm, "kernel-headers", "kernel", Reason.Kernel)]
    [InlineData(PackageType.Rpm, "glibc-debuginfo", "glibc", Reason.Debug)]
    [InlineData(PackageType.Rpm, "php-dbg", "php", null)]
    public void Headers_and_symbols_are_suppressed(PackageType type, string name, string source, Reason? reason)
    {
        var row = type == PackageType.Deb ? Row("debian:12", source) : Row("almalinux:9", name);

        var result = Match([(type == PackageType.Deb ? "debian-tracker" : "osv-AlmaLinux", [Of("CVE-2024-1", row)])], type == PackageType.Deb ? s_debian12 : new Distro("almalinux", "9.4"),
            new Package { Type = type, Name = name, Source = source, Version = "1-1" });

        Assert.Equal(reason, result.Findings.Concat(result.Suppressed).Single().Reason);
    }

    [Theory]
    [InlineData("debian", true)]
    [InlineData("unheard", false)]
    public void A_file_of_a_distributions_package_is_spoken_of_by_the_distribution_if_it_speaks(string distro, bool isSuppressed)
    {
        var feeds = Feeds(("osv-PyPI", [Of("GHSA-1", Row("pypi", "requests", new VersionRange(null, "3")))]), ("debian-tracker", [Of("CVE-2024-2", Row("debian:12", "other"))]));

        var result = new Matcher(feeds).Match(new Inventory
        {
            Distro = new Distro(distro, "12"),
            Components = [new Component { Package = new Package { Type = PackageType.PyPI, Name = "requests", Version = "2" }, Layer = 3, OwnedBy = "python3-requests" }],
        });

        Assert.Equal(isSuppressed ? Reason.Ownership : null, result.Findings.Concat(result.Suppressed).Single().Reason);
    }

    [Theory]
    // The label tells, else the build, else the versions of the stream; what remains unknown hides nothing
    [InlineData("mariadb:10.3", "3:10.3.1-1.module_el8.6.0+1+a", "CVE-2024-103")]
    [InlineData(null, "3:10.3.32-2.module_el8.6.0+2867+72759d2f", "")]
    [InlineData(null, "3:10.3.1-1.module_el8.6.0+9+b", "CVE-2024-103")]
    [InlineData(null, "3:10.4.1-1.module_el8.6.0+9+b", "")]
    [InlineData("mariadb:10.5", "3:10.5.1-1.module_el8.6.0+1+a", "CVE-2024-105")]
    [InlineData("", "3:10.1-1.el8", "")]
    public void Streams_of_a_module_say_nothing_of_each_other(string? label, string version, string found)
    {
        var advisories = new[]
        {
            Of("ALSA-103", Row("almalinux:8", "mariadb", new VersionRange(null, "3:10.3.32-2.module_el8.6.0+2867+72759d2f")) with { Module = "mariadb:10.3" }) with { Fixes = ["CVE-2024-103"] },
            Of("ALSA-105", Row("almalinux:8", "mariadb", new VersionRange(null, "3:10.5.22-1.module_el8.8.0+3620+5d452900")) with { Module = "mariadb:10.5" }) with { Fixes = ["CVE-2024-105"] },
        };

        var result = Match([("osv-AlmaLinux", advisories)], new Distro("almalinux", "8.6"), Rpm("mariadb", version) with { Module = label });

        Assert.Equal(found, string.Join(' ', result.Findings.Select(static f => f.Id)));
    }

    [Fact]
    public void A_distributions_word_for_severity_goes_before_the_score_and_what_is_exploited_is_marked()
    {
        var mine = Of("CVE-2024-1", Row("debian:12", "zlib") with { Severity = Severity.Low }) with { Severity = Severity.Critical };
        var feeds = Feeds(("debian-tracker", [mine]), ("kev", [new Enrichment("CVE-2024-1") { Exploited = new DateOnly(2024, 5, 1) }]), ("epss", [new Enrichment("CVE-2024-1") { Epss = 0.5, EpssPercentile = 0.9 }]));

        var finding = Assert.Single(new Matcher(feeds).Match(new Inventory { Distro = s_debian12, Components = [new Component { Package = new Package { Type = PackageType.Deb, Name = "zlib", Version = "1" } }] }).Findings);

        Assert.Equal(Severity.Low, finding.Severity);
        Assert.Equal((new DateOnly(2024, 5, 1), 0.5, 0.9), (finding.Known?.Exploited, finding.Known?.Epss, finding.Known?.EpssPercentile));
    }

    [Fact]
    public void Each_package_is_looked_up_in_its_own_distribution()
    {
        var feeds = Feeds(("debian-tracker", [Of("CVE-2024-1", Row("debian:12", "zlib", new VersionRange(null, "2"))), Of("CVE-2024-2", Row("debian:11", "zlib", new VersionRange(null, "2")))]));
        var zlib = new Package { Type = PackageType.Deb, Name = "zlib", Version = "1" };

        var result = new Matcher(feeds).Match(new Inventory { Distro = s_debian12, Components = [new Component { Package = zlib }, new Component { Package = zlib, Distro = new Distro("debian", "11") }] });

        Assert.Equal(["CVE-2024-1", "CVE-2024-2"], result.Findings.Select(static f => f.Id));
    }

    [Theory]
    [InlineData(null, PackageType.Deb, "Nothing says which distribution")]
    [InlineData("solaris 11", PackageType.Deb, "No feed speaks of solaris 11")]
    [InlineData("debian 8", PackageType.Deb, "out of its publisher's free support since 2020-06-30")]
    [InlineData("debian 12", PackageType.Cargo, "No feed speaks of Cargo packages")]
    [InlineData("debian 12", PackageType.PyPI, "1 have no version that could be compared", "latest")]
    public void Silence_is_explained(string? distro, PackageType type, string warning, string installed = "1")
    {
        var feeds = Feeds(("debian-tracker", [Of("CVE-2024-1", Row("debian:12", "zlib"))]), ("osv-PyPI", [Of("CVE-2024-1", Row("pypi", "b"))]));

        var result = new Matcher(feeds).Match(new Inventory
        {
            Distro = distro?.Split(' ') is [var id, var version] ? new Distro(id, version) : null,
            Components = [new Component { Package = new Package { Type = type, Name = "a", Version = installed } }],
        });

        Assert.Contains(result.Warnings, w => w.Contains(warning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_two_sets_share_makes_them_one()
    {
        var result = Match(
            [("osv-PyPI", [Of("GHSA-1", Row("pypi", "a")) with { Aliases = ["X-1"] }, Of("PYSEC-1", Row("pypi", "a")) with { Aliases = ["X-2"] }, Of("X-3", Row("pypi", "a")) with { Aliases = ["X-1", "X-2", "CVE-2024-1"] }])],
            s_debian12, new Package { Type = PackageType.PyPI, Name = "a", Version = "1" });

        var finding = Assert.Single(result.Findings);
        Assert.Equal("CVE-2024-1", finding.Id);
        Assert.Equal(["GHSA-1", "PYSEC-1", "X-1", "X-2", "X-3"], finding.Aliases.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("sles_sap", "15.5", "sles:15.5")]
    [InlineData("sle-micro", "5.5", "sle-micro:5.5")]
    [InlineData("sl-micro", "6.0", "sl-micro:6.0")]
    [InlineData("opensuse-leap-micro", "5.5", "opensuse-leap-micro:5.5")]
    [InlineData("amzn", "2018.03", "amazon:1")]
    [InlineData("amzn", "2016.09", "amazon:1")]
    [InlineData("sles", "15.0", "sles:15")]
    [InlineData("sles", "16.0", "sles:16.0")]
    [InlineData("opensuse", "20240101", "opensuse-tumbleweed:")]
    [InlineData("amzn", "2023.3.20240108", "amazon:2023")]
    [InlineData("alpine", "3.18.4", "alpine:3.18")]
    [InlineData("alpine", "", "alpine:edge")]
    [InlineData("debian", "3.1", "debian:3.1")]
    [InlineData("debian", "10.13", "debian:10")]
    [InlineData("mariner", "2.0.20240123", "azurelinux:2.0")]
    [InlineData("photon", "3", "photon:3.0")]
    public void Each_distribution_is_looked_up_by_the_release_that_its_feed_names(string id, string version, string ecosystem) =>
        Assert.Equal(ecosystem, Assert.Single(Lookup.EcosystemsOf(new Distro(id, version))));

    [Theory]
    // Composer pads to four numbers first
    [InlineData("1.0", false)]
    [InlineData("v1.0.0.0", false)]
    [InlineData("1.0-beta1", true)]
    [InlineData("0.9.9", true)]
    [InlineData("0.9.x-dev", true)]
    [InlineData("1.0.x-dev", false)]
    [InlineData("dev-main", false)]
    public void Composer_holds_a_missing_number_for_none(string version, bool isFound) =>
        Assert.Equal(isFound, IsFound(Match([("osv-Packagist", [Of("GHSA-1", Row("composer", "a/b", new VersionRange(null, "1.0.0")))])], s_debian12, new Package { Type = PackageType.Composer, Name = "A/b", Version = version }), "GHSA-1"));

    public void Dispose()
    {
        foreach (var feeds in _feeds)
            feeds.Dispose();
        _at.Delete(recursive: true);
    }

    private static Advisory Of(string id, params Affected[] rows) => new() { Id = id, Affected = rows };

    private static Affected Row(string ecosystem, string name, params VersionRange[] ranges) => new() { Ecosystem = ecosystem, Name = name, Ranges = ranges };

    private static Package Rpm(string name, string version) => new() { Type = PackageType.Rpm, Name = name, Version = version, Arch = "x86_64" };

    private static bool IsFound(MatchResult result, string id) => result.Findings.Any(f => f.Id == id);

    private MatchResult Match((string Name, object[] Items)[] feeds, Distro distro, Package package) =>
        new Matcher(Feeds(feeds)).Match(new Inventory { Distro = distro, Components = [new Component { Package = package }] });

    private FeedSet Feeds(params (string Name, object[] Items)[] feeds)
    {
        var revisions = new List<FeedRevision>();
        foreach (var (name, items) in feeds)
        {
            var path = Path.Join(_at.FullName, $"{name}.feed");
            using (var writer = new RevisionWriter(path))
            {
                foreach (var item in items)
                {
                    if (item is Enrichment enrichment)
                        writer.Add(enrichment);
                    else
                        writer.Add((Advisory)item);
                }
                writer.Complete(name, "", DateTimeOffset.UnixEpoch);
            }
            revisions.Add(FeedRevision.Open(path));
        }
        var set = new FeedSet(revisions);
        _feeds.Add(set);
        return set;
    }
}
