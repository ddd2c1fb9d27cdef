using System.Diagnostics;
using System.Globalization;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Bench;

/// <summary>
/// Compiles feeds of full size: the real ones as often as it takes to have 3,000,000 statements, each time with other names, identifiers and versions. Beside the
/// result it compiles a second revision in which 100 names differ.
/// </summary>
internal static class CompileBench
{
    private const int Statements = 3_000_000;
    private const int Changes = 100;

    public static void Run(string feeds, string to)
    {
        Compile(feeds, to, 0);
        Compile(feeds, to + ".changed", Changes);
    }

    private static void Compile(string feeds, string to, int changes)
    {
        var directory = new FeedDirectory(feeds, Path.GetTempPath());
        var changed = new HashSet<(string, string)>();
        var writing = TimeSpan.Zero;
        var began = Stopwatch.GetTimestamp();
        using var writer = new RevisionWriter(to);
        for (var round = 0; writer.Statements < Statements; round++)
        {
            foreach (var item in Read(directory, feeds))
            {
                if (writer.Statements >= Statements)
                    break;
                var varied = item is Advisory advisory ? Vary(advisory, round) : item;
                if (varied is Advisory { Affected: [var one] } && changed.Count < changes && changed.Add((one.Ecosystem, one.Name)))
                    varied = (Advisory)varied with { Affected = [one with { Note = "changed" }] };
                var started = Stopwatch.GetTimestamp();
                if (varied is Advisory written)
                    writer.Add(written);
                else if (round == 0)
                    writer.Add((Enrichment)varied);
                writing += Stopwatch.GetElapsedTime(started);
            }
        }
        var ending = Stopwatch.GetTimestamp();
        var info = writer.Complete("osv-bench", "none", DateTimeOffset.UnixEpoch);
        writing += Stopwatch.GetElapsedTime(ending);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{info.Statements} statements in {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s with the parsers, {writing.TotalSeconds:F1} s of it compiling ({Stopwatch.GetElapsedTime(ending).TotalSeconds:F1} s at the end); {new FileInfo(to).Length / 1e6:F0} MB; peak {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
    }

    private static IEnumerable<object> Read(FeedDirectory directory, string root)
    {
        foreach (var content in directory.List())
        {
            foreach (var file in content.Files)
            {
                using var stream = File.OpenRead(Path.Join(root, file.Path));
                foreach (var item in content.Feed.Read(stream, file.Path, null))
                    yield return item;
            }
        }
    }

    private static Advisory Vary(Advisory advisory, int round) => round == 0 ? advisory : advisory with
    {
        Id = $"{advisory.Id}-{round}",
        Affected = [.. advisory.Affected.Select(a => a with
        {
            Name = $"{a.Name}-{round}",
            Ranges = [.. a.Ranges.Select(r => r with { Fixed = r.Fixed is null ? null : $"{r.Fixed}.{round}" })],
        })],
    };
}
