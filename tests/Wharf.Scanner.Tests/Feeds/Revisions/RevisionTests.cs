using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Tests.Feeds.Revisions;

public sealed class RevisionTests : IDisposable
{
    // Found by a search: as names of npm both have the hash 0x89b81ee44bd59e70.
    private const string OneName = "kVBuNZFHEsH";
    private const string OtherName = "GUq7hTi0vXI";

    private readonly RevisionFiles _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void All_that_is_written_is_found_by_its_name()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var feed = RevisionFiles.Random(new Random(seed), 1 + seed % 40);
            var revision = _files.Open(feed);
            var expected = feed.SelectMany(static a => a.Affected.Select(of => (Key: (of.Ecosystem, of.Name), Text: Text(a) + Text(of)))).ToLookup(static s => s.Key, static s => s.Text);

            Assert.Equal(expected.Select(static g => g.Key).Order(), revision.Names().Order());
            foreach (var name in expected)
                Assert.Equal(name.Order(), revision.Find(name.Key.Ecosystem, name.Key.Name).Select(static s => Text(s.Advisory) + Text(s.Affected)).Order());
            Assert.Equal(expected.Sum(static g => g.Count()), revision.Info.Statements);
            Assert.Equal(expected.Select(static g => g.Key.Ecosystem).Distinct().Order(StringComparer.Ordinal), revision.Ecosystems);
            Assert.Empty(revision.Find(Ecosystem.Npm, "no-such-name"));
        }
    }

    [Fact]
    public void What_is_known_of_a_CVE_is_found()
    {
        Enrichment[] known = [new("CVE-2021-44228") { Exploited = new DateOnly(2021, 12, 10), Epss = 0.97, EpssPercentile = 1 }, new("CVE-2026-1") { Epss = 0 }, new("CVE-2026-2")];
        var revision = _files.Open(known);

        Assert.All(known, one => Assert.Equal(one, revision.FindEnrichment(one.Cve)));
        Assert.Null(revision.FindEnrichment("CVE-2026-3"));
    }

    [Fact]
    public void A_feed_that_says_nothing_can_be_opened()
    {
        var revision = _files.Open();

        Assert.Equal((0, 0), (revision.Info.Statements, revision.Names().Count()));
        Assert.Empty(revision.Find(Ecosystem.Npm, "a"));
    }

    [Fact]
    public void Equal_content_in_another_order_is_the_same_revision()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var feed = RevisionFiles.Random(random, 30).Select(static object (a) => a)
                .Append(RevisionFiles.Advisory("A", RevisionFiles.Affected(OneName), RevisionFiles.Affected(OtherName)))
                .Append(RevisionFiles.Advisory("B", RevisionFiles.Affected(OtherName), RevisionFiles.Affected(OneName, "2")))
                .Append(new Enrichment("CVE-2026-1") { Epss = 0.5 })
                .ToArray();
            var one = _files.Open(feed);
            random.Shuffle(feed);
            var other = _files.Open(feed);

            Assert.Equal(one.Info, other.Info);
            Assert.Empty(other.ChangesFrom(one));
        }
    }

    [Fact]
    public void Every_change_makes_another_revision()
    {
        var before = _files.Open(RevisionFiles.Advisory("A", RevisionFiles.Affected("a", "1")));

        Assert.All((Advisory[])
        [
            RevisionFiles.Advisory("B", RevisionFiles.Affected("a", "1")),
            RevisionFiles.Advisory("A", RevisionFiles.Affected("b", "1")),
            RevisionFiles.Advisory("A", RevisionFiles.Affected("a", "2")),
            RevisionFiles.Advisory("A", RevisionFiles.Affected("a", "1"), RevisionFiles.Affected("a", "1")),
            RevisionFiles.Advisory("A", RevisionFiles.Affected("a", "1") with { Status = Status.Fixed }),
            RevisionFiles.Advisory("A", RevisionFiles.Affected("a", "1")) with { Severity = Severity.High },
            RevisionFiles.Advisory("A"),
        ], changed => Assert.NotEqual(before.Info.Revision, _files.Open(changed).Info.Revision));
    }

    [Fact]
    public void Changes_are_the_names_of_which_something_else_is_said_and_no_others()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var before = RevisionFiles.Random(random, 30);
            var after = before.Where(_ => random.Next(10) > 0).Concat(RevisionFiles.Random(random, 3)).Select(a => random.Next(10) > 0 ? a : a with { Summary = "changed" }).ToArray();
            random.Shuffle(after);
            var (was, now) = (ByName(before), ByName(after));
            var expected = was.Keys.Union(now.Keys).Where(name => !was.GetValueOrDefault(name, []).SequenceEqual(now.GetValueOrDefault(name, []))).Order();

            var changes = _files.Open(after).ChangesFrom(_files.Open(before)).ToList();

            Assert.Equal(expected, changes.Order());
        }

        static Dictionary<(string, string), List<string>> ByName(IEnumerable<Advisory> feed) => feed
            .SelectMany(static a => a.Affected.Select(of => (Key: (of.Ecosystem, of.Name), Text: Text(a) + Text(of))))
            .GroupBy(static s => s.Key, static s => s.Text)
            .ToDictionary(static g => g.Key, static g => g.Order(StringComparer.Ordinal).ToList());
    }

    [Fact]
    public void Two_names_of_one_hash_are_told_apart()
    {
        Assert.Equal(FileLayout.HashOf(Ecosystem.Npm, OneName), FileLayout.HashOf(Ecosystem.Npm, OtherName));
        var revision = _files.Open(RevisionFiles.Advisory("A", RevisionFiles.Affected(OneName, "1")), RevisionFiles.Advisory("B", RevisionFiles.Affected(OtherName, "2")), RevisionFiles.Advisory("C", RevisionFiles.Affected(OneName, "3")));

        Assert.Equal(["A", "C"], revision.Find(Ecosystem.Npm, OneName).Select(static s => s.Advisory.Id).Order());
        Assert.Equal(["B"], revision.Find(Ecosystem.Npm, OtherName).Select(static s => s.Advisory.Id));
    }

    [Theory]
    [InlineData("", OneName, OneName)]
    [InlineData(OneName, OtherName, OneName + " " + OtherName)]
    [InlineData(OneName, OneName + " " + OtherName, OtherName)]
    [InlineData(OtherName, OneName + " " + OtherName, OneName)]
    [InlineData(OneName + " " + OtherName, OneName, OtherName)]
    [InlineData(OneName + " " + OtherName, "", OneName + " " + OtherName)]
    [InlineData(OneName + " " + OtherName, OtherName + " " + OneName, "")]
    public void A_change_of_one_of_two_names_with_one_hash_is_of_it_alone(string before, string after, string changed)
    {
        // Of each name the same is said: nothing but the name tells them apart.
        Assert.Equal(changed.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(), Of(after).ChangesFrom(Of(before)).Select(static c => c.Name).Order());

        FeedRevision Of(string names) => _files.Open(names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static n => RevisionFiles.Advisory("A", RevisionFiles.Affected(n))));
    }

    [Fact]
    public void A_writer_that_does_not_complete_leaves_no_file()
    {
        using (var writer = new RevisionWriter(_files.PathOf("a.feed")))
            writer.Add(RevisionFiles.Advisory("A", RevisionFiles.Affected("a")));

        Assert.Empty(_files.Names);
    }

    [Fact]
    public void A_complete_one_leaves_its_file_and_no_other_and_replaces_what_was_there()
    {
        var path = _files.PathOf("a.feed");
        File.WriteAllText(path, "old");
        using (var writer = new RevisionWriter(path))
        {
            Assert.Equal("old", File.ReadAllText(path));
            writer.Complete("test", "", DateTimeOffset.UnixEpoch);
        }

        Assert.Equal(["a.feed"], _files.Names);
        FeedRevision.Open(path).Dispose();
    }

    [Fact]
    public void A_closed_revision_says_so()
    {
        var revision = _files.Open(RevisionFiles.Advisory("A", RevisionFiles.Affected("a")));
        var statement = revision.Find(Ecosystem.Npm, "a")[0];
        revision.Dispose();

        Assert.Throws<ObjectDisposedException>(() => revision.Find(Ecosystem.Npm, "a"));
        Assert.Throws<ObjectDisposedException>(() => statement.Advisory);
    }

    private static string Text(Advisory a) => string.Join('|', a.Id, string.Join(',', a.Aliases), string.Join(',', a.Fixes), a.Severity, string.Join(',', a.Cvss), a.Summary, string.Join(',', a.Links), a.Published?.ToUnixTimeSeconds());

    private static string Text(Affected a) => string.Join('|', a.Ecosystem, a.Name, a.Status, string.Join(',', a.Ranges.Select(static r => (r.Introduced, r.Fixed, r.LastAffected))), string.Join(',', a.Versions), a.Arch ?? "null", a.Module ?? "null", a.Cpe ?? "null", a.OfSource, a.Severity, a.Note ?? "null");
}
