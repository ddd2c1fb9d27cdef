using System.IO.Compression;
using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class EnrichmentFeedTests
{
    [Fact]
    public void The_catalogue_of_exploited_vulnerabilities_says_since_when()
    {
        var exploited = KevCatalog.Read(TestData.Open("kev", "known_exploited_vulnerabilities.json"), "kev/known_exploited_vulnerabilities.json").ToList();

        Assert.Equal(1_404, exploited.Count);
        Assert.Equal(new DateOnly(2025, 8, 25), exploited[0].Exploited);
        Assert.Equal(new DateOnly(2021, 12, 10), exploited.Single(static e => e.Cve == "CVE-2021-44228").Exploited);
    }

    [Fact]
    public void An_entry_without_a_date_is_left_out()
    {
        var problems = new List<string>();
        const string catalogue = """{"vulnerabilities":[{"cveID":"CVE-2021-1"},{"cveID":"CVE-2021-1234"},{"cveID":"CVE-2021-1234","dateAdded":"2021-02-03"},7]}""";

        var exploited = KevCatalog.Read(new MemoryStream(Encoding.UTF8.GetBytes(catalogue)), "kev/x.json", problems.Add);

        Assert.Equal([new Enrichment("CVE-2021-1234") { Exploited = new DateOnly(2021, 2, 3) }], exploited);
        Assert.Equal(3, problems.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scores_are_read_plain_or_packed(bool packed)
    {
        var csv = File.ReadAllBytes(TestData.Path("samples", "epss", "example-1.csv"));
        var file = packed ? Pack(csv) : csv;

        var scores = EpssScores.Read(new MemoryStream(file), packed ? "epss/x.csv.gz" : "epss/x.csv").ToList();

        Assert.Equal(5, scores.Count);
        Assert.Equal(new Enrichment("CVE-1999-0005") { Epss = 0.91963, EpssPercentile = 0.99214 }, scores[4]);
    }

    [Fact]
    public void Scores_with_other_columns_are_invalid() =>
        Assert.Throws<InvalidDataException>(static () => EpssScores.Read(TestData.Open("samples", "epss", "invalid-header.csv"), "epss/x.csv").ToList());

    [Fact]
    public void Broken_files_are_invalid_or_read_in_part()
    {
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("kev", "known_exploited_vulnerabilities.json"))[..20_000], "kev/x.json", KevCatalog.Read);
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("samples", "epss", "example-1.csv")), "epss/x.csv", EpssScores.Read);
        Hostile.Mutate(Pack(File.ReadAllBytes(TestData.Path("samples", "epss", "example-1.csv"))), "epss/x.csv.gz", EpssScores.Read);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }
}
