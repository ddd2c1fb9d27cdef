using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class AmazonUpdateInfoTests
{
    private const string Updates = """
        <?xml version="1.0" ?>
        <updates>
          <update author="linux-security@amazon.com" from="linux-security@amazon.com" status="final" type="security" version="1.4">
            <id>ALAS2-2018-949</id>
            <title>Amazon Linux 2 - ALAS2-2018-949: important priority package update for java-1.7.0-openjdk</title>
            <issued date="2018-02-08 21:45" />
            <updated date="2018-02-15 21:45" />
            <severity>important</severity>
            <description>Package updates are available for Amazon Linux 2.</description>
            <references>
              <reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2018-2677" id="CVE-2018-2677" title="" type="cve" />
              <reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2018-2599" id="CVE-2018-2599" title="" type="cve" />
            </references>
            <pkglist>
              <collection short="amazon-linux-2---core">
                <name>Amazon Linux 2 core</name>
                <package arch="x86_64" epoch="1" name="java-1.7.0-openjdk" release="2.6.13.0.amzn2" version="1.7.0.171"><filename>Packages/x.rpm</filename></package>
                <package arch="aarch64" epoch="1" name="java-1.7.0-openjdk" release="2.6.13.0.amzn2" version="1.7.0.171"><filename>Packages/x.rpm</filename></package>
                <package arch="noarch" epoch="1" name="java-1.7.0-openjdk-javadoc" release="2.6.13.0.amzn2" version="1.7.0.171"><filename>Packages/x.rpm</filename></package>
                <package arch="x86_64" epoch="1" name="java-1.7.0-openjdk-debuginfo" release="2.6.13.0.amzn2" version="1.7.0.171"><filename>Packages/x.rpm</filename></package>
              </collection>
            </pkglist>
          </update>
          <update type="security"><id>ALAS2-2018-950</id></update>
        </updates>
        """;

    [Theory]
    [InlineData("amazon/2/updateinfo.xml", "amazon:2")]
    [InlineData("amazon/2023/updateinfo.xml.gz", "amazon:2023")]
    [InlineData("amazon/al2023/updateinfo.xml", "amazon:2023")]
    [InlineData("amazon/2018.03/updateinfo.xml", "amazon:1")]
    [InlineData("amazon/2/extras/php8.0/updateinfo.xml", "amazon:2")]
    [InlineData("amazon/core/updateinfo.xml", "amazon:2")]
    public void An_update_names_its_packages_and_the_CVEs_that_they_fix(string path, string ecosystem)
    {
        var problems = new List<string>();

        var update = Assert.Single(AmazonUpdateInfo.Read(new MemoryStream(path.EndsWith(".gz", StringComparison.Ordinal) ? Gzip(Updates) : Encoding.UTF8.GetBytes(Updates)), path, problems.Add));

        Assert.Equal(("ALAS2-2018-949", Severity.High), (update.Id, update.Severity));
        Assert.Equal(["CVE-2018-2677", "CVE-2018-2599"], update.Fixes);
        Assert.Equal(new DateTimeOffset(2018, 2, 8, 21, 45, 0, TimeSpan.Zero), update.Published);
        Assert.Equal(
            [(ecosystem, "java-1.7.0-openjdk", (string?)null, "1:1.7.0.171-2.6.13.0.amzn2"), (ecosystem, "java-1.7.0-openjdk-javadoc", null, "1:1.7.0.171-2.6.13.0.amzn2")],
            update.Affected.Select(static row => (row.Ecosystem, row.Name, row.Arch, row.Ranges.Single().Fixed!)));
        Assert.Equal(path + ": an update without a name or packages", Assert.Single(problems));
    }

    [Theory]
    // PHP 8.0 does not fix 5.4 and 7.4, which stand beside it; what of a topic is versioned otherwise is of all
    [InlineData("ALAS2PHP8.0-2023-005", "php", "8.0.30", ">= 8.0, < 8.0.30-1.amzn2")]
    [InlineData("ALASKERNEL-5.10-2022-001", "kernel", "5.10.75", ">= 5.10, < 5.10.75-1.amzn2")]
    [InlineData("ALAS2POSTGRESQL14-2023-001", "postgresql", "14.7", ">= 14, < 14.7-1.amzn2")]
    [InlineData("ALAS2POSTGRESQL1-2023-001", "postgresql", "14.7", "< 14.7-1.amzn2")]
    [InlineData("ALAS2PHP8.0-2023-005", "php-pear", "1.10.5", "< 1.10.5-1.amzn2")]
    [InlineData("ALAS2DOCKER-2021-001", "docker", "20.10.7", "< 20.10.7-1.amzn2")]
    [InlineData("ALAS2-2018-949", "a", "2.1", "< 2.1-1.amzn2")]
    public void A_topic_of_extras_fixes_its_own_versions(string id, string name, string version, string versions)
    {
        var xml = $"""<updates><update><id>{id}</id><pkglist><collection><package arch="x86_64" epoch="0" name="{name}" version="{version}" release="1.amzn2"/></collection></pkglist></update></updates>""";

        var update = Assert.Single(AmazonUpdateInfo.Read(new MemoryStream(Encoding.UTF8.GetBytes(xml)), "amazon/2/updateinfo.xml"));

        Assert.Equal(versions, update.Affected.Single().Ranges.Single().ToString());
    }

    [Theory]
    [InlineData("amazon/2/updateinfo.xml", "<rss/>")]
    [InlineData("amazon/2/updateinfo.xml", "<updates><update>")]
    [InlineData("amazon/2/updateinfo.xml.gz", "<updates/>")]
    public void What_is_no_updateinfo_is_invalid(string path, string content) =>
        Assert.Throws<InvalidDataException>(() => AmazonUpdateInfo.Read(new MemoryStream(Encoding.UTF8.GetBytes(content)), path).ToList());

    [Fact]
    public void Broken_documents_are_invalid_or_read_in_part()
    {
        Hostile.Mutate(Encoding.UTF8.GetBytes(Updates), "amazon/2/updateinfo.xml", AmazonUpdateInfo.Read);
        Hostile.Mutate(Gzip(Updates), "amazon/2/updateinfo.xml.gz", AmazonUpdateInfo.Read);
    }

    private static byte[] Gzip(string plain)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(plain));
        return packed.ToArray();
    }
}
