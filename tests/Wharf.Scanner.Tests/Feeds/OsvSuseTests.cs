using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Tests.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds;

/// <summary>OSV's records of SUSE name a source, and the packages that are built of it beside it.</summary>
public sealed class OsvSuseTests
{
    [Theory]
    [InlineData("SUSE:Linux Enterprise Module for Basesystem 15 SP5", "sles:15.5")]
    [InlineData("SUSE:Linux Enterprise Server 15 SP3-LTSS", "sles:15.3")]
    [InlineData("SUSE:Linux Enterprise Server for SAP Applications 12 SP5", "sles:12.5")]
    [InlineData("SUSE:Linux Enterprise Micro 5.5", "sle-micro:5.5")]
    [InlineData("openSUSE:Leap 15.6", "opensuse-leap:15.6")]
    [InlineData("SUSE:openSUSE Leap 15.6", "opensuse-leap:15.6")]
    [InlineData("openSUSE:Tumbleweed", "opensuse-tumbleweed:")]
    public void Binaries_have_the_versions_that_are_beside_them(string named, string ecosystem)
    {
        var update = Assert.Single(Osv.ReadFile(new MemoryStream(Encoding.UTF8.GetBytes(Record(named))), "a.json"));

        Assert.Equal(["CVE-2024-1"], update.Fixes);
        Assert.Equal([(ecosystem, "curl", "< 8.0.1-2"), (ecosystem, "libcurl4", "< 8.0.1-2")], update.Affected.Select(static a => (a.Ecosystem, a.Name, a.Ranges.Single().ToString())));
    }

    [Fact]
    public void Broken_records_are_invalid_or_read_in_part() =>
        Hostile.Mutate(Encoding.UTF8.GetBytes(Record("SUSE:Linux Enterprise Server 15 SP3")), "a.json", static (stream, path, _) => Osv.ReadFile(stream, path));

    private static string Record(string ecosystem) => $$$"""
        {"id":"SUSE-SU-2024:1","related":["CVE-2024-1"],"affected":[{"package":{"ecosystem":"{{{ecosystem}}}","name":"curl"},
         "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"8.0.1-2"}]}],"ecosystem_specific":{"binaries":[{"curl":"8.0.1-2","libcurl4":"8.0.1-2","":"1","x":7},3]}}]}
        """;
}
