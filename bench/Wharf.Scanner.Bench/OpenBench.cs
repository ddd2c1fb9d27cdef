using System.Diagnostics;
using System.Globalization;
using Wharf.Scanner.Feeds.Revisions;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Bench;

/// <summary>Opens two revisions of full size, matches with one, and tells what changed to the other.</summary>
internal static class OpenBench
{
    public static void Run(string before, string after)
    {
        var began = Stopwatch.GetTimestamp();
        using var old = FeedRevision.Open(before);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"open {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F1} ms, {old.Info.Statements} statements"));
        using var feeds = new FeedSet([FeedRevision.Open(after)]);
        MatchBench.Measure(feeds);
        Console.WriteLine($"peak after matching {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB");
        for (var round = 0; round < 3; round++)
        {
            began = Stopwatch.GetTimestamp();
            var changed = feeds.Revisions[0].ChangesFrom(old).Count();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"changes {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F1} ms, {changed} names"));
        }
        began = Stopwatch.GetTimestamp();
        var names = feeds.Revisions[0].Names().Count();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"all {names} names {Stopwatch.GetElapsedTime(began).TotalMilliseconds:F0} ms"));
    }
}
