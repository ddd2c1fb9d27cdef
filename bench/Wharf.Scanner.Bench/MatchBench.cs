using System.Diagnostics;
using System.Globalization;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Bench;

/// <summary>Matches 500 packages of a Debian image, 500 of a mixed and 500 of an up-to-date one, of names of which a feed speaks as far as there are so many: the first time, and then, compiled for speed, by
/// the clock (median) and in CPU.</summary>
internal static class MatchBench
{
    private const int Packages = 500;
    private const int WarmUp = 100;
    private const int Rounds = 100;

    private static readonly (string Ecosystem, PackageType Type, int Share)[] s_mixed =
    [
        (Ecosystem.Debian("11"), PackageType.Deb, 100), (Ecosystem.PyPI, PackageType.PyPI, 100), (Ecosystem.Go, PackageType.Go, 100), (Ecosystem.Npm, PackageType.Npm, 100), (Ecosystem.Maven, PackageType.Maven, 100),
    ];

    public static void Run(string directory)
    {
        var compiled = Directory.CreateTempSubdirectory("wharf-bench-");
        try
        {
            var began = Stopwatch.GetTimestamp();
            using var feeds = new FeedSet(new FeedDirectory(directory, compiled.FullName).Open());
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{feeds.Revisions.Count} feeds, {feeds.Revisions.Sum(static r => r.Info.Statements)} statements, compiled in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s"));
            Measure(feeds);
        }
        finally
        {
            compiled.Delete(recursive: true);
        }
    }

    public static void Measure(FeedSet feeds)
    {
        var debian = new Distro("debian", "11");
        Measure(feeds, debian, "Debian", Take(feeds, Ecosystem.Debian("11"), PackageType.Deb, Packages));
        Measure(feeds, debian, "mixed", s_mixed.SelectMany(of => Take(feeds, of.Ecosystem, of.Type, of.Share)));
        // All updates are installed: each is looked at, and none is a finding.
        Measure(feeds, new Distro("almalinux", "8.9"), "AlmaLinux", Take(feeds, Ecosystem.AlmaLinux("8"), PackageType.Rpm, Packages, "99:1-1.el8"));
    }

    private static void Measure(FeedSet feeds, Distro distro, string title, IEnumerable<Component> components)
    {
        var inventory = new Inventory { Distro = distro, Components = [.. components] };
        var matcher = new Matcher(feeds);
        var took = new List<double>();
        var result = matcher.Match(new Inventory { Components = [] });
        var cpu = TimeSpan.Zero;
        for (var round = 0; round < WarmUp + Rounds; round++)
        {
            if (round == WarmUp)
                cpu = Environment.CpuUsage.TotalTime;
            var began = Stopwatch.GetTimestamp();
            result = matcher.Match(inventory);
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        cpu = Environment.CpuUsage.TotalTime - cpu;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{title}: {inventory.Components.Count} packages, {result.Findings.Count} findings, {result.Suppressed.Count} suppressed: first {took[0]:F1} ms, then {took.Skip(WarmUp).Order().ElementAt(Rounds / 2):F1} ms, {cpu.TotalMilliseconds / Rounds:F1} ms of CPU"));
    }

    private static IEnumerable<Component> Take(FeedSet feeds, string ecosystem, PackageType type, int count, string version = "1.0") => feeds.Revisions
        .Where(r => r.Ecosystems.Contains(ecosystem))
        .SelectMany(static r => r.Names())
        .Where(name => name.Ecosystem == ecosystem)
        .Distinct()
        .Concat(Enumerable.Range(0, count).Select(n => (Ecosystem: ecosystem, Name: $"unknown-{n}")))
        .Take(count)
        .Select(name => new Component { Package = new Package { Type = type, Name = name.Name, Version = version } });
}
