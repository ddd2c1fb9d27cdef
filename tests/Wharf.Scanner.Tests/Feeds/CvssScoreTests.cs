using System.Globalization;
using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Tests.Feeds;

public sealed class CvssScoreTests
{
    /// <summary>
    /// 29 scores of version 3.1 are not the base score: those of vectors with temporal metrics, GitHub's of changed scope, which are a tenth too high, and one
    /// mistake.
    /// </summary>
    [Theory]
    [InlineData("cvssV3_0", 180, 0)]
    [InlineData("cvssV3_1", 2_543, 29)]
    [InlineData("cvssV4_0", 54, 0)]
    public void Vectors_have_the_scores_that_their_publishers_gave(string kind, int count, int others)
    {
        var rows = TestData.Rows("cvss", "vulnrichment-cvss.tsv").Where(row => row[2] == kind).ToList();

        var differing = rows.Where(static row => CvssScore.Of(row[3]) != double.Parse(row[4], CultureInfo.InvariantCulture)).ToList();

        Assert.Equal((count, others), (rows.Count, differing.Count));
        Assert.All(differing, static row => Assert.True(row[3].Contains("/E:", StringComparison.Ordinal) || row[1] == "GitHub_M" || row[0] == "CVE-2023-3932"));
    }

    /// <summary>The examples of FIRST's guides and calculators.</summary>
    [Theory]
    [InlineData("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8)]
    [InlineData("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0)]
    [InlineData("AV:L/AC:H/Au:N/C:C/I:C/A:C", 6.2)]
    [InlineData("(AV:N/AC:M/Au:N/C:N/I:P/A:N)", 4.3)]
    [InlineData("AV:N/AC:L/Au:N/C:N/I:N/A:N", 0.0)]
    [InlineData("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0)]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0)]
    [InlineData("CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:N/I:N/A:H/E:P/RL:O", 5.5)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 10.0)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", 0.0)]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3)]
    public void Vectors_have_their_published_scores(string vector, double score) => Assert.Equal(score, CvssScore.Of(vector));

    [Theory]
    [InlineData("")]
    [InlineData("CVSS:3.1")]
    [InlineData("CVSS:3.1/AV:N")]
    [InlineData("CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N")]
    [InlineData("CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N")]
    [InlineData("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N")]
    [InlineData("CVSS:9.0/AV:N/AC:L/Au:N/C:N/I:N/A:N")]
    [InlineData("HIGH")]
    public void What_is_no_vector_has_no_score(string vector) => Assert.Null(CvssScore.Of(vector));

    [Theory]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Severity.Critical)]
    [InlineData("AV:N/AC:L/Au:N/C:C/I:C/A:C", Severity.High)]
    [InlineData("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", Severity.Negligible)]
    [InlineData("no vector", Severity.Unknown)]
    public void The_first_vector_that_is_one_says_the_severity(string vector, Severity severity) => Assert.Equal(severity, CvssScore.SeverityOf(["?", vector]));
}
