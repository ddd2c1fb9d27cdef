using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

internal class JsonFinding(Finding finding, Distro? distro, bool knowsExploited)
{
    public string Id => finding.Id;

    public IReadOnlyList<string> Aliases => finding.Aliases;

    public string Purl { get; } = Sboms.Purl.Of(finding.Component, distro);

    /// <summary>The name of the installed package.</summary>
    public string Package => finding.Component.Package.Name;

    public string Version => finding.Component.Package.Version;

    public string Status => ReportWords.Of(finding.Status);

    public string Severity => finding.Severity.ToString();

    public string? FixedIn => finding.FixedIn;

    public string Feed => finding.Feed;

    /// <summary>Whether it is on CISA's list of what is exploited; null when there is no such list here.</summary>
    public bool? Kev => finding.Known?.Exploited is not null ? true : knowsExploited ? false : null;

    /// <summary>0 to 1.</summary>
    public double? Epss => finding.Known?.Epss;

    public IReadOnlyList<JsonEvidence> Evidence { get; } = [.. finding.Evidence.Select(JsonEvidence.Of)];
}
