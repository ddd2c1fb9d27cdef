using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Reports;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Tests.Reports;

public sealed class ReportWriterTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 30, 17, 0, 0, TimeSpan.Zero);

    private static readonly Component s_openssl = new()
    {
        Package = new Package { Type = PackageType.Deb, Name = "libssl3", Version = "3.0.2-1", Source = "openssl", Arch = "amd64" },
        Locations = ["var/lib/dpkg/status"],
    };

    private static readonly Component s_log4j = new()
    {
        Package = new Package { Type = PackageType.Maven, Name = "org.apache.logging.log4j:log4j-core", Version = "2.14.1" },
        Locations = ["app/all.jar!/BOOT-INF/lib/log4j-core-2.14.1.jar"],
    };

    private static readonly Component s_strange = new()
    {
        Package = new Package { Type = PackageType.Npm, Name = "evil\e[2J\u202eeman", Version = "1.0.0+b" },
    };

    private static readonly ScanReport s_report = new(
        "registry:acme/app:1",
        new Inventory { Distro = new Distro("debian", "12", "Debian GNU/Linux 12 (bookworm)"), Components = [s_openssl, s_log4j, s_strange], Problems = ["usr/lib/x.jar: nested deeper than 4"] },
        [new FeedInfo("debian", "0123456789ab", new DateTimeOffset(2026, 11, 29, 0, 0, 0, TimeSpan.Zero), "facts", 7), new FeedInfo("kev", "ba9876543210", s_now, "CC0-1.0", 1)],
        new MatchResult(
            [
                Found("CVE-2021-44228", s_log4j, Status.Affected, Severity.Critical, "2.15.0") with
                {
                    Aliases = ["GHSA-jfh8-c2jp-5v3q"],
                    Cvss = ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"],
                    Summary = "Remote code execution in Log4j",
                    Links = ["https://nvd.nist.gov/vuln/detail/CVE-2021-44228"],
                    Known = new Enrichment("CVE-2021-44228") { Exploited = new DateOnly(2021, 12, 10), Epss = 0.97 },
                },
                Found("CVE-2024-0001", s_openssl, Status.WontFix, Severity.Low, null),
                Found("CVE-2024-0002", s_strange, Status.UnderInvestigation, Severity.Unknown, null),
            ],
            [Found("CVE-2023-0003", s_openssl, Status.Fixed, Severity.High, "3.0.2-1") with { Reason = Reason.Feed }],
            ["Debian 12 is out of support"]));

    [Fact]
    public void The_table_has_the_worst_first_and_a_line_that_counts()
    {
        Assert.Equal("""
            Target  registry:acme/app:1
            Distro  Debian GNU/Linux 12 (bookworm)

            SEVERITY  VULNERABILITY               PACKAGE                              INSTALLED  FIXED IN  STATUS               FEED
            Critical  CVE-2021-44228 (exploited)  org.apache.logging.log4j:log4j-core  2.14.1     2.15.0    affected             debian
            Low       CVE-2024-0001               libssl3                              3.0.2-1    -         wont fix             debian
            Unknown   CVE-2024-0002               evil?[2J?eman                        1.0.0+b    -         under investigation  debian

            Warning: Debian 12 is out of support
            Not read: usr/lib/x.jar: nested deeper than 4
            3 vulnerabilities in 3 packages: 1 critical, 1 low, 1 unknown; 1 suppressed

            """, Write(ReportFormat.Table));
    }

    [Fact]
    public void The_table_has_colour_only_when_told()
    {
        using var stream = new MemoryStream();
        ReportWriter.Write(s_report, ReportFormat.Table, stream, s_now, colour: true);

        Assert.Contains("\e[1;31mCritical\e[0m  CVE-2021-44228", Encoding.UTF8.GetString(stream.ToArray()), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', Write(ReportFormat.Table));
    }

    [Fact]
    public void Our_json_has_every_field_always()
    {
        var json = JsonNode.Parse(Write(ReportFormat.Json))!.AsObject();

        Assert.Equal(["target", "distro", "feeds", "packages", "findings", "suppressed"], Names(json));
        Assert.Equal("debian-12", (string?)json["distro"]);
        Assert.Equal(["name", "revision", "date"], Names(json["feeds"]![0]!));
        Assert.All(json["packages"]!.AsArray(), static p => Assert.Equal(["purl", "name", "version", "type", "source", "sourceVersion", "locations"], Names(p!)));
        Assert.All(json["findings"]!.AsArray(), static f => Assert.Equal(
            ["id", "aliases", "purl", "package", "version", "status", "severity", "fixedIn", "feed", "kev", "epss", "evidence"], Names(f!)));
        Assert.Equal("feed", (string?)json["suppressed"]![0]!["reason"]);
        Assert.Equal(13, Names(json["suppressed"]![0]!).Count());

        var (log4j, openssl) = (json["findings"]![0]!, json["findings"]![1]!);
        Assert.Equal("""
            {"id":"CVE-2021-44228","aliases":["GHSA-jfh8-c2jp-5v3q"],"purl":"pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1","package":"org.apache.logging.log4j:log4j-core","version":"2.14.1","status":"affected","severity":"Critical","fixedIn":"2.15.0","feed":"debian","kev":true,"epss":0.97,"evidence":[{"feed":"debian","revision":"0123456789ab","advisory":"CVE-2021-44228","ecosystem":"debian:12","name":"x","version":"1","versions":"< 2","status":"affected","note":null}]}
            """, log4j.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        Assert.Equal("wont_fix", (string?)openssl["status"]);
        Assert.True(openssl.AsObject().ContainsKey("fixedIn") && openssl["fixedIn"] is null && openssl["epss"] is null);
        Assert.Equal(("pkg:deb/debian/libssl3@3.0.2-1?arch=amd64&distro=debian-12&upstream=openssl", "deb", "openssl", "3.0.2-1"),
            ((string?)json["packages"]![0]!["purl"], (string?)json["packages"]![0]!["type"], (string?)json["packages"]![0]!["source"], (string?)json["packages"]![0]!["sourceVersion"]));
    }

    [Theory]
    [InlineData(ReportFormat.CycloneDx)]
    [InlineData(ReportFormat.Spdx)]
    public void What_is_written_as_an_SBOM_is_read_back_as_the_same_packages(ReportFormat format)
    {
        var inventory = SbomReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(Write(format))));

        Assert.Equal(s_report.Inventory.Components.Select(static c => c.Package), inventory.Components.Select(static c => c.Package));
        Assert.Equal(("debian", "12"), (inventory.Distro?.Id, inventory.Distro?.Version));
        Assert.Empty(inventory.Problems);
    }

    [Fact]
    public void CycloneDX_says_of_each_vulnerability_what_is_known()
    {
        var vulnerabilities = JsonNode.Parse(Write(ReportFormat.CycloneDx))!["vulnerabilities"]!.AsArray();

        Assert.Equal(["CVE-2021-44228", "CVE-2024-0001", "CVE-2024-0002", "CVE-2023-0003"], vulnerabilities.Select(static v => (string?)v!["id"]));
        Assert.Equal([null, null, "in_triage", "resolved"], vulnerabilities.Select(static v => (string?)v!["analysis"]?["state"]));
        Assert.Equal("will_not_fix", (string?)vulnerabilities[1]!["analysis"]!["response"]![0]);
        Assert.Equal("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1", (string?)vulnerabilities[0]!["affects"]![0]!["ref"]);
        Assert.Equal(["critical", null], vulnerabilities[0]!["ratings"]!.AsArray().Select(static r => (string?)r!["severity"]));
    }

    [Fact]
    public void SARIF_has_a_rule_for_each_vulnerability_and_suppresses_what_is_suppressed()
    {
        var run = JsonNode.Parse(Write(ReportFormat.Sarif))!["runs"]![0]!;

        Assert.Equal(["CVE-2021-44228", "CVE-2024-0001", "CVE-2024-0002", "CVE-2023-0003"], run["tool"]!["driver"]!["rules"]!.AsArray().Select(static r => (string?)r!["id"]));
        Assert.Equal(["error", "note", "note", "error"], run["results"]!.AsArray().Select(static r => (string?)r!["level"]));
        Assert.Equal([false, false, false, true], run["results"]!.AsArray().Select(static r => r!.AsObject().ContainsKey("suppressions")));
        Assert.Equal("app/all.jar%21/BOOT-INF/lib/log4j-core-2.14.1.jar", (string?)run["results"]![0]!["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]);
    }

    [Theory]
    [InlineData(ReportFormat.Table)]
    [InlineData(ReportFormat.Json)]
    [InlineData(ReportFormat.Sarif)]
    [InlineData(ReportFormat.CycloneDx)]
    [InlineData(ReportFormat.Spdx)]
    public void A_scan_that_found_nothing_is_written(ReportFormat format)
    {
        var nothing = new ScanReport("dir:/x", new Inventory { Components = [] }, [], new MatchResult([], [], []));
        using var stream = new MemoryStream();

        ReportWriter.Write(nothing, format, stream, s_now);

        Assert.NotEqual(0, stream.Length);
    }

    private static Finding Found(string id, Component component, Status status, Severity severity, string? fixedIn) => new()
    {
        Id = id,
        Component = component,
        Status = status,
        Severity = severity,
        FixedIn = fixedIn,
        Evidence = [new Evidence("debian", "0123456789ab", id, "debian:12", "x", "1", "< 2", status, null)],
    };

    private static string Write(ReportFormat format)
    {
        using var stream = new MemoryStream();
        ReportWriter.Write(s_report, format, stream, s_now);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static IEnumerable<string> Names(JsonNode json) => json.AsObject().Select(static p => p.Key);
}
