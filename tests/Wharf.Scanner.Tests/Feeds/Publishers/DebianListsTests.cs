using System.Globalization;
using System.Text;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Publishers;

namespace Wharf.Scanner.Tests.Feeds.Publishers;

public sealed class DebianListsTests
{
    [Fact]
    public void The_lists_of_2023_are_the_table_that_was_made_of_them()
    {
        var expected = TestData.Rows("debian-2023-04", "advisories.tsv").Select(static row => string.Join('\t', row[0], row[1], DebianRelease.Ecosystem(row[2]), row[3], row[4] switch
        {
            "<not-affected>" => nameof(Status.NotAffected),
            "<end-of-life>" => nameof(Status.EndOfLife),
            "<unfixed>" => nameof(Status.Affected),
            var version => version,
        }, row[5]));

        var problems = new List<string>();
        var advisories = ReadAll(problems);
        var rows =
            from advisory in advisories
            from row in advisory.Affected
            select string.Join('\t', advisory.Id, advisory.Published?.ToString("dd MMM yyyy", CultureInfo.InvariantCulture), row.Ecosystem, row.Name,
                row.Ranges.Count == 0 ? row.Status.ToString() : row.Ranges[0].Fixed, string.Join(' ', advisory.Fixes));

        Assert.Empty(problems);
        Assert.Equal(8_647, advisories.Count); // of 8,940 heads; the others name no package or mend no vulnerability
        Assert.Equal(10_244, rows.Count());
        // The table was made by a script to which two blanks together are no head and no row: it gives what stands under three heads to the heads above,
        // counts 8,937 and has lost two rows.
        Assert.Equal(
            ["DSA-1724-1", "DSA-1725-1", "DSA-1727-1", "DSA-1728-1", "DSA-2092-1", "DSA-2093-1", "DSA-2798-1", "DSA-307"],
            rows.Except(expected).Select(static row => row.Split('\t')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_list_says_what_is_fixed_and_what_is_not()
    {
        const string list = """
            [29 Mar 2023] DSA-5380-1 xorg-server - security update
            	{CVE-2023-1393 CVE-2023-1394}
            	[bullseye] - xorg-server 2:1.20.11-1+deb11u6
            	[buster] - xorg-server <not-affected> (Vulnerable code not present)
            	NOTE: fixed in testing at time of DSA
            [not a head
            	[buster] - lost 1
            [28 Mar 2023] DSA-1-2 a - security update
            	[sid] - a 1 (bug #1)
            [28 Mar 2023] DSA-1-3 a - regression update
            	[sid] - a 2
            """;
        var problems = new List<string>();

        var advisories = DebianLists.Read(new MemoryStream(Encoding.UTF8.GetBytes(list)), "debian/DSA.list", problems.Add).ToList();

        Assert.Equal(["DSA-5380-1", "DSA-1-2"], advisories.Select(static a => a.Id));
        Assert.Equal(["CVE-2023-1393", "CVE-2023-1394"], advisories[0].Fixes);
        Assert.Equal("xorg-server - security update", advisories[0].Summary);
        Assert.Equal(
            [("debian:11", "xorg-server", Status.Affected, "2:1.20.11-1+deb11u6", null), ("debian:10", "xorg-server", Status.NotAffected, null, "Vulnerable code not present")],
            advisories[0].Affected.Select(static row => (row.Ecosystem, row.Name, row.Status, row.Ranges.Count == 0 ? null : row.Ranges[0].Fixed, row.Note)));
        Assert.Empty(advisories[1].Fixes);
        Assert.Single(problems);
    }

    [Fact]
    public void Broken_lists_are_read_in_part() =>
        Hostile.Mutate(File.ReadAllBytes(TestData.Path("debian-2023-04", "DSA.list"))[..20_000], "debian/DSA.list", DebianLists.Read);

    private static List<Advisory> ReadAll(List<string> problems) =>
        [.. new[] { "DSA.list", "DLA.list" }.SelectMany(list => DebianLists.Read(TestData.Open("debian-2023-04", list), "debian/" + list, problems.Add))];
}
