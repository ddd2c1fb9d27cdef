using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Scanner;
using Wharf.Scanner.Matching;
using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>What components have. A finding belongs to the component: all images that have it have it.</summary>
internal sealed class FindingStore(Database db)
{
    /// <summary>A page of all components.</summary>
    public ValueTask<List<(long Id, StoredComponent Component)>> ListComponentsAsync(long after, int count, CancellationToken ct) => db.ListAsync("""
        SELECT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.distro, c.distro_version, c.repositories, c.owned FROM component c WHERE c.id > @after ORDER BY c.id LIMIT @count
        """, ReadComponent, ct, ("after", after), ("count", count));

    /// <summary>A page of the components of which feeds speak by any of these names.</summary>
    public ValueTask<List<(long Id, StoredComponent Component)>> ListComponentsAsync(string ecosystem, IReadOnlyList<string> names, long after, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT DISTINCT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.distro, c.distro_version, c.repositories, c.owned
          FROM component_name n JOIN component c ON c.id = n.component_id
         WHERE n.ecosystem = @ecosystem AND n.name {db.Among("names")} AND c.id > @after ORDER BY c.id LIMIT @count
        """, ReadComponent, ct, ("ecosystem", ecosystem), ("names", names.ToArray()), ("after", after), ("count", count));

    /// <summary>The components that have one of these vulnerabilities.</summary>
    public ValueTask<List<(long Id, StoredComponent Component)>> ListComponentsWithAsync(IReadOnlyList<string> vulnerabilities, long after, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT DISTINCT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.distro, c.distro_version, c.repositories, c.owned
          FROM finding f JOIN component c ON c.id = f.component_id
         WHERE f.vulnerability {db.Among("names")} AND c.id > @after ORDER BY c.id LIMIT @count
        """, ReadComponent, ct, ("names", vulnerabilities.ToArray()), ("after", after), ("count", count));

    /// <summary>Adds findings, or changes those that there are.</summary>
    public static async ValueTask UpsertAsync(Database db, Tx tx, IReadOnlyList<(long Component, Finding Finding)> findings)
    {
        if (findings.Count == 0)
            return;
        var rows = new JsonArray();
        var aliases = new JsonArray();
        foreach (var (component, f) in findings)
        {
            rows.Add(new JsonArray(component, f.Id, JsonSerializer.Serialize(f.Aliases, SecurityJson.Default.IReadOnlyListString), f.Status.ToString(), (int)f.Severity, f.FixedIn, f.Feed,
                f.Known?.Exploited?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), f.Known?.Epss?.ToString(CultureInfo.InvariantCulture),
                JsonSerializer.Serialize(new FindingDetail(f.Summary, f.Links, f.Cvss, f.Evidence), SecurityJson.Default.FindingDetail), f.Reason?.ToString()));
            foreach (var alias in f.Aliases)
                aliases.Add(new JsonArray(alias, f.Id));
        }
        await tx.ExecuteAsync($"""
            INSERT INTO finding (component_id, vulnerability, aliases, status, severity, fixed_in, feed, exploited, epss, detail, reason, first_seen_ms, last_seen_ms)
            SELECT component, vulnerability, aliases, status, severity, fixed_in, feed, exploited, epss, detail, reason, now_ms(), now_ms()
              FROM {db.RowsOfJson("rows", "component", "vulnerability$", "aliases$", "status$", "severity", "fixed_in$", "feed$", "exploited$", "epss$", "detail$", "reason$")} WHERE 1 = 1
            ON CONFLICT (component_id, vulnerability) DO UPDATE SET
                aliases = excluded.aliases, status = excluded.status, severity = excluded.severity, fixed_in = excluded.fixed_in, feed = excluded.feed, exploited = excluded.exploited, epss = excluded.epss,
                detail = excluded.detail, reason = excluded.reason, last_seen_ms = excluded.last_seen_ms, gone_ms = NULL,
                first_seen_ms = CASE WHEN finding.reason IS NULL AND finding.gone_ms IS NULL OR excluded.reason IS NOT NULL THEN finding.first_seen_ms ELSE excluded.first_seen_ms END
            """, ("rows", rows.ToJsonString()));
        if (aliases.Count > 0)
            await tx.ExecuteAsync($"""
                INSERT INTO vulnerability_alias (alias, vulnerability) SELECT DISTINCT alias, vulnerability FROM {db.RowsOfJson("rows", "alias$", "vulnerability$")} WHERE 1 = 1
                ON CONFLICT (alias, vulnerability) DO NOTHING
                """, ("rows", aliases.ToJsonString()));
    }

    /// <summary>Marks findings that no feed names any more.</summary>
    public static async ValueTask RemoveAsync(Database db, Tx tx, IReadOnlyList<(long Component, string Vulnerability)> gone)
    {
        if (gone.Count > 0)
            await tx.ExecuteAsync($"""
                UPDATE finding SET gone_ms = now_ms() WHERE gone_ms IS NULL
                   AND (component_id, vulnerability) IN (SELECT component, vulnerability FROM {db.RowsOfJson("rows", "component", "vulnerability$")})
                """, ("rows", new JsonArray([.. gone.Select(static g => (JsonNode)new JsonArray(g.Component, g.Vulnerability))]).ToJsonString()));
    }

    /// <summary>What these components have now, the suppressed too.</summary>
    public static async ValueTask<List<StoredFinding>> ListAsync(Database db, Tx tx, IReadOnlyList<long> components) => await tx.ListAsync($"""
        SELECT component_id, vulnerability, status, severity, fixed_in, exploited, reason, epss, feed, aliases, detail FROM finding WHERE component_id {db.Among("components")} AND gone_ms IS NULL
        """, static r => new StoredFinding(r.GetInt64(0), r.GetString(1), r.GetString(2), (Severity)r.GetInt64(3), r.IsDBNull(4) ? null : r.GetString(4), r.IsDBNull(5) ? null : r.GetString(5),
            r.IsDBNull(6) ? null : r.GetString(6), r.IsDBNull(7) ? null : r.GetString(7), r.GetString(8), r.GetString(9), r.GetString(10)), ("components", components.ToArray()));

    /// <summary>A component's package, of the columns type, name, version, source, source_version, arch and module, which stand behind its id.</summary>
    public static Package ReadPackage(System.Data.Common.DbDataReader r) => new()
    {
        Type = Enum.Parse<PackageType>(r.GetString(1)),
        Name = r.GetString(2),
        Version = r.GetString(3),
        Source = Text(r, 4),
        SourceVersion = Text(r, 5),
        Arch = Text(r, 6),
        Module = Text(r, 7),
    };

    private static (long, StoredComponent) ReadComponent(System.Data.Common.DbDataReader r) => (r.GetInt64(0), new StoredComponent(
        ReadPackage(r),
        r.IsDBNull(8) ? null : new Distro(r.GetString(8), Text(r, 9) ?? ""),
        r.IsDBNull(10) ? [] : JsonSerializer.Deserialize(r.GetString(10), SecurityJson.Default.IReadOnlyListString)!,
        r.GetInt64(11) == 1));

    private static string? Text(System.Data.Common.DbDataReader r, int n) => r.IsDBNull(n) ? null : r.GetString(n);
}

/// <summary>A row of the table <c>finding</c>, as far as a change of it is told.</summary>
internal sealed record StoredFinding(
    long Component, string Vulnerability, string Status, Severity Severity, string? FixedIn, string? Exploited, string? Reason, string? Epss, string Feed, string Aliases, string Detail);
