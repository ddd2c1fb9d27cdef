using System.Diagnostics;
using System.Globalization;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Bench;

/// <summary>Indexes a layer three times: MB of its tar a second, and a second of the CPU.</summary>
internal static class IndexBench
{
    public static async Task RunAsync(string layer)
    {
        for (var round = 0; round < 3; round++)
        {
            await using var stream = File.OpenRead(layer);
            var cpu = Environment.CpuUsage.TotalTime;
            var began = Stopwatch.GetTimestamp();
            var index = await LayerIndexer.IndexAsync(stream, IndexLimits.Default, CancellationToken.None);
            var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
            var worked = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{index.Size / 1e6:F0} MB, {index.Files.Count} files of interest, {index.Files.Sum(static f => f.Packages.Count)} packages, written {index.Write().Length} bytes: {index.Size / 1e6 / took:F0} MB/s, {index.Size / 1e6 / worked:F0} MB per second of CPU"));
        }
    }
}
