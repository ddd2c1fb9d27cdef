using System.Globalization;
using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class DebianTrackerTests
{
    [Fact]
    public void The_sample_has_its_packages_and_the_fixed_version_of_each_release()
    {
        var advisories = DebianTracker.Read(TestData.Open("samples", "debian-vunnel", "input", "debian.json"), "debian/json").ToList();

        var prototype = Assert.Single(advisories, static a => a.Id == "CVE-2008-7220");
        Assert.Equal(["debian:9", "debian:8", "debian:10", "debian:sid"], prototype.Affected.Select(static row => row.Ecosystem));
        Assert.All(prototype.Affected, static row =>
        {
            Assert.Equal("prototypejs", row.Name);
            Assert.Equal(Status.Affected, row.Status);
            Assert.Equal([new VersionRange(null, "1.6.0.2-1")], row.Ranges);
            Assert.Equal(Severity.High, row.Severity);
        });
        Assert.StartsWith("Unspecified vulnerability in Prototype JavaScript framework", prototype.Summary, StringComparison.Ordinal);
        var never = Assert.Single(advisories, static a => a.Id == "CVE-2007-2383");
        Assert.All(never.Affected, static row => Assert.Equal((Status.NotAffected, Severity.Negligible), (row.Status, row.Severity)));
    }

    [Theory]
    [InlineData("""{"status":"resolved","fixed_version":"1.2-3","urgency":"low"}""", Status.Affected, "1.2-3", Severity.Low, null)]
    [InlineData("""{"status":"resolved","fixed_version":"0","urgency":"medium"}""", Status.NotAffected, null, Severity.Medium, null)]
    [InlineData("""{"status":"open","urgency":"not yet assigned"}""", Status.Affected, null, Severity.Unknown, null)]
    [InlineData("""{"status":"open","urgency":"high","nodsa":"Minor issue","nodsa_reason":""}""", Status.Affected, null, Severity.High, "Minor issue")]
    [InlineData("""{"status":"open","urgency":"low","nodsa":"Too intrusive","nodsa_reason":"ignored"}""", Status.WontFix, null, Severity.Low, "Too intrusive")]
    [InlineData("""{"status":"open","urgency":"low","nodsa":"Later","nodsa_reason":"postponed"}""", Status.Affected, null, Severity.Low, "Later")]
    [InlineData("""{"status":"open","urgency":"end-of-life"}""", Status.EndOfLife, null, Severity.Unknown, null)]
    [InlineData("""{"status":"undetermined","urgency":"unimportant"}""", Status.UnderInvestigation, null, Severity.Negligible, null)]
    public void A_release_says_its_status(string release, Status status, string? fixedIn, Severity severity, string? note)
    {
        var row = Assert.Single(Assert.Single(Read("""{"openssl":{"CVE-2024-0001":{"releases":{"bookworm":""" + release + "}}}}")).Affected);

        Assert.Equal(("debian:12", "openssl", status, severity, note), (row.Ecosystem, row.Name, row.Status, row.Severity, row.Note));
        Assert.Equal(fixedIn, row.Ranges.Select(static range => range.Fixed).SingleOrDefault());
    }

    [Theory]
    [InlineData("""{"openssl":{"CVE-2024-0001":{"releases":{"bookworm":{"status":"resolved"}}}}}""")]
    [InlineData("""{"openssl":{"CVE-2024-0001":{"releases":[]}}}""")]
    [InlineData("""{"openssl":{"CVE-2024-0001":5}}""")]
    [InlineData("""{"openssl":[[{"status":"open"}]]}""")]
    [InlineData("""{"openssl":{"CVE-2024-0001":{"releases":{"bookworm":{"status":"open\ud800"}}}}}""")]
    [InlineData("""{"openssl":{"CVE 2024 0001":{"releases":{"bookworm":{"status":"open"}}}}}""")]
    public void A_bad_record_is_left_out_and_told(string json)
    {
        var problems = new List<string>();

        Assert.Empty(DebianTracker.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "debian/json", problems.Add));

        Assert.NotEmpty(problems);
    }

    [Fact]
    public void A_document_larger_than_the_buffer_is_read_in_pieces()
    {
        var json = new StringBuilder("{");
        for (var i = 0; i < 2_000; i++)
        {
            json.Append(CultureInfo.InvariantCulture, $$"""
                {{(i == 0 ? ' ' : ',')}} "p{{i}}": { "CVE-2024-{{1000 + i}}": { "description": "{{new string('é', i % 700)}}",
                "releases": { "sid": { "status": "resolved", "fixed_version": "{{i}}-1" } } } }
                """);
        }
        json.Append('}');

        var advisories = Read(json.ToString());

        Assert.Equal(2_000, advisories.Count);
        Assert.All(advisories.Index(), static a => Assert.Equal(($"CVE-2024-{1000 + a.Index}", $"{a.Index}-1"), (a.Item.Id, a.Item.Affected[0].Ranges[0].Fixed)));
    }

    [Fact]
    public void It_may_be_gzipped()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write("""{"openssl":{"CVE-2024-0001":{"releases":{"sid":{"status":"open"}}}}}"""u8);
        packed.Position = 0;

        Assert.Single(DebianTracker.Read(packed, "debian/json.gz"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"openssl":{"CVE-2024-0001":{"releases":""")]
    [InlineData("""{"a":{}} x""")]
    [InlineData("<html></html>")]
    [InlineData("""{"\ud800":{"CVE-2024-0001":{}}}""")]
    public void What_is_not_json_is_invalid(string json) => Assert.Throws<InvalidDataException>(() => Read(json));

    [Fact]
    public void What_is_nested_too_deep_is_invalid() =>
        Assert.Throws<InvalidDataException>(() => Read("""{"a":{"b":""" + new string('[', 100_000)));

    [Fact]
    public void Broken_documents_are_invalid_or_read_in_part() =>
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("samples", "debian-vunnel", "input", "debian.json")), "debian/json", DebianTracker.Read);

    private static List<Advisory> Read(string json) => [.. DebianTracker.Read(new MemoryStream(Encoding.UTF8.GetBytes(json)), "debian/json")];
}
