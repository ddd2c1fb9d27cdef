using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

internal sealed class JsonSuppressed(Finding finding, Distro? distro, bool knowsExploited) : JsonFinding(finding, distro, knowsExploited)
{
    public string? Reason { get; } = finding.Reason is { } reason ? ReportWords.Of(reason) : null;
}
