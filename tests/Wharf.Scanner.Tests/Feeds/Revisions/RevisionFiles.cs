using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Tests.Feeds.Revisions;

/// <summary>Compiles revisions into a directory of its own, and makes feeds to compile.</summary>
public sealed class RevisionFiles : IDisposable
{
    private static readonly DateTimeOffset s_date = new(2026, 3, 1, 2, 3, 4, TimeSpan.Zero);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("wharf-revisions-");
    private readonly List<FeedRevision> _opened = [];

    /// <summary>What lies there.</summary>
    public IEnumerable<string> Names => _directory.EnumerateFiles().Select(static f => f.Name);

    public string PathOf(string name) => Path.Join(_directory.FullName, name);

    public string Compile(IEnumerable<object> feed)
    {
        var path = PathOf($"{Names.Count()}.feed");
        using var writer = new RevisionWriter(path);
        foreach (var item in feed)
        {
            if (item is Advisory advisory)
                writer.Add(advisory);
            else
                writer.Add((Enrichment)item);
        }
        writer.Complete("test", "CC0-1.0", s_date);
        return path;
    }

    public FeedRevision Open(params IEnumerable<object> feed)
    {
        var revision = FeedRevision.Open(Compile(feed));
        _opened.Add(revision);
        return revision;
    }

    public void Dispose()
    {
        _opened.ForEach(static r => r.Dispose());
        _directory.Delete(recursive: true);
    }

    public static Advisory Advisory(string id, params Affected[] affected) => new() { Id = id, Affected = affected };

    public static Affected Affected(string name, string? @fixed = null) => new() { Ecosystem = Ecosystem.Npm, Name = name, Ranges = @fixed is null ? [] : [new(null, @fixed)] };

    /// <summary>Advisories of few names and all that one can say, so that names meet and nothing is left out.</summary>
    public static List<Advisory> Random(Random random, int count) => [.. Enumerable.Range(0, count).Select(n => new Advisory
    {
        Id = $"CVE-2026-{n}",
        Aliases = Words(random),
        Fixes = Words(random),
        Severity = random.GetItems(Enum.GetValues<Severity>(), 1)[0],
        Cvss = Words(random),
        Summary = Word(random),
        Links = Words(random),
        Published = random.Next(2) == 0 ? null : DateTimeOffset.FromUnixTimeSeconds(1 + random.NextInt64(4_000_000_000)),
        Affected = [.. Enumerable.Range(0, random.Next(4)).Select(_ => new Affected
        {
            Ecosystem = random.GetItems([Ecosystem.Npm, Ecosystem.Go, "debian:12"], 1)[0],
            Name = $"name-{random.Next(1 + count / 4)}{(random.Next(8) == 0 ? "é" : "")}",
            Status = random.GetItems(Enum.GetValues<Status>(), 1)[0],
            Ranges = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new VersionRange(Word(random), Word(random), Word(random)))],
            Versions = Words(random),
            Arch = Word(random),
            Module = random.Next(3) == 0 ? "" : Word(random),
            Cpe = Word(random),
            OfSource = random.Next(2) == 0,
            Severity = random.Next(2) == 0 ? null : random.GetItems(Enum.GetValues<Severity>(), 1)[0],
            Note = Word(random),
        })],
    })];

    private static string[] Words(Random random) => [.. Enumerable.Range(0, random.Next(3)).Select(_ => Word(random) ?? "")];

    // Sometimes longer than any buffer that is there from the start.
    private static string? Word(Random random) => random.Next(40) switch
    {
        < 15 => null,
        39 => new string('x', 70_000),
        var n => $"{n}~\0é😀",
    };
}
