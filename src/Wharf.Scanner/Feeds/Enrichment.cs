namespace Wharf.Scanner.Feeds;

/// <summary>What is known of a CVE besides who is affected.</summary>
/// <param name="Cve">CVE-YYYY-N.</param>
public sealed record Enrichment(string Cve)
{
    /// <summary>On CISA's list of what is exploited in the wild: since when.</summary>
    public DateOnly? Exploited { get; init; }

    /// <summary>EPSS: how likely it is to be exploited within 30 days, 0 to 1.</summary>
    public double? Epss { get; init; }

    /// <summary>EPSS percentile, 0 to 1.</summary>
    public double? EpssPercentile { get; init; }
}
