using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Tests.Versions;

public sealed class VersionVectorTests
{
    [Theory]
    [InlineData("dpkg.tsv", PackageType.Deb, 14_469)]
    [InlineData("rpm.tsv", PackageType.Rpm, 163)]
    [InlineData("rpm-evr.tsv", PackageType.Rpm, 6_010)]
    [InlineData("apk.tsv", PackageType.Apk, 14_727)]
    [InlineData("semver.tsv", PackageType.Other, 128)]
    [InlineData("semver.tsv", PackageType.Go, 128)]
    [InlineData("semver.tsv", PackageType.Cargo, 128)]
    [InlineData("npm-semver.tsv", PackageType.Npm, 68)]
    [InlineData("pep440.tsv", PackageType.PyPI, 12_403)]
    [InlineData("maven.tsv", PackageType.Maven, 14_825)]
    [InlineData("gem.tsv", PackageType.Gem, 4_132)]
    [InlineData("nuget.tsv", PackageType.NuGet, 34)]
    [InlineData("nuget-allpairs.tsv", PackageType.NuGet, 2_016)]
    [InlineData("composer.tsv", PackageType.Composer, 10_724)]
    public void Two_versions_stand_as_the_ecosystem_puts_them(string file, PackageType type, int rows)
    {
        var order = VersionOrder.Of(type);
        var vectors = TestData.Rows("version-vectors", file).Where(static row => !row[^1].StartsWith("DISAGREES", StringComparison.Ordinal)).ToList();

        var wrong = vectors.Where(row => Sign(order.Compare(row[0], row[1])) != row[2] || Sign(-order.Compare(row[1], row[0])) != row[2]).ToList();

        Assert.True(wrong.Count == 0, Report(wrong, vectors.Count));
        Assert.Equal(rows, vectors.Count);
    }

    [Fact]
    public void Ranges_of_npm_hold_what_npm_says()
    {
        var vectors = TestData.Rows("version-vectors", "npm-ranges.tsv").ToList();

        var wrong = vectors.Where(static row =>
            NpmRange.Satisfies(row[0], row[1], row[3].Contains("includePrerelease", StringComparison.Ordinal)) != (row[2] == "true")).ToList();

        Assert.True(wrong.Count == 0, Report(wrong, vectors.Count));
        Assert.Equal(223, vectors.Count);
    }

    [Theory]
    [InlineData(">= 1.0.0, < 2.0.0", "1.5.0", true)]
    [InlineData(">= 1.0.0, < 2.0.0", "2.0.0", false)]
    [InlineData("= 1.2.3", "1.2.3", true)]
    [InlineData("<99999999999999999999.0.0", "1.0.0", false)]
    [InlineData("one", "1.0.0", false)]
    [InlineData("1.2.3", "1.2", false)]
    public void Ranges_of_npm_may_have_commas_and_are_else_refused(string range, string version, bool expected) =>
        Assert.Equal(expected, NpmRange.Satisfies(range, version));

    [Fact]
    public void Ranges_of_NuGet_hold_what_NuGet_says()
    {
        var vectors = TestData.Rows("version-vectors", "nuget-ranges.tsv").ToList();

        var wrong = vectors.Where(static row => NuGetRange.Satisfies(row[0], row[1]) != (row[2] == "true")).ToList();

        Assert.True(wrong.Count == 0, Report(wrong, vectors.Count));
        Assert.Equal(882, vectors.Count);
    }

    private static string Sign(int order) => order < 0 ? "<" : order > 0 ? ">" : "=";

    private static string Report(List<string[]> wrong, int all) =>
        $"{wrong.Count} of {all} wrong:\n" + string.Join('\n', wrong.Take(10).Select(static row => string.Join(" | ", row)));
}
