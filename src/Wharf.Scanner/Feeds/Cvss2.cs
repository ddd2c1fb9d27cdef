namespace Wharf.Scanner.Feeds;

/// <summary>CVSS 2 (https://www.first.org/cvss/v2/guide, 3.2.1).</summary>
internal static class Cvss2
{
    public static double? BaseScore(Dictionary<string, string> metrics)
    {
        var vector = Weight("AV", ("L", 0.395), ("A", 0.646), ("N", 1.0));
        var complexity = Weight("AC", ("H", 0.35), ("M", 0.61), ("L", 0.71));
        var authentication = Weight("Au", ("M", 0.45), ("S", 0.56), ("N", 0.704));
        var (c, i, a) = (Impact("C"), Impact("I"), Impact("A"));
        if (vector is null || complexity is null || authentication is null || c is null || i is null || a is null)
            return null;

        var impact = 10.41 * (1 - (1 - c.Value) * (1 - i.Value) * (1 - a.Value));
        var exploitability = 20 * vector.Value * complexity.Value * authentication.Value;
        return impact == 0 ? 0 : Math.Round((0.6 * impact + 0.4 * exploitability - 1.5) * 1.176, 1, MidpointRounding.AwayFromZero);

        double? Impact(string metric) => Weight(metric, ("N", 0), ("P", 0.275), ("C", 0.66));

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
}
