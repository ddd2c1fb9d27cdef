using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Scanner.Feeds;

namespace Wharf.Server.Security;

/// <summary>A report in the form that Quay answers with (its endpoints/api/secscan.py), which its tools read.</summary>
/// <param name="Status"><c>scanned</c>, <c>queued</c>, <c>failed</c>, <c>unsupported</c> or <c>manifest_layer_too_large</c>.</param>
/// <param name="Reason">Why it failed or is unsupported, for people; Quay has no such member.</param>
internal sealed record QuaySecurity(
    [property: JsonPropertyName("status")] string Status, [property: JsonPropertyName("data")] QuaySecurityData? Data,
    [property: JsonPropertyName("reason"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null)
{
    // Clair's API version, by which tools tell the form.
    private const int IndexedByVersion = 4;

    public static QuaySecurity Of(Digest manifest, ScanRow scan, IReadOnlyList<ReportRow> rows)
    {
        if (scan.State != ScanState.Scanned)
            return new(scan.State == ScanState.TooLarge ? "manifest_layer_too_large" : scan.State, null, scan.Reason);
        var features = rows.GroupBy(static r => r.Component).Select(group =>
        {
            var first = group.First();
            var findings = group.Select(static r => r.Finding).OfType<ReportFinding>().ToList();
            return new QuayFeature(first.Package.Name, "", "", first.Layer.ToString(), first.Package.Version,
                [.. findings.Select(static f => ScoreOf(f.Detail.Cvss)).OfType<double>()], [.. findings.Select(static f => f.Id).Where(static id => id.StartsWith("CVE-", StringComparison.Ordinal))],
                [.. findings.Select(f => Of(f, first))]);
        });
        return new("scanned", new QuaySecurityData(new QuayLayer(manifest.ToString(), "", "", IndexedByVersion, [.. features])));
    }

    private static QuayVulnerability Of(ReportFinding finding, ReportRow row) => new(
        finding.Severity.ToString(), finding.Feed, string.Join(' ', finding.Detail.Links), finding.FixedIn ?? "", finding.Detail.Summary ?? "", finding.Id,
        new QuayMetadata(finding.Feed, "", "", row.Distro?.Id ?? "", row.Distro?.Version ?? "",
            new QuayNvd(new QuayCvss(finding.Detail.Cvss.FirstOrDefault(static v => v.StartsWith("CVSS:3", StringComparison.Ordinal)) ?? "",
                ScoreOf(finding.Detail.Cvss)?.ToString(CultureInfo.InvariantCulture) ?? ""))));

    private static double? ScoreOf(IReadOnlyList<string> vectors) => vectors.Select(CvssScore.Of).FirstOrDefault(static score => score is not null);
}

internal sealed record QuaySecurityData(QuayLayer Layer);

internal sealed record QuayLayer(string Name, string ParentName, string NamespaceName, int IndexedByVersion, IReadOnlyList<QuayFeature> Features);

/// <param name="AddedBy">The layer that brought it.</param>
internal sealed record QuayFeature(
    string Name, string VersionFormat, string NamespaceName, string AddedBy, string Version, IReadOnlyList<double> BaseScores,
    [property: JsonPropertyName("CVEIds")] IReadOnlyList<string> CveIds, IReadOnlyList<QuayVulnerability> Vulnerabilities);

/// <param name="NamespaceName">The feed.</param>
/// <param name="Link">Addresses, with blanks between them.</param>
/// <param name="FixedBy">Empty: nothing fixes it.</param>
internal sealed record QuayVulnerability(string Severity, string NamespaceName, string Link, string FixedBy, string Description, string Name, QuayMetadata Metadata);

internal sealed record QuayMetadata(string UpdatedBy, string RepoName, string RepoLink, string DistroName, string DistroVersion, [property: JsonPropertyName("NVD")] QuayNvd Nvd);

internal sealed record QuayNvd([property: JsonPropertyName("CVSSv3")] QuayCvss CvssV3);

internal sealed record QuayCvss(string Vectors, string Score);

/// <summary>Names as Quay has them: each as it is spelled here, but where it is said otherwise.</summary>
[JsonSerializable(typeof(QuaySecurity))]
internal sealed partial class QuaySecurityJson : JsonSerializerContext;
