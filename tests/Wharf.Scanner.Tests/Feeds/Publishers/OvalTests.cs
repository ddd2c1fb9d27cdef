using System.IO.Compression;
using System.Text;
using ICSharpCode.SharpZipLib.BZip2;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class OvalTests
{
    [Fact]
    public void Oracle_names_what_differs_between_architectures()
    {
        var errata = Read(OracleOval.Read, "samples/oracle/mock_per_arch_data", "oracle/x.xml");

        Assert.Equal(["ELSA-2022-4803", "ELSA-2025-10073", "ELSA-2024-2961"], errata.Select(static a => a.Id));
        Assert.Equal((Severity.High, "CVE-2022-24903"), (errata[0].Severity, Assert.Single(errata[0].Fixes)));
        Assert.Equal(["CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"], errata[0].Cvss);
        Assert.Equal(new DateTimeOffset(2022, 5, 31, 0, 0, 0, TimeSpan.Zero), errata[0].Published);
        Assert.Equal(18 * 2, errata[0].Affected.Count);
        Assert.Equal(
            ["oracle:7 rsyslog aarch64 [,8.24.0-57.0.4.el7_9.3)", "oracle:7 rsyslog x86_64 [,8.24.0-57.0.1.el7_9.3)"],
            Rows(errata[0]).Where(static row => row.Contains(" rsyslog ", StringComparison.Ordinal)));
        Assert.Equal(["oracle:10 firefox  [,128.12.0-1.0.1.el10_0)"], Rows(errata[1]));
        // Two builds of one update: all of it must be there.
        Assert.Contains("oracle:8 osbuild  [,110-1.0.1.el8)", Rows(errata[2]));
        Assert.All(errata[2].Affected, static row => Assert.Null(row.Arch));
    }

    [Fact]
    public void Oracle_builds_for_Ksplice_and_ordinary_ones_do_not_fix_each_other()
    {
        var ksplice = Assert.Single(Read(OracleOval.Read, "samples/oracle/mock_ksplice_data", "oracle/x.xml"));
        var fips = Definition("""<criterion comment="gnutls is earlier than 10:3.6.16-4.0.1.el8_fips"/><criterion comment="Module nodejs:18 is enabled"/>""");

        Assert.Contains("oracle:8 openssl  [2:0,2:1.1.1g-15.ksplice1.el8_3)", Rows(ksplice));
        // What is debugged with is left out, and what one architecture alone has says so.
        Assert.Equal(5, ksplice.Affected.Count);
        Assert.Equal("aarch64", ksplice.Affected.Single(static row => row.Name == "openssl-static").Arch);
        Assert.Equal("nodejs:18 oracle:8 gnutls  [10:0,10:3.6.16-4.0.1.el8_fips)", $"{fips.Affected[0].Module} {Rows(fips).Single()}");
    }

    [Fact]
    public void Oracle_may_be_packed_with_bzip2()
    {
        var packed = Bzip2(File.ReadAllBytes(TestData.Path("samples", "oracle", "mock_data")));

        var errata = OracleOval.Read(new MemoryStream(packed), "oracle/com.oracle.elsa-all.xml.bz2").ToList();

        Assert.Equal(["ELSA-2007-0057", "ELSA-2018-4250"], errata.Select(static a => a.Id));
        Assert.Equal(["CVE-2007-0493", "CVE-2007-0494"], errata[0].Fixes);
        Assert.Contains("oracle:5 bind-libs  [,30:9.3.3-8.el5)", Rows(errata[0]));
        Assert.Throws<InvalidDataException>(() => OracleOval.Read(new MemoryStream(packed[..^100]), "oracle/x.xml.bz2").ToList());
        Assert.Throws<InvalidDataException>(() => OracleOval.Read(new MemoryStream(), "oracle/x.xml.bz2").ToList());
    }

    [Fact]
    public void One_bzip2_file_may_be_several_streams()
    {
        var plain = File.ReadAllBytes(TestData.Path("samples", "oracle", "mock_data"));

        var errata = OracleOval.Read(new MemoryStream([.. Bzip2(plain[..5_000]), .. Bzip2(plain[5_000..])]), "oracle/x.xml.bz2");

        Assert.Equal(2, errata.Count());
    }

    [Fact]
    public void Suse_speaks_of_products_and_their_modules()
    {
        var problems = new List<string>();
        var list = Read(SuseOval.Read, "samples/suse/suse_truncated.xml", "suse/suse.linux.enterprise.server.15.xml", problems);

        Assert.Empty(problems);
        Assert.Equal(["CVE-1999-0524", "CVE-2021-29154", "CVE-2010-1323", "CVE-2026-34073"], list.Select(static a => a.Id));
        Assert.Equal(["sles:15 kernel-default NotAffected ", "sles:15 kernel-source NotAffected "], list[0].Affected.Select(static row => $"{row.Ecosystem} {row.Name} {row.Status} {Ranges(row)}"));
        Assert.Contains("sles:15.1 kernel-default  [,4.12.14-197.89.2)", Rows(list[1]));
        Assert.Contains("sles:15 kernel-docs  [,4.12.14-150.72.2)", Rows(list[1]));
        Assert.Contains("sles:15.3 kernel-default-extra  [,5.3.18-59.5.2)", Rows(list[1]));
        Assert.Equal((Severity.High, "CVSS:3.1/AV:L/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:H"), (list[1].Severity, Assert.Single(list[1].Cvss)));
        Assert.Equal(8, list[2].Affected.Count);
        Assert.Contains("sles:15 krb5-plugin-kdb-ldap  [,1.15.2-4.25)", Rows(list[2]));
        Assert.Equal("https://www.suse.com/security/cve/CVE-2026-34073", list[3].Links[0]);
    }

    [Theory]
    [InlineData("SUSE Linux Enterprise Server 15 SP3", "sles:15.3")]
    [InlineData("SUSE Linux Enterprise Server 15 SP1-LTSS", "sles:15.1")]
    [InlineData("SUSE Linux Enterprise Server 15-LTSS", "sles:15")]
    [InlineData("SUSE Linux Enterprise Module for Basesystem 15 SP5", "sles:15.5")]
    [InlineData("SUSE Linux Enterprise Micro 5.2", "sle-micro:5.2")]
    [InlineData("openSUSE Leap 15.5", "opensuse-leap:15.5")]
    [InlineData("openSUSE Tumbleweed", "opensuse-tumbleweed:")]
    [InlineData("SUSE Manager Server 4.1", null)]
    [InlineData("SUSE Linux Enterprise Server", null)]
    public void Platforms_of_Suse_are_what_os_release_says(string platform, string? ecosystem) => Assert.Equal(ecosystem, SusePlatform.Ecosystem(platform));

    [Fact]
    public void Photon_names_each_package_of_an_update()
    {
        var updates = Read(PhotonOval.Read, "photon/com.vmware.phsa-photon3.xml", "photon/com.vmware.phsa-photon3.xml");

        Assert.Equal((222, 778), (updates.Count, updates.Sum(static a => a.Affected.Count)));
        Assert.Equal(660, updates.Sum(static a => a.Fixes.Count));
        Assert.Equal(("PHSA-2020:00001", Severity.High, "CVE-2019-16168"), (updates[0].Id, updates[0].Severity, Assert.Single(updates[0].Fixes)));
        Assert.Equal(
            ["photon:3.0 sqlite  [,3.27.2-5.ph3)", "photon:3.0 sqlite-devel  [,3.27.2-5.ph3)", "photon:3.0 sqlite-libs  [,3.27.2-5.ph3)"],
            Rows(updates[0]));
    }

    [Fact]
    public void Photon_has_its_CVEs_as_json_too()
    {
        var problems = new List<string>();
        const string json = """
            [{"cve_id":"CVE-2023-38545","pkg":"curl","cve_score":9.8,"aff_ver":"all versions before 7.86.0-6.ph5 are vulnerable","res_ver":"7.86.0-6.ph5"},
             {"cve_id":"CVE-2023-44487","pkg":"httpd","cve_score":"7.5","aff_ver":"NA","res_ver":"NA","status":"Not Affected"},
             {"cve_id":"CVE-2023-50447","pkg":"python3-pillow","cve_score":null,"aff_ver":"NA","res_ver":"NA"},
             {"cve_id":"?","pkg":"x"}]
            """;

        var cves = PhotonJson.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "photon/cve_data_photon5.0.json", problems.Add).ToList();

        Assert.Equal(
            [
                ("CVE-2023-38545", Severity.Critical, Status.Affected, "photon:5.0 curl  [,7.86.0-6.ph5)"),
                ("CVE-2023-44487", Severity.High, Status.NotAffected, "photon:5.0 httpd  "),
                ("CVE-2023-50447", Severity.Unknown, Status.Affected, "photon:5.0 python3-pillow  "),
            ],
            cves.Select(static a => (a.Id, a.Severity, a.Affected[0].Status, Rows(a).Single())));
        Assert.All(cves, static a => Assert.True(a.Affected[0].OfSource));
        Assert.Single(problems);
        Assert.Throws<InvalidDataException>(() => PhotonJson.Read(new MemoryStream(), "photon/photon.json").ToList());
    }

    [Fact]
    public void Mariner_has_what_is_fixed_what_is_not_and_what_never_was_affected()
    {
        var list = Read(AzureLinuxOval.Read, "samples/mariner/mariner-truncated-2.0-oval.xml", "azurelinux/cbl-mariner-2.0-oval.xml");

        Assert.Equal(
            [
                ("CVE-2023-29404", Status.Affected, "azurelinux:2.0 golang  [1.19.0.cm2,1.20.7-1.cm2)"),
                ("CVE-2023-0687", Status.NotAffected, "azurelinux:2.0 glibc  "),
                ("CVE-2023-21980", Status.Affected, "azurelinux:2.0 mysql  [,8.0.33-1.cm2)"),
                ("CVE-2023-21977", Status.Affected, "azurelinux:2.0 mysql  [,8.0.33-1.cm2)"),
                ("CVE-2022-3736", Status.Affected, "azurelinux:2.0 bind  [,)9.16.33-1.cm2"),
            ],
            list.Select(static a => (a.Id, a.Affected[0].Status, Rows(a).Single())));
    }

    [Theory]
    [InlineData("azurelinux-3.0-oval.xml", 1_222, 1)]
    [InlineData("cbl-mariner-1.0-oval.xml", 2_252, 78)]
    public void Azure_Linux_is_read_whole(string file, int count, int notAffected)
    {
        var problems = new List<string>();
        using var zip = ZipFile.OpenRead(TestData.Path("oval", "azurelinux.zip"));

        var list = AzureLinuxOval.Read(zip.GetEntry(file)!.Open(), "azurelinux/" + file, problems.Add).ToList();

        Assert.Empty(problems);
        Assert.Equal((count, notAffected), (list.Count, list.Count(static a => a.Affected.Single().Status == Status.NotAffected)));
        Assert.DoesNotContain(list, static a => a.Severity == Severity.Unknown);
    }

    [Theory]
    [InlineData("<x/>")]
    [InlineData("<oval_definitions><definitions>")]
    [InlineData("<!DOCTYPE x [<!ENTITY a 'b'>]><oval_definitions/>")]
    [InlineData("")]
    public void What_is_no_oval_is_invalid(string xml) =>
        Assert.Throws<InvalidDataException>(() => OracleOval.Read(new MemoryStream(Encoding.UTF8.GetBytes(xml)), "oracle/x.xml").ToList());

    [Theory]
    [InlineData("<a>", 100)]
    [InlineData("<a b='", 20_000_000)]
    [InlineData("text ", 5_000_000)]
    [InlineData("<definition id='1'><criteria>", 60)]
    public void Xml_is_bounded_in_every_direction(string piece, int times)
    {
        using var xml = new MemoryStream();
        xml.Write("<oval_definitions><definitions>"u8);
        for (var i = 0; i < times && xml.Length < 20 << 20; i++)
            xml.Write(Encoding.UTF8.GetBytes(piece));

        Assert.Throws<InvalidDataException>(() => OracleOval.Read(new MemoryStream(xml.ToArray()), "oracle/x.xml").ToList());
    }

    [Fact]
    public void Names_of_elements_are_bounded()
    {
        var xml = new StringBuilder("<oval_definitions>");
        for (var i = 0; i < 20_000; i++)
            xml.Append("<n").Append(i).Append("/>");
        xml.Append("</oval_definitions>");

        Assert.Throws<InvalidDataException>(() => OracleOval.Read(new MemoryStream(Encoding.UTF8.GetBytes(xml.ToString())), "oracle/x.xml").ToList());
    }

    [Fact]
    public void Broken_documents_are_invalid_or_read_in_part()
    {
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("samples", "oracle", "mock_ksplice_data")), "oracle/x.xml", OracleOval.Read);
        Hostile.Mutate(Bzip2(File.ReadAllBytes(TestData.Path("samples", "oracle", "mock_data"))), "oracle/x.xml.bz2", OracleOval.Read);
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("samples", "suse", "suse_truncated.xml")), "suse/x.xml", SuseOval.Read);
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("photon", "com.vmware.phsa-photon3.xml"))[..30_000], "photon/x.xml", PhotonOval.Read);
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("samples", "mariner", "mariner-truncated-2.0-oval.xml")), "azurelinux/cbl-mariner-2.0-oval.xml", AzureLinuxOval.Read);
        Hostile.Mutate("""[{"cve_id":"CVE-2023-38545","pkg":"curl","cve_score":9.8,"res_ver":"7.86.0-6.ph5"}]"""u8.ToArray(), "photon/cve_data_photon5.0.json", PhotonJson.Read);
    }

    private static Advisory Definition(string criteria)
    {
        var xml = $"""
            <oval_definitions><definitions><definition id="1" class="patch"><metadata><reference source="elsa" ref_id="ELSA-1"/></metadata>
            <criteria operator="AND"><criterion comment="Oracle Linux 8 is installed"/>{criteria}</criteria></definition></definitions></oval_definitions>
            """;
        return OracleOval.Read(new MemoryStream(Encoding.UTF8.GetBytes(xml)), "oracle/x.xml").Single();
    }

    private static List<Advisory> Read(Func<Stream, string, Action<string>?, IEnumerable<Advisory>> read, string file, string path, List<string>? problems = null)
    {
        using var stream = TestData.Open(file.Split('/'));
        return [.. read(stream, path, problems is null ? null : problems.Add)];
    }

    private static byte[] Bzip2(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var bzip2 = new BZip2OutputStream(packed) { IsStreamOwner = false })
            bzip2.Write(plain);
        return packed.ToArray();
    }

    private static IEnumerable<string> Rows(Advisory advisory) => advisory.Affected.Select(static row => $"{row.Ecosystem} {row.Name} {row.Arch} {Ranges(row)}");

    private static string Ranges(Affected row) => string.Join(' ', row.Ranges.Select(static r => $"[{r.Introduced},{r.Fixed}){r.LastAffected}"));
}
