namespace Wharf.Scanner.Feeds;

/// <summary>Scores of CVSS vectors, versions 2 to 4, and the severity that a score stands for.</summary>
public static class CvssScore
{
    private const int MaxLength = 512; // one of version 4 with all metrics has 180 characters

    /// <summary>Of the first vector that is well formed; Unknown when none is.</summary>
    /// <param name="vectors">The newest version first.</param>
    public static Severity SeverityOf(IReadOnlyList<string> vectors)
    {
        foreach (var vector in vectors)
        {
            if (Of(vector) is not { } score)
                continue;
            var severity = SeverityOf(score);
            // Version 2 ends with High: https://nvd.nist.gov/vuln-metrics/cvss
            return severity == Severity.Critical && !vector.StartsWith("CVSS:", StringComparison.Ordinal) ? Severity.High : severity;
        }
        return Severity.Unknown;
    }

    /// <summary>The words of CVSS 3 and 4 (https://www.first.org/cvss/v3-1/specification-document, 5), and Clair's Negligible for no severity.</summary>
    /// <param name="score">0 to 10.</param>
    public static Severity SeverityOf(double score) => score switch
    {
        <= 0 => Severity.Negligible,
        < 4 => Severity.Low,
        < 7 => Severity.Medium,
        < 9 => Severity.High,
        _ => Severity.Critical,
    };

    /// <summary>The score, 0 to 10 with one decimal: the base score of versions 2 and 3; of version 4 with what the vector says of threat and environment.</summary>
    /// <param name="vector"><c>CVSS:3.1/AV:N/...</c>, <c>CVSS:4.0/AV:N/...</c>, and of version 2 <c>AV:N/AC:L/Au:N/C:P/I:P/A:P</c>.</param>
    /// <returns>Null when the vector is not well formed.</returns>
    public static double? Of(string vector)
    {
        if (vector.Length > MaxLength)
            return null;
        var metrics = new Dictionary<string, string>();
        foreach (var metric in vector.Trim('(', ')').Split('/'))
        {
            if (metric.Split(':') is not [{ Length: > 0 } name, { Length: > 0 } value] || !metrics.TryAdd(name, value))
                return null;
        }
        return metrics.GetValueOrDefault("CVSS") switch
        {
            "4.0" => Cvss4.Score(metrics),
            "3.1" or "3.0" => Cvss3.BaseScore(metrics),
            null => Cvss2.BaseScore(metrics),
            _ => null,
        };
    }
}
