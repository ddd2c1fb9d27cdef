namespace Wharf.Scanner.Feeds;

/// <summary>
/// CVSS 4.0 (https://www.first.org/cvss/v4-0/specification-document, 8). A vector falls into one of 270 classes (macro vectors), each with the score of the
/// worst vector in it. From that is taken how far the vector is from the worst, in proportion to what the next lower classes have.
/// </summary>
internal static class Cvss4
{
    // FIRST's scores of the macro vectors in tenths: a line for EQ1, EQ2 and EQ3 with EQ6, in it EQ4 and in that EQ5.
    private static readonly byte[] s_scores =
    [
        100, 98, 95, 100, 93, 91, 93, 89, 81, // 000xx0
        99, 95, 92, 96, 87, 81, 90, 80, 68, // 000xx1
        98, 95, 90, 93, 89, 81, 88, 78, 69, // 001xx0
        95, 92, 84, 92, 81, 65, 80, 70, 48, // 001xx1
        92, 82, 72, 79, 69, 50, 69, 55, 27, // 002xx1
        99, 95, 92, 95, 90, 84, 92, 82, 72, // 010xx0
        97, 92, 85, 91, 83, 71, 81, 71, 53, // 010xx1
        95, 92, 85, 92, 80, 70, 84, 71, 50, // 011xx0
        93, 85, 73, 82, 72, 59, 70, 52, 30, // 011xx1
        86, 75, 52, 71, 52, 29, 63, 29, 17, // 012xx1
        98, 94, 91, 94, 86, 77, 87, 74, 63, // 100xx0
        95, 87, 81, 89, 74, 64, 75, 63, 49, // 100xx1
        94, 88, 76, 86, 74, 59, 72, 57, 52, // 101xx0
        89, 77, 67, 76, 58, 50, 57, 52, 25, // 101xx1
        83, 70, 54, 65, 58, 26, 53, 21, 13, // 102xx1
        95, 88, 76, 90, 75, 61, 77, 68, 52, // 110xx0
        90, 76, 70, 77, 62, 53, 66, 59, 30, // 110xx1
        89, 76, 62, 74, 57, 47, 61, 57, 24, // 111xx0
        78, 67, 58, 59, 57, 23, 52, 29, 16, // 111xx1
        71, 59, 30, 58, 26, 15, 23, 13, 6, // 112xx1
        93, 86, 75, 86, 74, 56, 70, 52, 40, // 200xx0
        87, 72, 58, 74, 61, 34, 54, 40, 22, // 200xx1
        85, 74, 62, 72, 55, 46, 53, 34, 19, // 201xx0
        75, 55, 51, 57, 41, 19, 36, 19, 8, // 201xx1
        64, 51, 20, 47, 21, 11, 24, 9, 4, // 202xx1
        88, 73, 60, 73, 59, 41, 54, 45, 20, // 210xx0
        75, 53, 50, 55, 40, 20, 43, 22, 11, // 210xx1
        75, 58, 40, 61, 48, 20, 46, 17, 8, // 211xx0
        55, 45, 21, 51, 18, 9, 18, 7, 2, // 211xx1
        53, 24, 14, 24, 12, 5, 10, 3, 1, // 212xx1
    ];

    // The joint levels of EQ3 and EQ6 in the order of the table: 00, 01, 10, 11, 21.
    private const int Levels36 = 5;

    // How many steps there are from the worst vector of a level to the least (table 24 and those before it).
    private static readonly int[][] s_depths = [[1, 4, 5], [1, 2], [7, 6, 8, 8, 10], [6, 5, 4]];

    // The worst vectors of each level: the values of the metrics that stand in s_metrics. One level may have several, none worse than another.
    private static readonly string[][][] s_worst =
    [
        [["NNN"], ["ANN", "NLN", "NNP"], ["PNN", "ALP"]],
        [["LN"], ["HN", "LP"]],
        [
            ["HHHHHH"],
            ["HHLMMH", "HHHMMM"],
            ["LHHHHH", "HLHHHH"],
            ["LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"],
            ["LLLHHH"],
        ],
        [["HSS"], ["HHH"], ["LLL"]],
    ];

    private static readonly string[][] s_metrics = [["AV", "PR", "UI"], ["AC", "AT"], ["VC", "VI", "VA", "CR", "IR", "AR"], ["SC", "SI", "SA"]];

    // The values of each metric from the worst on; what a step is.
    private static readonly Dictionary<string, string> s_values = new()
    {
        ["AV"] = "NALP",
        ["PR"] = "NLH",
        ["UI"] = "NPA",
        ["AC"] = "LH",
        ["AT"] = "NP",
        ["VC"] = "HLN",
        ["VI"] = "HLN",
        ["VA"] = "HLN",
        ["SC"] = "SHLN",
        ["SI"] = "SHLN",
        ["SA"] = "SHLN",
        ["CR"] = "HML",
        ["IR"] = "HML",
        ["AR"] = "HML",
        ["E"] = "APU",
    };

    public static double? Score(Dictionary<string, string> metrics)
    {
        var values = new Dictionary<string, char>();
        foreach (var (metric, allowed) in s_values)
        {
            if (Value(metrics, metric) is not [var value] || !allowed.Contains(value, StringComparison.Ordinal))
                return null;
            values.Add(metric, value);
        }
        if ("VC VI VA SC SI SA".Split(' ').All(metric => values[metric] == 'N'))
            return 0;

        int[] levels = [Level1(values), Level2(values), Level36(values), Level4(values), s_values["E"].IndexOf(values["E"], StringComparison.Ordinal)];
        var score = At(levels);
        var (taken, lowerClasses) = (0.0, 0);
        for (var eq = 0; eq < levels.Length; eq++)
        {
            if (Lower(levels, eq) is not { } lower)
                continue;
            lowerClasses++;
            // Of E each level has one value, so that no vector is away from the worst.
            if (eq < s_metrics.Length)
                taken += (score - lower) * Distance(values, eq, levels[eq]) / s_depths[eq][levels[eq]];
        }
        if (lowerClasses > 0)
            score -= taken / lowerClasses;
        return Math.Round(Math.Clamp(score, 0, 100) + 1e-5, MidpointRounding.AwayFromZero) / 10;
    }

    // The modified metric counts where the vector has one; what is not said of threat and environment is the worst.
    private static string? Value(Dictionary<string, string> metrics, string metric)
    {
        var value = metrics.GetValueOrDefault("M" + metric) is { } modified and not "X" ? modified : metrics.GetValueOrDefault(metric);
        return value is not (null or "X") ? value : metric switch { "E" => "A", "CR" or "IR" or "AR" => "H", _ => null };
    }

    private static int Level1(Dictionary<string, char> v)
    {
        var (vector, privileges, interaction) = (v["AV"], v["PR"], v["UI"]);
        if (vector == 'N' && privileges == 'N' && interaction == 'N')
            return 0;
        return vector != 'P' && (vector == 'N' || privileges == 'N' || interaction == 'N') ? 1 : 2;
    }

    private static int Level2(Dictionary<string, char> v) => v["AC"] == 'L' && v["AT"] == 'N' ? 0 : 1;

    private static int Level36(Dictionary<string, char> v)
    {
        var eq3 = v["VC"] == 'H' && v["VI"] == 'H' ? 0 : v["VC"] == 'H' || v["VI"] == 'H' || v["VA"] == 'H' ? 1 : 2;
        var isRequired = v["CR"] == 'H' && v["VC"] == 'H' || v["IR"] == 'H' && v["VI"] == 'H' || v["AR"] == 'H' && v["VA"] == 'H';
        return eq3 == 2 ? 4 : eq3 * 2 + (isRequired ? 0 : 1);
    }

    private static int Level4(Dictionary<string, char> v) =>
        v["SI"] == 'S' || v["SA"] == 'S' ? 0 : v["SC"] == 'H' || v["SI"] == 'H' || v["SA"] == 'H' ? 1 : 2;

    private static double At(int[] levels) => s_scores[(((levels[0] * 2 + levels[1]) * Levels36 + levels[2]) * 3 + levels[3]) * 3 + levels[4]];

    /// <summary>The score of the class that is one lower in one equivalence set; of two such the higher; null below the lowest.</summary>
    private static double? Lower(int[] levels, int eq)
    {
        int[] next = eq switch
        {
            0 or 3 or 4 => levels[eq] < 2 ? [levels[eq] + 1] : [],
            1 => levels[eq] < 1 ? [levels[eq] + 1] : [],
            // 00 is above 01 and 10, both of these are above 11, and that is above 21.
            _ => levels[eq] switch { 0 => [1, 2], 1 or 2 => [3], 3 => [4], _ => [] },
        };
        double? best = null;
        foreach (var level in next)
        {
            int[] lower = [.. levels];
            lower[eq] = level;
            best = Math.Max(best ?? 0, At(lower));
        }
        return best;
    }

    private static int Distance(Dictionary<string, char> values, int eq, int level)
    {
        foreach (var worst in s_worst[eq][level])
        {
            var distance = 0;
            var isBelow = true;
            foreach (var (at, metric) in s_metrics[eq].Index())
            {
                var order = s_values[metric];
                var steps = order.IndexOf(values[metric], StringComparison.Ordinal) - order.IndexOf(worst[at], StringComparison.Ordinal);
                isBelow &= steps >= 0;
                distance += steps;
            }
            if (isBelow)
                return distance;
        }
        return 0;
    }
}
