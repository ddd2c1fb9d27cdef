using System.Text.Json;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Reports;

/// <summary>CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the packages, and the vulnerabilities with what is said of them.</summary>
internal static class CycloneDxReport
{
    private const string TargetReference = "target";

    public static void Write(ScanReport report, Utf8JsonWriter json, DateTimeOffset now)
    {
        var distro = report.Inventory.Distro;
        json.WriteStartObject();
        json.WriteString("$schema", "http://cyclonedx.org/schema/bom-1.6.schema.json");
        json.WriteString("bomFormat", "CycloneDX");
        json.WriteString("specVersion", "1.6");
        json.WriteString("serialNumber", $"urn:uuid:{DocumentId.Of(report, now)}");
        json.WriteNumber("version", 1);
        json.WriteStartObject("metadata");
        json.WriteString("timestamp", $"{now.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}");
        json.WriteStartObject("tools");
        json.WriteStartArray("components");
        json.WriteStartObject();
        json.WriteString("type", "application");
        json.WriteString("name", ReportWords.Tool);
        json.WriteString("version", ReportWords.ToolVersion);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("component");
        json.WriteString("type", "container");
        json.WriteString("bom-ref", TargetReference);
        json.WriteString("name", report.Target);
        json.WriteEndObject();
        json.WriteEndObject();

        json.WriteStartArray("components");
        if (distro is not null)
            WriteDistro(distro, json);
        foreach (var package in report.Inventory.Components.GroupBy(c => Purl.Write(c.Package, c.Distro ?? distro), StringComparer.Ordinal))
            WritePackage(package, json);
        json.WriteEndArray();

        json.WriteStartArray("vulnerabilities");
        foreach (var said in report.Result.Findings.Concat(report.Result.Suppressed).GroupBy(static f => (f.Id, f.Status, f.Severity, f.Reason)))
            CycloneDxVulnerability.Write([.. said], distro, json);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteDistro(Distro distro, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "operating-system");
        json.WriteString("bom-ref", $"os:{PurlDistro.Write(distro)}");
        json.WriteString("name", distro.Id);
        if (distro.Version.Length > 0)
            json.WriteString("version", distro.Version);
        if (distro.Name is { } name)
            json.WriteString("description", name);
        json.WriteEndObject();
    }

    private static void WritePackage(IGrouping<string, Component> package, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "library");
        json.WriteString("bom-ref", package.Key);
        json.WriteString("name", package.First().Package.Name);
        json.WriteString("version", package.First().Package.Version);
        json.WriteString("purl", package.Key);
        var locations = package.SelectMany(static c => c.Locations).Distinct(StringComparer.Ordinal).ToList();
        if (locations.Count > 0)
        {
            json.WriteStartObject("evidence");
            json.WriteStartArray("occurrences");
            foreach (var location in locations)
            {
                json.WriteStartObject();
                json.WriteString("location", location);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }
}
