using System.Globalization;
using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>
/// Red Hat's CSAF documents, one JSON file each: VEX, which says of one CVE all that Red Hat knows of it, and advisories (RHSA), which say what one update fixes
/// (https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/, and .../scanning-vendors/ for how products and components are to be found).
/// Only rpms are read: a container image or a jar of a product is none of the packages that are matched by this feed.
/// </summary>
public static class RedHatCsaf
{
    private const int MaxLinks = 5;

    /// <exception cref="InvalidDataException">It is not JSON.</exception>
    public static IEnumerable<Advisory> Read(Stream stream, string path, Action<string>? problem = null)
    {
        foreach (var piece in JsonPieces.Read(stream, path, depth: 0))
        {
            foreach (var advisory in Json.Convert(piece, p => Advisories(p.Value, path, problem), problem))
                yield return advisory;
        }
    }

    private static IEnumerable<Advisory> Advisories(JsonElement root, string path, Action<string>? problem)
    {
        if (root.Member("document") is not { } document)
        {
            problem?.Invoke($"{path}: not a CSAF document");
            yield break;
        }

        var update = document.Text("category") == "csaf_security_advisory" ? document.Member("tracking")?.Text("id") : null;
        var severity = RedHatSeverity.Parse(document.Member("aggregate_severity")?.Text("text"));
        var products = new CsafProducts(root);
        foreach (var vulnerability in root.Items("vulnerabilities"))
        {
            var cve = vulnerability.Text("cve");
            if (cve is null || !Cve.Is(cve) || (update is not null && !Words.IsWord(update)))
            {
                problem?.Invoke($"{path}: a vulnerability without a CVE");
                continue;
            }
            var affected = Rows(vulnerability, products, severity, isWhole: update is null);
            if (affected.Count == 0)
                continue;
            yield return new Advisory
            {
                Id = update ?? cve,
                Fixes = update is null ? [] : [cve],
                Severity = severity,
                Cvss = Cvss(vulnerability),
                Summary = Words.Summary(vulnerability.Text("title") ?? document.Text("title")),
                Links = [.. Links(document, vulnerability).Take(MaxLinks)],
                Published = Date(vulnerability.Text("release_date")) ?? Date(document.Member("tracking")?.Text("initial_release_date")),
                Affected = affected,
            };
        }
    }

    private static IReadOnlyList<Affected> Rows(JsonElement vulnerability, CsafProducts products, Severity usual, bool isWhole)
    {
        var remedies = Remedies(vulnerability);
        var severities = Severities(vulnerability);
        var reasons = Reasons(vulnerability);
        var rows = new CsafRows();
        foreach (var status in vulnerability.Member("product_status")?.Members() ?? [])
        {
            if (status.Name is not ("fixed" or "known_affected" or "known_not_affected" or "under_investigation") || status.Value.ValueKind != JsonValueKind.Array)
                continue;
            foreach (var item in status.Value.EnumerateArray())
            {
                if (item.Text() is not { } id || products.Find(id) is not { } component)
                    continue;
                var remedy = remedies.GetValueOrDefault(id);
                var severity = severities.GetValueOrDefault(id, usual);
                if (status.Name == "fixed")
                    rows.Add(component, Status.Affected, severity, remedy.Errata, isFixed: true);
                else if (status.Name == "known_affected")
                    rows.Add(component, remedy.Status, severity, remedy.Details);
                else if (status.Name == "known_not_affected")
                    rows.Add(component, Status.NotAffected, usual, reasons.GetValueOrDefault(id));
                else
                    rows.Add(component, Status.UnderInvestigation, severity, null);
            }
        }
        return rows.Build(usual, isWhole);
    }

    // "Will not fix", "Out of support scope"; "Fix deferred" and "Affected" of what may yet be fixed
    private static Dictionary<string, (Status Status, string? Details, string? Errata)> Remedies(JsonElement vulnerability)
    {
        var remedies = new Dictionary<string, (Status Status, string? Details, string? Errata)>();
        foreach (var remediation in vulnerability.Items("remediations"))
        {
            var details = remediation.Text("details");
            (Status, string?, string?)? remedy = remediation.Text("category") switch
            {
                "vendor_fix" => (Status.Affected, null, Errata(remediation.Text("url"))),
                "no_fix_planned" when details?.StartsWith("Out of support", StringComparison.OrdinalIgnoreCase) == true => (Status.EndOfLife, Words.Summary(details), null),
                "no_fix_planned" => (Status.WontFix, Words.Summary(details), null),
                "none_available" => (Status.Affected, Words.Summary(details), null),
                _ => null,
            };
            foreach (var product in remedy is null ? [] : remediation.Items("product_ids"))
            {
                if (product.Text() is { } id)
                    remedies.TryAdd(id, remedy.GetValueOrDefault());
            }
        }
        return remedies;
    }

    // https://access.redhat.com/errata/RHSA-2024:2447
    private static string? Errata(string? url)
    {
        var name = url?[(url.LastIndexOf('/') + 1)..];
        return Words.IsWord(name) && name!.StartsWith("RH", StringComparison.Ordinal) ? name : null;
    }

    private static Dictionary<string, Severity> Severities(JsonElement vulnerability)
    {
        var severities = new Dictionary<string, Severity>();
        foreach (var threat in vulnerability.Items("threats"))
        {
            if (threat.Text("category") != "impact" || RedHatSeverity.Parse(threat.Text("details")) is not (not Severity.Unknown and var severity))
                continue;
            foreach (var product in threat.Items("product_ids"))
            {
                if (product.Text() is { } id)
                    severities[id] = severity;
            }
        }
        return severities;
    }

    private static Dictionary<string, string> Reasons(JsonElement vulnerability)
    {
        var reasons = new Dictionary<string, string>();
        foreach (var flag in vulnerability.Items("flags"))
        {
            foreach (var product in flag.Items("product_ids"))
            {
                if (product.Text() is { } id && Words.Summary(flag.Text("label")) is { } label)
                    reasons[id] = label;
            }
        }
        return reasons;
    }

    private static List<string> Cvss(JsonElement vulnerability)
    {
        var vectors = new List<string>();
        foreach (var version in (string[])["cvss_v4", "cvss_v3", "cvss_v2"])
        {
            var vector = vulnerability.Items("scores").Select(score => score.Member(version)?.Text("vectorString")).FirstOrDefault(Words.IsWord);
            if (vector is not null)
                vectors.Add(vector);
        }
        return vectors;
    }

    private static IEnumerable<string> Links(JsonElement document, JsonElement vulnerability) =>
        from reference in vulnerability.Items("references").Concat(document.Items("references"))
        orderby reference.Text("category") == "self" ? 0 : 1
        let url = reference.Text("url")
        where url is { Length: < 1024 } && url.StartsWith("https://", StringComparison.Ordinal)
        select url;

    private static DateTimeOffset? Date(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date) ? date : null;
}
