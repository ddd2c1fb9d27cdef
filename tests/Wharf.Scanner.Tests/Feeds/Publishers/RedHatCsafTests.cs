using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class RedHatCsafTests
{
    /// <summary>What another program counted over the same files: binary packages by product and module, those for debugging left out.</summary>
    [Theory]
    [InlineData("cve-2022-38752", 11, 0, 1_223)]
    [InlineData("cve-2023-0044", 0, 0, 0)]
    [InlineData("cve-2023-0118", 128, 0, 1_029)]
    [InlineData("cve-2023-38545", 32, 0, 149)]
    [InlineData("cve-2023-4154", 0, 0, 159)]
    [InlineData("cve-2023-42670", 0, 0, 159)]
    [InlineData("cve-2024-0727", 16, 18, 6)]
    [InlineData("cve-2025-40907", 15, 0, 0)] // one more for those without extended life
    [InlineData("cve-2025-6176", 97, 0, 0)]
    [InlineData("cve-2026-0968", 0, 9, 6)]
    [InlineData("cve-2026-2297", 0, 131, 0)]
    [InlineData("cve-2026-2673", 0, 36, 0)]
    [InlineData("cve-2026-27142", 2, 24, 1)]
    public void Every_package_of_every_product_has_a_row(string file, int isFixed, int affected, int notAffected)
    {
        var problems = new List<string>();

        var rows = RedHatCsaf.Read(TestData.Open("rhel", "csaf-vex", file + ".json"), $"redhat/vex/{file}.json", problems.Add).SelectMany(static a => a.Affected).ToList();

        Assert.Empty(problems);
        Assert.Equal((isFixed, affected, notAffected), (Count(static r => r.Ranges.Count > 0), Count(static r => r.Ranges.Count == 0 && r.Status != Status.NotAffected), Count(static r => r.Status == Status.NotAffected)));

        int Count(Func<Affected, bool> which) =>
            rows.Where(static r => !r.OfSource).Where(which).Select(static r => (r.Name, r.Cpe ?? r.Ecosystem, r.Module)).Distinct().Count();
    }

    [Fact]
    public void A_vex_file_says_what_is_fixed_and_what_will_not_be()
    {
        var openssl = Assert.Single(Vex("cve-2024-0727"));

        Assert.Equal(("CVE-2024-0727", Severity.Low, "openssl: denial of service via null dereference"), (openssl.Id, openssl.Severity, openssl.Summary));
        Assert.Equal(["CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H"], openssl.Cvss);
        Assert.Equal("https://access.redhat.com/security/cve/CVE-2024-0727", openssl.Links[0]);
        Assert.Equal(new DateTimeOffset(2024, 1, 22, 0, 0, 0, TimeSpan.Zero), openssl.Published);
        Assert.Equal(
            [
                "redhat:6 EndOfLife  Out of support scope ",
                "redhat:7 EndOfLife  Out of support scope ",
                "redhat:8 Affected  Fix deferred ",
                "redhat:9 Affected cpe:/a:redhat:enterprise_linux:9::appstream RHSA-2024:2447 [,1:3.0.7-27.el9)",
                "redhat:9 Affected cpe:/o:redhat:enterprise_linux:9::baseos RHSA-2024:2447 [,1:3.0.7-27.el9)",
            ],
            Of(openssl, "openssl-devel"));
        Assert.Equal(["redhat:8 WontFix  Will not fix "], Of(openssl, "edk2-ovmf").Where(static r => r.Contains("WontFix", StringComparison.Ordinal)));
        Assert.Equal(["redhat:8 NotAffected  vulnerable_code_not_present ", "redhat:9 NotAffected  vulnerable_code_not_present "], Of(openssl, "shim-x64"));
        // What is built of it stands beside it.
        Assert.DoesNotContain(openssl.Affected, static r => r.OfSource && r.Name == "openssl");
    }

    [Fact]
    public void Each_minor_release_has_its_own_fix()
    {
        var curl = Assert.Single(Vex("cve-2023-38545"));

        Assert.Contains(
            "redhat:9 Affected cpe:/o:redhat:enterprise_linux:9::baseos RHSA-2023:5763 [,7.76.1-23.el9_2.4) [7.76.1-26,7.76.1-26.el9_3.2)",
            Of(curl, "libcurl"));
        Assert.Contains("redhat:9 Affected cpe:/a:redhat:rhel_eus:9.0::appstream RHSA-2023:5700 [,7.76.1-14.el9_0.9)", Of(curl, "libcurl-devel"));
    }

    [Fact]
    public void Packages_of_a_module_name_it_and_its_contexts_are_one_build()
    {
        var fcgi = Assert.Single(Vex("cve-2025-40907"));

        Assert.Equal(
            ["perl-FCGI:0.78 [,1:0.78-12.module+el8.10.0+23147+df114ff4)"],
            fcgi.Affected.Where(static r => r.Cpe == "cpe:/a:redhat:enterprise_linux:8::appstream").Select(static r => $"{r.Module} {Ranges(r)}"));
        Assert.Equal("", fcgi.Affected.First(static r => r.Ecosystem == "redhat:9").Module);
        Assert.Equal("python39-devel:3.9", Assert.Single(Vex("cve-2026-2297")).Affected.First(static r => r.Name == "python39-numpy-doc").Module);
    }

    [Fact]
    public void What_is_fixed_for_extended_life_alone_is_not_fixed_for_others()
    {
        var rows = Of(Assert.Single(Vex("cve-2025-40907")), "perl-FCGI").Where(static row => row.StartsWith("redhat:7", StringComparison.Ordinal));

        Assert.Equal(
            ["redhat:7 Affected cpe:/o:redhat:rhel_els:7 RHSA-2025:8625 [,1:0.74-8.el7_9.1)", "redhat:7 EndOfLife  RHSA-2025:8625 [,1:0.74-8.el7_9.1)"],
            rows);
    }

    [Fact]
    public void An_advisory_is_an_update_that_fixes_several()
    {
        var updates = RedHatCsaf.Read(TestData.Open("rhel", "csaf-advisories", "rhsa-2025_0002.json"), "redhat/advisories/rhsa-2025_0002.json").ToList();

        var update = Assert.Single(updates);
        Assert.Equal(("RHSA-2025:0002", "CVE-2024-53899", Severity.High), (update.Id, Assert.Single(update.Fixes), update.Severity));
        var row = update.Affected.First(static r => r.Name == "python3-wheel");
        Assert.Equal(("redhat:8", "cpe:/a:redhat:rhel_aus:8.4::appstream", "python36:3.6"), (row.Ecosystem, row.Cpe, row.Module));
        Assert.Equal("[,1:0.31.1-2.module+el8.4.0+15040+36b018e7.1)", Ranges(row));
    }

    [Fact]
    public void An_update_that_names_only_its_source_speaks_of_the_source()
    {
        var update = RedHatCsaf.Read(TestData.Open("rhel", "csaf-advisories", "rhsa-2024_6163.json"), "redhat/advisories/rhsa-2024_6163.json").Single();

        Assert.All(update.Affected, static r => Assert.Equal((true, "python3.9", "[,3.9.18-3.el9_4.5)"), (r.OfSource, r.Name, Ranges(r))));
        Assert.Equal(3, update.Affected.Count);
    }

    [Theory]
    [InlineData("7.76.1-23.el9_2.4 7.76.1-26.el9_3.2", "[,7.76.1-23.el9_2.4) [7.76.1-26,7.76.1-26.el9_3.2)")]
    [InlineData("3.9.19-8.el9 3.9.18-3.el9_4.5", "[,3.9.18-3.el9_4.5) [3.9.19-0,3.9.19-8.el9)")]
    [InlineData("1.2-3.el9_2.1 1.2-3.el9_3.1", "[,1.2-3.el9_2.1) [1.2-3.el9_3,1.2-3.el9_3.1)")]
    [InlineData("5.14.0-284.40.1.el9_2 5.14.0-284.50.1.el9_2", "[,5.14.0-284.40.1.el9_2) [5.14.0-284,5.14.0-284.50.1.el9_2)")]
    [InlineData("1:2-1.module+el8.9.0+7+bb 1:2-1.module+el8.9.0+7+aa", "[,1:2-1.module+el8.9.0+7+aa)")]
    [InlineData("5", "[,5)")]
    public void After_the_first_fix_a_later_minor_release_is_affected_again(string fixedVersions, string ranges) =>
        Assert.Equal(ranges, Ranges(RpmStreams.Ranges(fixedVersions.Split(' '))));

    [Fact]
    public void Architectures_stand_apart_only_where_their_fixes_differ()
    {
        var rows = Read("""
            {"document":{"category":"csaf_vex"},"product_tree":{"branches":[
              {"product":{"product_id":"R","product_identification_helper":{"cpe":"cpe:/o:redhat:enterprise_linux:9::baseos"}}},
              {"branches":[{"product":{"product_id":"a1","product_identification_helper":{"purl":"pkg:rpm/redhat/a@1-1.el9?arch=x86_64"}}},
              {"product":{"product_id":"a2","product_identification_helper":{"purl":"pkg:rpm/redhat/a@1-2.el9?arch=aarch64"}}},
              {"product":{"product_id":"b1","product_identification_helper":{"purl":"pkg:rpm/redhat/b@1-1.el9?arch=x86_64&epoch=2"}}},
              {"product":{"product_id":"b2","product_identification_helper":{"purl":"pkg:rpm/redhat/b@1-1.el9?arch=aarch64&epoch=2"}}},
              {"product":{"product_id":"c1","product_identification_helper":{"purl":"pkg:oci/c@1-1.el9?arch=aarch64"}}}]}],
             "relationships":[
              {"product_reference":"a1","relates_to_product_reference":"R","full_product_name":{"product_id":"R:a1"}},
              {"product_reference":"a2","relates_to_product_reference":"R","full_product_name":{"product_id":"R:a2"}},
              {"product_reference":"b1","relates_to_product_reference":"R","full_product_name":{"product_id":"R:b1"}},
              {"product_reference":"b2","relates_to_product_reference":"R","full_product_name":{"product_id":"R:b2"}},
              {"product_reference":"c1","relates_to_product_reference":"R","full_product_name":{"product_id":"R:c1"}},
              {"product_reference":"R:loop","relates_to_product_reference":"R:loop","full_product_name":{"product_id":"R:loop"}}]},
             "vulnerabilities":[{"cve":"CVE-2024-0001","product_status":{"fixed":["R:a1","R:a2","R:b1","R:b2","R:c1","R:loop","R:none"]}}]}
            """).Single().Affected;

        Assert.Equal(["a aarch64 [,1-2.el9)", "a x86_64 [,1-1.el9)", "b  [,2:1-1.el9)"], rows.Select(static r => $"{r.Name} {r.Arch} {Ranges(r)}"));
    }

    [Fact]
    public void Red_Hats_other_form_of_a_cve_is_left_out_and_told()
    {
        var problems = new List<string>();

        Assert.Empty(RedHatCsaf.Read(TestData.Open("rhel", "csaf-advisories", "cve-2021-25220.json"), "redhat/advisories/cve-2021-25220.json", problems.Add));

        Assert.Equal("redhat/advisories/cve-2021-25220.json: not a CSAF document", Assert.Single(problems));
    }

    [Fact]
    public void Broken_documents_are_invalid_or_read_in_part() =>
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("rhel", "csaf-vex", "cve-2026-0968.json")), "redhat/vex/x.json", RedHatCsaf.Read);

    private static List<Advisory> Vex(string file) => [.. RedHatCsaf.Read(TestData.Open("rhel", "csaf-vex", file + ".json"), $"redhat/vex/{file}.json")];

    private static List<Advisory> Read(string json) => [.. RedHatCsaf.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "redhat/vex/x.json")];

    private static IEnumerable<string> Of(Advisory advisory, string name) =>
        advisory.Affected.Where(r => r.Name == name).Select(static r => $"{r.Ecosystem} {r.Status} {r.Cpe} {r.Note} {Ranges(r)}").Order(StringComparer.Ordinal);

    private static string Ranges(Affected row) => Ranges(row.Ranges);

    private static string Ranges(IEnumerable<VersionRange> ranges) => string.Join(' ', ranges.Select(static r => $"[{r.Introduced},{r.Fixed})"));
}
