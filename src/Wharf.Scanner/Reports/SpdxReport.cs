using System.Text.Json;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Sboms;

namespace Wharf.Scanner.Reports;

/// <summary>SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/): the packages, each with the advisories that speak of it (annex K.1).</summary>
internal static class SpdxReport
{
    private const string Document = "SPDXRef-DOCUMENT";
    private const string Target = "SPDXRef-Target";

    public static void Write(ScanReport report, Utf8JsonWriter json, DateTimeOffset now)
    {
        var distro = report.Inventory.Distro;
        var packages = report.Inventory.Components.Select(static c => (c.Package, c.Distro)).Distinct().ToList();
        var findings = report.Result.Findings.ToLookup(static f => (f.Component.Package, f.Component.Distro));

        json.WriteStartObject();
        json.WriteString("spdxVersion", "SPDX-2.3");
        json.WriteString("dataLicense", "CC0-1.0");
        json.WriteString("SPDXID", Document);
        json.WriteString("name", report.Target);
        json.WriteString("documentNamespace", $"https://spdx.org/spdxdocs/{ReportWords.Tool}-{DocumentId.Of(report, now)}");
        json.WriteStartObject("creationInfo");
        json.WriteString("created", $"{now.ToUniversalTime():yyyy-MM-ddTHH:mm:ssZ}");
        json.WriteStartArray("creators");
        json.WriteStringValue($"Tool: {ReportWords.Tool}-{ReportWords.ToolVersion}");
        json.WriteEndArray();
        json.WriteEndObject();

        json.WriteStartArray("packages");
        WriteHead(json, Target, report.Target, null, "CONTAINER");
        json.WriteEndObject();
        if (distro is not null)
        {
            // The text of the specification has a hyphen, its JSON schema does not
            WriteHead(json, "SPDXRef-OperatingSystem", distro.Id, distro.Version, "OPERATING_SYSTEM");
            json.WriteEndObject();
        }
        for (var i = 0; i < packages.Count; i++)
        {
            WriteHead(json, PackageId(i), packages[i].Package.Name, packages[i].Package.Version, "LIBRARY");
            json.WriteStartArray("externalRefs");
            WriteReference(json, "PACKAGE-MANAGER", "purl", Purl.Write(packages[i].Package, packages[i].Distro ?? distro), null);
            foreach (var finding in findings[packages[i]].DistinctBy(static f => f.Id))
                WriteAdvisories(finding, json);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();

        json.WriteStartArray("relationships");
        WriteRelationship(json, Document, "DESCRIBES", Target);
        if (distro is not null)
            WriteRelationship(json, Target, "CONTAINS", "SPDXRef-OperatingSystem");
        for (var i = 0; i < packages.Count; i++)
            WriteRelationship(json, Target, "CONTAINS", PackageId(i));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string PackageId(int i) => $"SPDXRef-Package-{i + 1}";

    private static void WriteHead(Utf8JsonWriter json, string id, string name, string? version, string purpose)
    {
        json.WriteStartObject();
        json.WriteString("SPDXID", id);
        json.WriteString("name", name);
        if (!string.IsNullOrEmpty(version))
            json.WriteString("versionInfo", version);
        json.WriteString("downloadLocation", "NOASSERTION");
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("primaryPackagePurpose", purpose);
    }

    private static void WriteAdvisories(Finding finding, Utf8JsonWriter json)
    {
        var comment = $"{finding.Id}: {ReportWords.Of(finding.Status)}, {finding.Severity}" + (finding.FixedIn is { } version ? $", fixed in {version}" : "");
        var links = finding.Links.Where(static link => Uri.IsWellFormedUriString(link, UriKind.Absolute)).Take(1).ToList();
        foreach (var link in links)
            WriteReference(json, "SECURITY", "advisory", link, comment);
        if (links.Count == 0)
            WriteReference(json, "SECURITY", "advisory", $"https://osv.dev/vulnerability/{Uri.EscapeDataString(finding.Id)}", comment);
    }

    private static void WriteReference(Utf8JsonWriter json, string category, string type, string locator, string? comment)
    {
        json.WriteStartObject();
        json.WriteString("referenceCategory", category);
        json.WriteString("referenceType", type);
        json.WriteString("referenceLocator", locator);
        if (comment is not null)
            json.WriteString("comment", comment);
        json.WriteEndObject();
    }

    private static void WriteRelationship(Utf8JsonWriter json, string from, string type, string to)
    {
        json.WriteStartObject();
        json.WriteString("spdxElementId", from);
        json.WriteString("relationshipType", type);
        json.WriteString("relatedSpdxElement", to);
        json.WriteEndObject();
    }
}
