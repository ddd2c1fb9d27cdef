using System.Text.Json;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Reports;

/// <summary>SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): a rule for each vulnerability, a result for each package that has it; what is suppressed
/// is a result with a suppression.</summary>
internal static class SarifReport
{
    private const string Schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

    public static void Write(ScanReport report, Utf8JsonWriter json)
    {
        var rules = report.Result.Findings.Concat(report.Result.Suppressed).DistinctBy(static f => f.Id).ToList();
        var indexes = rules.Select(static (rule, i) => (rule.Id, i)).ToDictionary(static r => r.Id, static r => r.i, StringComparer.Ordinal);

        json.WriteStartObject();
        json.WriteString("$schema", Schema);
        json.WriteString("version", "2.1.0");
        json.WriteStartArray("runs");
        json.WriteStartObject();
        json.WriteStartObject("tool");
        json.WriteStartObject("driver");
        json.WriteString("name", ReportWords.Tool);
        json.WriteString("version", ReportWords.ToolVersion);
        json.WriteStartArray("rules");
        foreach (var rule in rules)
            WriteRule(rule, json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartArray("results");
        foreach (var finding in report.Result.Findings.Concat(report.Result.Suppressed))
            WriteResult(finding, indexes[finding.Id], report, json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRule(Finding finding, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", finding.Id);
        json.WriteStartObject("shortDescription");
        json.WriteString("text", finding.Summary ?? finding.Id);
        json.WriteEndObject();
        if (finding.Links.FirstOrDefault(static link => Uri.IsWellFormedUriString(link, UriKind.Absolute)) is { } link)
            json.WriteString("helpUri", link);
        json.WriteStartObject("properties");
        json.WriteStartArray("tags");
        json.WriteStringValue("security");
        json.WriteStringValue("vulnerability");
        json.WriteEndArray();
        if (Score(finding.Severity) is { } score)
            json.WriteString("security-severity", score);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteResult(Finding finding, int ruleIndex, ScanReport report, Utf8JsonWriter json)
    {
        var package = finding.Component.Package;
        var purl = Purl.Write(package, finding.Component.Distro ?? report.Inventory.Distro);
        json.WriteStartObject();
        json.WriteString("ruleId", finding.Id);
        json.WriteNumber("ruleIndex", ruleIndex);
        json.WriteString("level", Level(finding.Severity));
        json.WriteStartObject("message");
        json.WriteString("text", $"{package.Name} {package.Version}: {finding.Id}, {ReportWords.Of(finding.Status).Replace('_', ' ')}"
            + (finding.FixedIn is { } version ? $", fixed in {version}" : ""));
        json.WriteEndObject();
        json.WriteStartArray("locations");
        foreach (var location in finding.Component.Locations.Count > 0 ? finding.Component.Locations : [report.Target])
        {
            json.WriteStartObject();
            json.WriteStartObject("physicalLocation");
            json.WriteStartObject("artifactLocation");
            json.WriteString("uri", string.Join('/', location.Split('/').Select(Uri.EscapeDataString)));
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("partialFingerprints");
        json.WriteString("vulnerability/v1", $"{finding.Id} {purl}");
        json.WriteEndObject();
        if (finding.Reason is { } reason)
        {
            json.WriteStartArray("suppressions");
            json.WriteStartObject();
            json.WriteString("kind", "external");
            json.WriteString("justification", ReportWords.Of(reason));
            json.WriteEndObject();
            json.WriteEndArray();
        }
        json.WriteStartObject("properties");
        json.WriteString("purl", purl);
        json.WriteString("feed", finding.Feed);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Level(Severity severity) => severity switch
    {
        Severity.Critical or Severity.High => "error",
        Severity.Medium => "warning",
        _ => "note",
    };

    // Code scanning sorts by a number and has names for ranges of it: over 9, from 7, from 4, over 0
    private static string? Score(Severity severity) => severity switch
    {
        Severity.Critical => "9.5",
        Severity.High => "8.0",
        Severity.Medium => "5.5",
        Severity.Low => "2.0",
        Severity.Negligible => "0.5",
        _ => null,
    };
}
