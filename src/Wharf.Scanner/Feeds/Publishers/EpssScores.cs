using System.Globalization;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// FIRST's exploit prediction scores (https://www.first.org/epss/data_stats): a comment with the day of the scores, the names of the columns, then
/// <c>CVE-1999-0001,0.00383,0.73075</c>, 300,000 times. Plain or gzipped, as the path ends.
/// </summary>
public static class EpssScores
{
    /// <exception cref="InvalidDataException">The columns are not the three, or the packing is broken.</exception>
    public static IEnumerable<Enrichment> Read(Stream stream, string path, Action<string>? problem = null)
    {
        using var plain = Unpacked.Open(stream, path);
        var head = true;
        foreach (var line in Lines.Read(plain))
        {
            if (line.Length == 0 || line.StartsWith('#'))
                continue;
            if (head)
            {
                if (line != "cve,epss,percentile")
                    throw new InvalidDataException($"{path}: not the columns of EPSS: {Words.Summary(line)}");
                head = false;
            }
            else if (line.Split(',') is [var cve, var score, var percentile] && Cve.Is(cve) && Share(score) is { } epss)
            {
                yield return new Enrichment(cve) { Epss = epss, EpssPercentile = Share(percentile) };
            }
            else
            {
                problem?.Invoke($"{path}: not a score: {Words.Summary(line)}");
            }
        }
    }

    private static double? Share(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share : null;
}
