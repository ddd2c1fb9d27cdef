using System.Text.Json;
using Wharf.Scanner.Matching;

namespace Wharf.Scanner.Reports;

/// <summary>Wharf's own format: every field is always there, and null when it is not known.</summary>
/// <param name="Distro">As package URLs write it: <c>debian-12</c>.</param>
internal sealed record JsonReport(
    string Target, string? Distro, IReadOnlyList<JsonFeed> Feeds, IReadOnlyList<JsonPackage> Packages, IReadOnlyList<JsonFinding> Findings, IReadOnlyList<JsonSuppressed> Suppressed)
{
    public static void Write(ScanReport report, Utf8JsonWriter json) => JsonSerializer.Serialize(json, Of(report), JsonReportContext.Default.JsonReport);

    private static JsonReport Of(ScanReport report)
    {
        var distro = report.Inventory.Distro;
        var knowsExploited = report.Feeds.Any(static f => f.Name == "kev");
        return new JsonReport(
            report.Target,
            distro is null ? null : Sboms.PurlDistro.Write(distro),
            [.. report.Feeds.Select(static f => new JsonFeed(f.Name, f.Revision, f.Date))],
            [.. report.Inventory.Components.Select(c => JsonPackage.Of(c, distro))],
            [.. report.Result.Findings.Select(f => new JsonFinding(f, distro, knowsExploited))],
            [.. report.Result.Suppressed.Select(f => new JsonSuppressed(f, distro, knowsExploited))]);
    }
}
