using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class AlpineSecdbTests
{
    [Fact]
    public void What_never_was_affected_stands_under_version_0()
    {
        var advisories = AlpineSecdb.Read(TestData.Open("alpine-secdb-3.18-partial", "main.json"), "alpine/v3.18/main.json").ToList();

        Assert.Equal(126, advisories.Count);
        Assert.All(advisories, static a => Assert.Equal("alpine:3.18", Assert.Single(a.Affected).Ecosystem));
        Assert.Equal((Status.NotAffected, 0), Said(advisories, "CVE-2021-42373"));
        Assert.Equal((Status.Affected, 1), Said(advisories, "CVE-2017-16544"));
        var awk = Assert.Single(advisories, static a => a.Id == "CVE-2017-16544");
        Assert.Equal(("busybox", new VersionRange(null, "1.27.2-r4")), (awk.Affected[0].Name, awk.Affected[0].Ranges[0]));

        static (Status, int) Said(List<Advisory> advisories, string id) =>
            (advisories.Single(a => a.Id == id).Affected[0].Status, advisories.Single(a => a.Id == id).Affected[0].Ranges.Count);
    }

    [Theory]
    [InlineData("""["CVE-2016-9932 XSA-200"]""", "CVE-2016-9932 = XSA-200")]
    [InlineData("""["CVE-2017-10913 XSA-218", "CVE-2017-10914  XSA-218"]""", "CVE-2017-10913; CVE-2017-10914")]
    [InlineData("""["CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI"]""", "CVE-2017-5753; CVE-2017-5715")]
    [InlineData("""["CVE_2019-2426", "CVE-2017-17434-1", "CVE-2017-17434-2", "CVE 2018-16859"]""", "CVE-2019-2426; CVE-2017-17434; CVE-2018-16859")]
    [InlineData("""["CVE-2018-10103 (SMB - partially fixed, but SMB-1 printing disabled)"]""", "CVE-2018-10103")]
    [InlineData("""["CVE-2020-1234 GHSA-jfh8-c2jp-5v3q"]""", "CVE-2020-1234 = GHSA-jfh8-c2jp-5v3q")]
    [InlineData("""["CVE-????-?????  XSA-295", "ALPINE-13661"]""", "XSA-295; ALPINE-13661")]
    [InlineData("""["", null, 5, "fixed"]""", "")]
    public void An_entry_may_have_several_names(string entries, string expected)
    {
        var advisories = Read("""{"packages":[{"pkg":{"name":"xen","secfixes":{"4.7.1-r3":""" + entries + "}}}]}");

        Assert.Equal(expected, string.Join("; ", advisories.Select(static a => a.Aliases.Count == 0 ? a.Id : $"{a.Id} = {string.Join(", ", a.Aliases)}")));
    }

    [Fact]
    public void What_two_versions_fix_was_not_fixed_by_the_first()
    {
        var advisories = AlpineSecdb.Read(TestData.Open("alpine-secdb-2020", "v3.11", "main.json"), "main.json").ToList();

        var row = advisories.Single(static a => a.Id == "CVE-2019-5747").Affected[0];
        Assert.Equal("alpine:3.11", row.Ecosystem);
        Assert.Equal(["1.30.1-r2", "1.29.3-r10"], row.Ranges.Select(static range => range.Fixed));
    }

    [Theory]
    [InlineData("wolfi/security.json", "wolfi")]
    [InlineData("chainguard/security.json", "chainguard")]
    public void Wolfi_and_Chainguard_have_one_release(string path, string ecosystem)
    {
        var advisories = AlpineSecdb.Read(TestData.Open("samples", "chainguard-secdb-sample", "input", "secdb", "security.json"), path).ToList();

        Assert.Equal(197, advisories.Count);
        Assert.All(advisories, a => Assert.Equal(ecosystem, a.Affected[0].Ecosystem));
        Assert.Equal(19, advisories.Count(static a => a.Affected[0].Status == Status.NotAffected));
    }

    /// <summary>The number of pairs of package and name was counted by another program over the same files.</summary>
    [Fact]
    public void All_files_of_2020_are_read()
    {
        var problems = new List<string>();
        var files = Directory.GetFiles(TestData.Path("alpine-secdb-2020"), "*.json", SearchOption.AllDirectories);

        var advisories = files.SelectMany(file => AlpineSecdb.Read(File.OpenRead(file), Path.GetRelativePath(TestData.Path(), file), problems.Add)).ToList();

        Assert.Equal(11_881, advisories.Count);
        Assert.Equal("alpine-secdb-2020/v3.6/main.json: heimdal: not a version with a list: 7.4.0-r0", Assert.Single(problems));
    }

    [Fact]
    public void A_release_that_is_no_text_is_told_and_the_path_counts()
    {
        var problems = new List<string>();
        const string json = """{"distroversion":"\ud800","packages":[{"pkg":{"name":"a","secfixes":{"1-r0":["CVE-2020-1234"]}}}]}""";

        var advisory = Assert.Single(AlpineSecdb.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "alpine/v3.18/main.json", problems.Add));

        Assert.Equal("alpine:3.18", advisory.Affected[0].Ecosystem);
        Assert.Single(problems);
    }

    [Fact]
    public void A_file_of_no_release_is_invalid() =>
        Assert.Throws<InvalidDataException>(() => AlpineSecdb.Read(new MemoryStream("""{"packages":[{}]}"""u8.ToArray()), "alpine/main.json").ToList());

    [Fact]
    public void Broken_files_are_invalid_or_read_in_part() =>
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("alpine-secdb-3.18-partial", "main.json")), "alpine/v3.18/main.json", AlpineSecdb.Read);

    private static List<Advisory> Read(string json) => [.. AlpineSecdb.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "alpine/edge/main.json")];
}
