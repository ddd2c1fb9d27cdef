using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Tests.Sboms;

/// <summary>What tools and people write of a distribution, and the ecosystem in which its packages are looked up for it.</summary>
public sealed class PurlDistroTests
{
    [Theory]
    // syft: ID-VERSION_ID of os-release
    [InlineData("debian-12", "debian:12")]
    [InlineData("ubuntu-22.04", "ubuntu:22.04")]
    [InlineData("alpine-3.18.4", "alpine:3.18")]
    [InlineData("alpine-3.19_alpha20230901", "alpine:edge")]
    [InlineData("rhel-8.6", "redhat:8")]
    [InlineData("centos-7", "redhat:7")]
    [InlineData("almalinux-8", "almalinux:8")]
    [InlineData("rocky-9.2", "rocky:9")]
    [InlineData("ol-8", "oracle:8")]
    [InlineData("amzn-2", "amazon:2")]
    [InlineData("amzn-2018.03", "amazon:1")]
    [InlineData("amzn-2023", "amazon:2023")]
    [InlineData("sles-15.3", "sles:15.3")]
    [InlineData("sles-12.5", "sles:12.5")]
    [InlineData("sles-15", "sles:15")]
    [InlineData("sle_hpc-15.4", "sles:15.4")]
    [InlineData("sle-micro-5.5", "sle-micro:5.5")]
    [InlineData("sl-micro-6.0", "sl-micro:6.0")]
    [InlineData("opensuse-leap-15.3", "opensuse-leap:15.3")]
    [InlineData("opensuse-tumbleweed-20240101", "opensuse-tumbleweed:")]
    [InlineData("photon-4.0", "photon:4.0")]
    [InlineData("mariner-2.0.20240123", "azurelinux:2.0")]
    [InlineData("azurelinux-3.0", "azurelinux:3.0")]
    [InlineData("wolfi-20230201", "wolfi")]
    [InlineData("chainguard-20230214", "chainguard")]
    // trivy: words of its own, and what else stands in the files that it reads
    [InlineData("redhat-8.6", "redhat:8")]
    [InlineData("centos-7.9.2009", "redhat:7")]
    [InlineData("alma-8.5", "almalinux:8")]
    [InlineData("oracle-8.4", "oracle:8")]
    [InlineData("amazon-2 (Karoo)", "amazon:2")]
    [InlineData("amazon-2023.3.20240131 (Amazon Linux)", "amazon:2023")]
    [InlineData("amazon-AMI release 2018.03", "amazon:1")]
    [InlineData("suse linux enterprise server-15.3", "sles:15.3")]
    [InlineData("suse linux enterprise micro-5.3", "sle-micro:5.3")]
    [InlineData("slem-5.4", "sle-micro:5.4")]
    [InlineData("opensuse.leap-15.3", "opensuse-leap:15.3")]
    [InlineData("opensuse.tumbleweed-20230101", "opensuse-tumbleweed:")]
    [InlineData("cbl-mariner-2.0.20220122", "azurelinux:2.0")]
    [InlineData("azurelinux-3.0.20240727", "azurelinux:3.0")]
    [InlineData("photon-3.0", "photon:3.0")]
    // People, grype's command line, tags of images
    [InlineData("sles-15-sp3", "sles:15.3")]
    [InlineData("sles-15 SP3", "sles:15.3")]
    [InlineData("sles-15sp3", "sles:15.3")]
    [InlineData("SLES-12-SP5", "sles:12.5")]
    [InlineData("sles-15-sp0", "sles:15")]
    [InlineData("suse-15.5", "sles:15.5")]
    [InlineData("suse-linux-enterprise-server-15-sp3", "sles:15.3")]
    [InlineData("opensuse-15.5", "opensuse-leap:15.5")]
    [InlineData("tumbleweed", "opensuse-tumbleweed:")]
    [InlineData("amazonlinux-2", "amazon:2")]
    [InlineData("amazon-linux-2023", "amazon:2023")]
    [InlineData("al2023", "amazon:2023")]
    [InlineData("amzn2", "amazon:2")]
    [InlineData("oraclelinux-9", "oracle:9")]
    [InlineData("oracle-linux-8.9", "oracle:8")]
    [InlineData("rhel:9.4", "redhat:9")]
    [InlineData("rhel9", "redhat:9")]
    [InlineData("red-hat-enterprise-linux-9.4", "redhat:9")]
    [InlineData("centos-stream-9", "redhat:9")]
    [InlineData("rocky-linux-8", "rocky:8")]
    [InlineData("photon-4", "photon:4.0")]
    [InlineData("azure-linux-3.0", "azurelinux:3.0")]
    [InlineData("alpine-v3.18", "alpine:3.18")]
    [InlineData("alpine-edge", "alpine:edge")]
    [InlineData("debian-sid", "debian:sid")]
    [InlineData("debian-unstable", "debian:sid")]
    [InlineData("debian-trixie/sid", "debian:sid")]
    [InlineData("debian-bookworm", "debian:12")]
    [InlineData("bookworm", "debian:12")]
    [InlineData("debian-12.5 (bookworm)", "debian:12")]
    [InlineData("ubuntu-jammy", "ubuntu:22.04")]
    [InlineData("jammy", "ubuntu:22.04")]
    [InlineData("ubuntu-22.04.3", "ubuntu:22.04")]
    [InlineData("ubuntu-22.04-LTS", "ubuntu:22.04")]
    [InlineData("wolfi", "wolfi")]
    public void The_qualifier_of_a_package_url_names_a_release(string qualifier, string ecosystem)
    {
        Assert.True(Purl.TryParse($"pkg:rpm/vendor/a@1-1?distro={Uri.EscapeDataString(qualifier)}", out _, out var distro));

        Assert.Equal(ecosystem, Lookup.EcosystemsOf(distro!)[0]);
    }

    [Theory]
    [InlineData("pkg:apk/alpine/a@1?distro=3.18.4", "alpine:3.18")]
    [InlineData("pkg:apk/wolfi/a@1", "wolfi")]
    // Docker Scout
    [InlineData("pkg:deb/debian/a@1?os_distro=bookworm&os_name=debian&os_version=12", "debian:12")]
    [InlineData("pkg:rpm/redhat/a@1?os_name=redhatlinux&os_version=9.4", "redhat:9")]
    [InlineData("pkg:apk/alpine/a@1?os_version=3.18", "alpine:3.18")]
    // cdxgen
    [InlineData("pkg:deb/debian/a@1?arch=all&distro_name=bullseye", "debian:11")]
    [InlineData("pkg:deb/debian/a@1?distro=debian-12&distro_name=bullseye", "debian:12")]
    public void The_vendor_and_other_qualifiers_name_it_too(string purl, string ecosystem)
    {
        Assert.True(Purl.TryParse(purl, out _, out var distro));

        Assert.Equal(ecosystem, Lookup.EcosystemsOf(distro!)[0]);
    }

    [Theory]
    [InlineData("pkg:deb/debian/a@1")]
    [InlineData("pkg:deb/debian/a@1?distro=debian")]
    [InlineData("pkg:rpm/a@1?distro=")]
    [InlineData("pkg:rpm/a@1?distro=9")]
    public void A_name_without_a_release_leaves_it_to_the_operating_system(string purl)
    {
        Assert.True(Purl.TryParse(purl, out _, out var distro));

        Assert.Null(distro);
    }

    [Theory]
    [InlineData("debian", "12", "debian:12")]
    [InlineData("Debian GNU/Linux", "12 (bookworm)", "debian:12")]
    [InlineData("debian", "bookworm/sid", "debian:sid")]
    [InlineData("ubuntu", "22.04.3 LTS (Jammy Jellyfish)", "ubuntu:22.04")]
    [InlineData("Alpine Linux", "v3.18.4", "alpine:3.18")]
    [InlineData("alpine", "edge", "alpine:edge")]
    [InlineData("redhat", "8.6", "redhat:8")]
    [InlineData("Red Hat Enterprise Linux", "8.6 (Ootpa)", "redhat:8")]
    [InlineData("Red Hat Enterprise Linux 9.4 (Plow)", "", "redhat:9")]
    [InlineData("CentOS Linux", "7 (Core)", "redhat:7")]
    [InlineData("Rocky Linux", "9.2 (Blue Onyx)", "rocky:9")]
    [InlineData("Oracle Linux Server", "8.9", "oracle:8")]
    [InlineData("amazon", "2 (Karoo)", "amazon:2")]
    [InlineData("amazon", "AMI release 2018.03", "amazon:1")]
    [InlineData("Amazon Linux", "2023", "amazon:2023")]
    [InlineData("suse linux enterprise server", "15.3", "sles:15.3")]
    [InlineData("SLES", "15-SP3", "sles:15.3")]
    [InlineData("SUSE Linux Enterprise Server 15 SP3", "", "sles:15.3")]
    [InlineData("opensuse.leap", "15.5", "opensuse-leap:15.5")]
    [InlineData("openSUSE Leap", "15.5", "opensuse-leap:15.5")]
    [InlineData("openSUSE Tumbleweed", "20240101", "opensuse-tumbleweed:")]
    [InlineData("VMware Photon OS", "4.0", "photon:4.0")]
    [InlineData("CBL-Mariner", "2.0.20240123", "azurelinux:2.0")]
    [InlineData("Common Base Linux Mariner", "2.0", "azurelinux:2.0")]
    [InlineData("Microsoft Azure Linux", "3.0", "azurelinux:3.0")]
    // lsb_release -i
    [InlineData("RedHatEnterprise", "9.3", "redhat:9")]
    [InlineData("OracleServer", "8.9", "oracle:8")]
    [InlineData("wolfi", "", "wolfi")]
    public void The_component_of_the_operating_system_names_it(string name, string version, string ecosystem) =>
        Assert.Equal(ecosystem, Lookup.EcosystemsOf(PurlDistro.Of(name, version))[0]);
}
