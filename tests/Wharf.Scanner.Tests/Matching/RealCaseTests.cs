using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Tests.Matching;

/// <summary>Single packages on the real feeds, each expectation read by hand in the publisher's data; package URLs as tools write them.</summary>
public sealed class RealCaseTests(FeedsFixture fixture)
{
    [Theory]
    // Backports and epochs: DSA-5380-1, [bullseye] - xorg-server 2:1.20.11-1+deb11u6
    [InlineData("pkg:deb/debian/xserver-xorg-core@2:1.20.11-1%2Bdeb11u5?arch=amd64&distro=debian-11&upstream=xorg-server", "CVE-2023-1393", "2:1.20.11-1+deb11u6")]
    [InlineData("pkg:deb/debian/xserver-xorg-core@1.20.11-1%2Bdeb11u5?epoch=2&distro=bullseye&upstream=xorg-server", "CVE-2023-1393", "2:1.20.11-1+deb11u6")]
    // The source's own version, of which the binary's says nothing
    [InlineData("pkg:deb/debian/xserver-xorg-core@99?distro=debian-11.6&upstream=xorg-server%402:1.20.11-1", "CVE-2023-1393", "2:1.20.11-1+deb11u6")]
    [InlineData("pkg:apk/chainguard/grafana@7.5.18-r0?distro=chainguard-20230214", "CVE-2021-36156", "7.5.19-r0")]
    [InlineData("pkg:apk/chainguard/grafana@7.5.18-r0", "CVE-2021-36156", "7.5.19-r0")]
    [InlineData("pkg:apk/alpine/ansible@2.9.2-r0?distro=alpine-3.11.6", "CVE-2019-14904", "2.9.3-r0")]
    [InlineData("pkg:apk/alpine/ansible@2.9.2-r0?distro=3.11.6", "CVE-2019-14904", "2.9.3-r0")]
    // USN-5614-1 and UBUNTU-CVE-2021-3782 are one
    [InlineData("pkg:deb/ubuntu/libwayland-client0@1.20.0-1?distro=ubuntu-22.04&upstream=wayland", "CVE-2021-3782", "1.20.0-1ubuntu0.1")]
    [InlineData("pkg:deb/ubuntu/libwayland-client0@1.20.0-1?distro=jammy&upstream=wayland", "USN-5614-1", "1.20.0-1ubuntu0.1")]
    // Only subscribers of Ubuntu Pro get the fix
    [InlineData("pkg:deb/ubuntu/libnetty-java@1:4.1.48-4%2Bdeb11u1build0.22.04.1?distro=ubuntu-22.04&upstream=netty", "CVE-2022-24823", null)]
    // Each minor release by its own update: 33.el9_7, 34.el9_8
    [InlineData("pkg:rpm/almalinux/xorg-x11-server-Xvfb@1.20.11-32.el9_7?arch=x86_64&distro=almalinux-9.7", "CVE-2026-34001", "1.20.11-34.el9_8")]
    [InlineData("pkg:rpm/almalinux/xorg-x11-server-Xvfb@1.20.11-33.el9_8?arch=x86_64&distro=almalinux-9.8", "CVE-2026-34001", "1.20.11-34.el9_8")]
    // Streams of one module, the label known; without one, the build tells
    [InlineData("pkg:rpm/almalinux/mysql@8.4.5-1.module_el9.6.0%2B170%2B00000000?distro=almalinux-9.6&rpmmod=mysql:8.4", "CVE-2025-21577", "8.4.6-1.module_el9.6.0+180+a4e757e5")]
    [InlineData("pkg:rpm/almalinux/mysql@8.0.42-1.el9_6?distro=almalinux-9.6", "CVE-2025-21577", "8.0.43-1.el9_6")]
    // Rocky names sources
    [InlineData("pkg:rpm/rocky/java-11-openjdk-headless@11.0.12.0.7-0.el8_4?epoch=1&distro=rocky-8.5&upstream=java-11-openjdk-11.0.12.0.7-0.el8_4.src.rpm", "CVE-2021-35550", "1:11.0.13.0.8-1.el8_4")]
    [InlineData("pkg:rpm/rocky-linux/java-11-openjdk@1:11.0.12.0.7-0.el8_4?distro=rocky-linux-8", "CVE-2021-35556", "1:11.0.13.0.8-1.el8_4")]
    // RHEL 9 has it in 9.el9_7; the fix of 9.4 EUS is none without its repository
    [InlineData("pkg:rpm/redhat/brotli@1.0.9-6.el9_4.1?arch=x86_64&distro=rhel-9.4", "CVE-2025-6176", "1.0.9-9.el9_7")]
    [InlineData("pkg:rpm/redhat/curl@7.76.1-26.el9?arch=x86_64&distro=rhel-9.3", "CVE-2023-38545", "7.76.1-26.el9_3.2")]
    [InlineData("pkg:rpm/centos/curl@7.76.1-26.el9?arch=x86_64&distro=centos-9", "CVE-2023-38545", "7.76.1-26.el9_3.2")]
    [InlineData("pkg:rpm/photon/sqlite-libs@3.27.2-4.ph3?distro=photon-3.0", "CVE-2019-16168", "3.27.2-5.ph3")]
    [InlineData("pkg:rpm/azurelinux/liboath@2.6.7-2.azl3?distro=azurelinux-3.0&upstream=oath-toolkit-2.6.7-2.azl3.src.rpm", "CVE-2024-47191", "2.6.7-3.azl3")]
    [InlineData("pkg:rpm/azurelinux/oath-toolkit@2.6.7-2.azl3?distro=azurelinux-3.0", "CVE-2024-47191", "2.6.7-3.azl3")]
    // Names: PEP 503, NuGet without case, a path of Go with %2F and v, Composer with v
    [InlineData("pkg:pypi/Django@1.11.22", "CVE-2019-14232", "1.11.23")]
    [InlineData("pkg:nuget/newtonsoft.json@12.0.3", "GHSA-5crp-9r3c-p9vr", "13.0.1")]
    [InlineData("pkg:golang/k8s.io%2Fkubernetes@v1.19.14", "CVE-2021-25741", "1.19.15")]
    [InlineData("pkg:golang/k8s.io/kubernetes@v1.19.15-0.20210901000000-abcdefabcdef", "CVE-2021-25741", "1.19.15")]
    // In lower case, as package URLs have it, what the feed names github.com/Azure/aad-pod-identity
    [InlineData("pkg:golang/github.com/azure/aad-pod-identity@v1.8.12", "CVE-2022-23551", "1.8.13")]
    [InlineData("pkg:gem/passenger@4.0.4-x86_64-linux", "CVE-2013-2119", "4.0.5")]
    [InlineData("pkg:composer/contao/core-bundle@v4.4.45", "CVE-2019-19745", "4.4.46")]
    [InlineData("pkg:bitnami/joomla@4.2.7-3?arch=amd64&distro=debian-11", "CVE-2023-23752", "4.2.8")]
    [InlineData("pkg:maven/org.bouncycastle/bcprov-jdk18on@1.77", "CVE-2024-30171", "1.78")]
    [InlineData("pkg:cargo/pnet_packet@0.27.1", "RUSTSEC-2020-0167", "0.27.2")]
    [InlineData("pkg:npm/jquery@2.1.4", "CVE-2016-10707", "3.0.0")]
    [InlineData("pkg:gem/passenger@4.0.4?platform=ruby", "CVE-2013-2119", "4.0.5")]
    public void What_is_affected_is_found_once_with_its_fix(string purl, string id, string? fixedIn)
    {
        var finding = Assert.Single(Match(purl).Findings, f => f.Id == id || f.Aliases.Contains(id));

        Assert.Equal(fixedIn, finding.FixedIn);
    }

    [Theory]
    [InlineData("pkg:deb/debian/xserver-xorg-core@2:1.20.11-1%2Bdeb11u6?distro=debian-11&upstream=xorg-server", "CVE-2023-1393")]
    // Built again without a change
    [InlineData("pkg:deb/debian/xserver-xorg-core@2:1.20.11-1%2Bdeb11u6%2Bb1?distro=debian-11&upstream=xorg-server", "CVE-2023-1393")]
    [InlineData("pkg:apk/chainguard/grafana@7.5.19-r0?distro=chainguard", "CVE-2021-36156")]
    [InlineData("pkg:deb/ubuntu/libwayland-client0@1.20.0-1ubuntu0.1?distro=ubuntu-22.04&upstream=wayland", "CVE-2021-3782")]
    [InlineData("pkg:deb/ubuntu/libnetty-java@1:4.1.48-4%2Bdeb11u2ubuntu0.1~esm1?distro=ubuntu-22.04&upstream=netty", "CVE-2022-24823")]
    [InlineData("pkg:rpm/almalinux/xorg-x11-server-Xvfb@1.20.11-33.el9_7?distro=almalinux-9.7", "CVE-2026-34001")]
    [InlineData("pkg:rpm/almalinux/mysql@8.0.43-1.el9_6?distro=almalinux-9.6", "CVE-2025-21577")]
    [InlineData("pkg:rpm/almalinux/mysql@8.0.43-1.el9_6?distro=almalinux-9.6&rpmmod=", "CVE-2025-21577")]
    [InlineData("pkg:rpm/almalinux/mysql@8.4.6-1.module_el9.6.0%2B180%2Ba4e757e5?distro=almalinux-9.6", "CVE-2025-21577")]
    [InlineData("pkg:rpm/redhat/curl@7.76.1-26.el9_3.2?arch=x86_64&distro=rhel-9.3", "CVE-2023-38545")]
    // 9.2 was the main stream when it was fixed there
    [InlineData("pkg:rpm/redhat/curl@7.76.1-23.el9_2.4?arch=x86_64&distro=rhel-9.2", "CVE-2023-38545")]
    // AlmaLinux's packages are of AlmaLinux's feed, Debian's are not of Alpine's
    [InlineData("pkg:rpm/almalinux/curl@7.76.1-1.el9?distro=debian-11", "CVE-2023-38545")]
    [InlineData("pkg:deb/debian/ansible@2.9.2-1?distro=alpine-3.11.6", "CVE-2019-14904")]
    [InlineData("pkg:pypi/django@1.11.23", "CVE-2019-14232")]
    [InlineData("pkg:nuget/Newtonsoft.Json@13.0.1.0", "GHSA-5crp-9r3c-p9vr")]
    [InlineData("pkg:golang/k8s.io/kubernetes@v1.19.15", "CVE-2021-25741")]
    [InlineData("pkg:golang/k8s.io/kubernetes@v1.19.16-0.20210901000000-abcdefabcdef", "CVE-2021-25741")]
    [InlineData("pkg:bitnami/joomla@4.2.8-0", "CVE-2023-23752")]
    [InlineData("pkg:gem/passenger@4.0.5-x86_64-linux", "CVE-2013-2119")]
    // Words for a version that nobody knows
    [InlineData("pkg:golang/github.com/gogo/protobuf@(devel)", "CVE-2021-3121")]
    [InlineData("pkg:pypi/django@latest", "CVE-2019-14232")]
    [InlineData("pkg:npm/jquery@%5E2.1.4", "CVE-2016-10707")]
    [InlineData("pkg:maven/org.bouncycastle/bcprov-jdk18on@%24%7Bbc2.version%7D", "CVE-2024-30171")]
    // Not a package of that name of another ecosystem
    [InlineData("pkg:gem/django@1.11.22", "CVE-2019-14232")]
    // An update that mends an update: DSA-4539-3
    [InlineData("pkg:deb/debian/openssl@1.1.1d-0%2Bdeb10u1?distro=debian-10", "DSA-4539-3")]
    // Withdrawn by Ubuntu
    [InlineData("pkg:deb/ubuntu/tpp@1.3.1-1?distro=ubuntu-14.04", "CVE-2013-2208")]
    public void What_is_not_affected_is_not_found(string purl, string id) =>
        Assert.DoesNotContain(Match(purl).Findings, f => f.Id == id || f.Aliases.Contains(id));

    [Theory]
    [InlineData("cpe:/o:redhat:rhel_eus:9.4::baseos")]
    [InlineData("cpe:/o:redhat:rhel_eus:9.4::baseos", "cpe:/o:redhat:enterprise_linux:9::baseos")]
    public void The_repository_of_extended_support_makes_its_fix_one(params string[] repositories)
    {
        var after = Match("pkg:rpm/redhat/brotli@1.0.9-6.el9_4.1?arch=x86_64&distro=rhel-9.4", repositories);
        var before = Match("pkg:rpm/redhat/brotli@1.0.9-6.el9?arch=x86_64&distro=rhel-9.4", repositories);

        Assert.DoesNotContain(after.Findings, static f => f.Id == "CVE-2025-6176");
        Assert.Contains(before.Findings, static f => f.Id == "CVE-2025-6176");
    }

    [Fact]
    public void An_update_of_several_vulnerabilities_is_an_alias_of_each()
    {
        var findings = Match("pkg:rpm/rocky/java-11-openjdk@1:11.0.12.0.7-0.el8_4?distro=rocky-8.5").Findings;

        Assert.Equal(10, findings.Count);
        Assert.All(findings, static f => Assert.Equal(["RLSA-2021:3891"], f.Aliases));
        Assert.All(findings, static f => Assert.StartsWith("CVE-2021-35", f.Id, StringComparison.Ordinal));
    }

    [Fact]
    public void Names_of_one_vulnerability_are_one_finding() =>
        Assert.Equal(["GHSA-c4qh-4vgv-qc6g", "PYSEC-2019-11"], Match("pkg:pypi/django@1.11.22").Findings.Single(static f => f.Id == "CVE-2019-14232").Aliases.Order(StringComparer.Ordinal));

    private MatchResult Match(string purl, params string[] repositories)
    {
        Assert.True(Purl.TryParse(purl, out var package, out var distro));
        return new Matcher(fixture.Feeds).Match(new Inventory { Distro = distro, Components = [new Component { Package = package! }], Repositories = repositories });
    }
}
