namespace Wharf.Scanner.Feeds;

/// <summary>CVSS 3.0 and 3.1 (https://www.first.org/cvss/v3-1/specification-document, 7.1 and 7.4).</summary>
internal static class Cvss3
{
    public static double? BaseScore(Dictionary<string, string> metrics)
    {
        if (metrics.GetValueOrDefault("S") is not ("U" or "C"))
            return null;
        var changed = metrics["S"] == "C";
        var vector = Weight("AV", ("N", 0.85), ("A", 0.62), ("L", 0.55), ("P", 0.2));
        var complexity = Weight("AC", ("L", 0.77), ("H", 0.44));
        var privileges = Weight("PR", ("N", 0.85), ("L", changed ? 0.68 : 0.62), ("H", changed ? 0.5 : 0.27));
        var interaction = Weight("UI", ("N", 0.85), ("R", 0.62));
        var (c, i, a) = (Impact("C"), Impact("I"), Impact("A"));
        if (vector is null || complexity is null || privileges is null || interaction is null || c is null || i is null || a is null)
            return null;

        var subscore = 1 - (1 - c.Value) * (1 - i.Value) * (1 - a.Value);
        var impact = changed ? 7.52 * (subscore - 0.029) - 3.25 * Math.Pow(subscore - 0.02, 15) : 6.42 * subscore;
        var exploitability = 8.22 * vector.Value * complexity.Value * privileges.Value * interaction.Value;
        return impact <= 0 ? 0 : RoundUp(Math.Min(changed ? 1.08 * (impact + exploitability) : impact + exploitability, 10));

        double? Impact(string metric) => Weight(metric, ("N", 0), ("L", 0.22), ("H", 0.56));

        double? Weight(string metric, params ReadOnlySpan<(string Value, double Weight)> weights)
        {
            foreach (var (value, weight) in weights)
            {
                if (metrics.GetValueOrDefault(metric) == value)
                    return weight;
            }
            return null;
        }
    }

    // Appendix A of 3.1: the next tenth, but not for what floating point puts a hair above one.
    private static double RoundUp(double score)
    {
        var whole = (int)Math.Round(score * 100_000);
        return whole % 10_000 == 0 ? whole / 100_000.0 : (whole / 10_000 + 1) / 10.0;
    }
}
