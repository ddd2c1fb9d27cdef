using System.Text.Json;
using Wharf.Oci;
using Wharf.Scanner;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Repositories;

namespace Wharf.Server.Security;

/// <summary>What the scanner knows, for those who ask. A report is one query.</summary>
internal sealed class SecurityReports(Database db, FeedStore feeds)
{
    private const string Severities = "sum(CASE WHEN f.severity = 5 THEN 1 ELSE 0 END), sum(CASE WHEN f.severity = 4 THEN 1 ELSE 0 END), sum(CASE WHEN f.severity = 3 THEN 1 ELSE 0 END), sum(CASE WHEN f.severity = 2 THEN 1 ELSE 0 END), sum(CASE WHEN f.severity = 1 THEN 1 ELSE 0 END), sum(CASE WHEN f.severity = 0 THEN 1 ELSE 0 END), sum(CASE WHEN f.fixed_in IS NOT NULL THEN 1 ELSE 0 END), sum(CASE WHEN f.exploited IS NOT NULL THEN 1 ELSE 0 END)";

    // What tags name now, and the images of indexes that they name.
    private const string Tagged = """
        SELECT DISTINCT t.namespace_id, t.repository_id, coalesce(r.digest, t.digest) AS digest
          FROM tag t LEFT JOIN manifest_ref r ON r.namespace_id = t.namespace_id AND r.repository_id = t.repository_id AND r.manifest = t.digest AND r.kind = 'child'
         WHERE t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())
        """;

    /// <summary>What became of a manifest of a repository; null when the repository has no such manifest.</summary>
    public async Task<ScanRow?> FindAsync(RepositoryAccess access, Digest manifest, CancellationToken ct) => await db.OneAsync("""
        SELECT s.state, s.reason, s.distro, s.distro_version, s.problems, s.scanned_ms, s.version
          FROM manifest_link l LEFT JOIN scan s ON s.manifest = l.digest
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND l.deleted_ms IS NULL
        """, static r => new ScanRow(r.IsDBNull(0) ? ScanState.Queued : r.GetString(0), Text(r, 1), ReadDistro(r, 2),
            r.IsDBNull(4) ? [] : JsonSerializer.Deserialize(r.GetString(4), SecurityJson.Default.IReadOnlyListString)!, r.IsDBNull(5) ? null : r.GetInt64(5), r.IsDBNull(6) ? 0 : r.GetInt64(6)),
        ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", manifest.ToArray()));

    /// <summary>Each package of a manifest with each of its findings; one without any has a row too.</summary>
    /// <param name="suppressed">Also what an advisory names and is none.</param>
    public ValueTask<List<ReportRow>> ReportAsync(Digest manifest, bool suppressed, CancellationToken ct) => db.ListAsync($"""
        SELECT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.distro, c.distro_version, mc.layer, mc.locations, mc.owned_by, mc.since_ms,
               f.vulnerability, f.aliases, f.status, f.severity, f.fixed_in, f.feed, f.exploited, f.epss, f.detail, f.reason, f.first_seen_ms, f.last_seen_ms
          FROM manifest_component mc JOIN component c ON c.id = mc.component_id
          LEFT JOIN finding f ON f.component_id = c.id AND f.gone_ms IS NULL {(suppressed ? "" : "AND f.reason IS NULL")}
         WHERE mc.manifest = @manifest
         ORDER BY c.name, c.version, c.id, f.severity DESC, f.vulnerability
        """, static r => new ReportRow(r.GetInt64(0),
            FindingStore.ReadPackage(r),
            ReadDistro(r, 8), new Digest(r.GetFieldValue<byte[]>(10)), JsonSerializer.Deserialize(r.GetString(11), SecurityJson.Default.IReadOnlyListString)!,
            Text(r, 12), r.IsDBNull(14) ? null : new ReportFinding(r.GetString(14), JsonSerializer.Deserialize(r.GetString(15), SecurityJson.Default.IReadOnlyListString)!, r.GetString(16), (Severity)r.GetInt64(17),
                Text(r, 18), r.GetString(19), Text(r, 20), Text(r, 21), JsonSerializer.Deserialize(r.GetString(22), SecurityJson.Default.FindingDetail)!, Text(r, 23),
                // Who has the package since yesterday has the finding since then, however long others have it.
                Math.Max(r.GetInt64(24), r.GetInt64(13)), Math.Max(r.GetInt64(25), r.GetInt64(13)))), ct, ("manifest", manifest.ToArray()));

    /// <summary>A page of the packages of a manifest by name.</summary>
    /// <param name="part">Only those with this in their names; empty for all.</param>
    /// <param name="after">The component with which the page before ended; 0 for the first one.</param>
    public ValueTask<List<PackageRow>> PackagesAsync(Digest manifest, string part, long after, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.distro, c.distro_version, mc.layer, mc.locations, mc.owned_by,
               (SELECT count(*) FROM finding f WHERE f.component_id = c.id AND f.gone_ms IS NULL AND f.reason IS NULL),
               (SELECT max(f.severity) FROM finding f WHERE f.component_id = c.id AND f.gone_ms IS NULL AND f.reason IS NULL)
          FROM manifest_component mc JOIN component c ON c.id = mc.component_id
         WHERE mc.manifest = @manifest AND lower(c.name) LIKE @part ESCAPE '!'
           AND (@after = 0 OR (c.name, c.id) > (SELECT a.name, a.id FROM component a WHERE a.id = @after))
         ORDER BY c.name, c.id LIMIT @count
        """, static r => new PackageRow(r.GetInt64(0), FindingStore.ReadPackage(r), ReadDistro(r, 8), new Digest(r.GetFieldValue<byte[]>(10)),
            JsonSerializer.Deserialize(r.GetString(11), SecurityJson.Default.IReadOnlyListString)!, Text(r, 12), r.GetInt64(13), r.IsDBNull(14) ? null : (Severity)r.GetInt64(14)), ct,
        ("manifest", manifest.ToArray()), ("part", $"%{part.ToLowerInvariant().Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%"),
        ("after", after), ("count", count));

    /// <summary>The packages that only one of two manifests has, at most so many.</summary>
    public ValueTask<List<(bool OfFirst, Package Package)>> DifferenceAsync(Digest first, Digest second, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT c.id, c.type, c.name, c.version, c.source, c.source_version, c.arch, c.module, x.side
          FROM ({OnlyIn("first", "second", 1)} UNION ALL {OnlyIn("second", "first", 2)}) x JOIN component c ON c.id = x.component_id
         ORDER BY c.name, c.version, c.id LIMIT @count
        """, static r => (r.GetInt64(8) == 1, FindingStore.ReadPackage(r)), ct, ("first", first.ToArray()), ("second", second.ToArray()), ("count", count));

    private static string OnlyIn(string one, string other, int side) => $"""
        SELECT a.component_id, {side} AS side FROM manifest_component a
         WHERE a.manifest = @{one} AND NOT EXISTS (SELECT 1 FROM manifest_component b WHERE b.manifest = @{other} AND b.component_id = a.component_id)
        """;

    /// <summary>The findings of a manifest in short, the worst first, at most so many.</summary>
    public ValueTask<List<ShortFinding>> FindingsAsync(Digest manifest, int count, CancellationToken ct) => db.ListAsync("""
        SELECT f.vulnerability, c.name, c.version, f.severity, f.fixed_in
          FROM manifest_component mc JOIN component c ON c.id = mc.component_id JOIN finding f ON f.component_id = c.id AND f.gone_ms IS NULL AND f.reason IS NULL
         WHERE mc.manifest = @manifest
         ORDER BY f.severity DESC, f.vulnerability, c.name, c.id LIMIT @count
        """, static r => new ShortFinding(r.GetString(0), r.GetString(1), r.GetString(2), (Severity)r.GetInt64(3), Text(r, 4)), ct, ("manifest", manifest.ToArray()), ("count", count));

    /// <summary>Where a vulnerability or a package is, over everything that the caller may read.</summary>
    /// <param name="vulnerability">Any of its names; null for any.</param>
    /// <param name="package">The name of an installed package; null for any.</param>
    /// <param name="namespaceName">Only there; null everywhere.</param>
    /// <param name="after">The last row of the page before.</param>
    public async Task<List<Place>> WhereAsync(Principal principal, string? vulnerability, string? package, string? namespaceName, PlaceMark after, int count, CancellationToken ct)
    {
        var ids = vulnerability is null ? [] : await db.ListAsync("SELECT vulnerability FROM vulnerability_alias WHERE alias = @name", static r => r.GetString(0), ct, ("name", vulnerability));
        if (vulnerability is not null)
            ids.Add(vulnerability);
        var finding = vulnerability is not null
            ? $"JOIN finding f ON f.component_id = c.id AND f.vulnerability {db.Among("ids")} AND f.gone_ms IS NULL AND f.reason IS NULL"
            : "LEFT JOIN finding f ON f.component_id = c.id AND f.vulnerability = '' AND @ids = @ids";
        return await db.ListAsync($"""
            SELECT r.id, n.name, r.name, l.digest, c.id, c.name, c.version, f.vulnerability, f.severity, f.status, f.fixed_in, f.first_seen_ms, mc.since_ms, f.exploited,
                   (SELECT p.pulls FROM pull_count p WHERE p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.tag = '' AND p.digest = l.digest),
                   (SELECT p.last_ms FROM pull_count p WHERE p.namespace_id = l.namespace_id AND p.repository_id = l.repository_id AND p.tag = '' AND p.digest = l.digest)
              FROM component c {finding}
              JOIN manifest_component mc ON mc.component_id = c.id
              JOIN manifest_link l ON l.digest = mc.manifest AND l.deleted_ms IS NULL
              JOIN repository r ON r.id = l.repository_id
              JOIN namespace n ON n.id = r.namespace_id
             WHERE {VisibleRepositories.Condition(principal)} {(package is null ? "" : "AND c.name = @package")} {(namespaceName is null ? "" : "AND n.name = @ns")}
               AND (r.id > @repo OR r.id = @repo AND (l.digest > @digest OR l.digest = @digest AND c.id > @component))
             ORDER BY r.id, l.digest, c.id LIMIT @count
            """, static r => new Place(r.GetInt64(0), $"{r.GetString(1)}/{r.GetString(2)}", new Digest(r.GetFieldValue<byte[]>(3)), r.GetInt64(4), r.GetString(5), r.GetString(6), Text(r, 7),
                r.IsDBNull(8) ? Severity.Unknown : (Severity)r.GetInt64(8), Text(r, 9), Text(r, 10), r.IsDBNull(11) ? r.GetInt64(12) : Math.Max(r.GetInt64(11), r.GetInt64(12)), Text(r, 13),
                r.IsDBNull(14) ? 0 : r.GetInt64(14), r.IsDBNull(15) ? null : r.GetInt64(15)),
            ct, ("me", principal.AccountId), ("ids", vulnerability is null ? "" : ids.ToArray()), ("package", package), ("ns", namespaceName), ("repo", after.Repository), ("digest", after.Manifest), ("component", after.Component),
            ("count", count));
    }

    /// <summary>The tags that name these manifests now, by themselves or through an index.</summary>
    public async Task<ILookup<(long Repository, Digest Manifest), string>> TagsAsync(IReadOnlyList<Place> places, CancellationToken ct)
    {
        if (places.Count == 0)
            return Enumerable.Empty<((long, Digest), string)>().ToLookup(static t => t.Item1, static t => t.Item2);
        var rows = await db.ListAsync($"""
            SELECT t.repository_id, coalesce(r.digest, t.digest), t.name
              FROM tag t LEFT JOIN manifest_ref r ON r.namespace_id = t.namespace_id AND r.repository_id = t.repository_id AND r.manifest = t.digest AND r.kind = 'child'
             WHERE t.repository_id {db.Among("repositories")} AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms()) AND coalesce(r.digest, t.digest) {db.AmongBytes("digests")}
             ORDER BY t.name LIMIT 1000
            """, static r => ((r.GetInt64(0), new Digest(r.GetFieldValue<byte[]>(1))), r.GetString(2)), ct,
            ("repositories", places.Select(static p => p.RepositoryId).Distinct().ToArray()), ("digests", places.Select(static p => p.Manifest.ToArray()).ToArray()));
        return rows.ToLookup(static t => t.Item1, static t => t.Item2);
    }

    /// <summary>What the tags of a repository have together; each finding of a package once.</summary>
    public async Task<SeverityCounts> SummarizeAsync(FeedCoverage coverage, long namespaceId, long repositoryId, CancellationToken ct)
    {
        const string Scope = "x.namespace_id = @ns AND x.repository_id = @repo";
        var args = new (string, object?)[] { ("ns", namespaceId), ("repo", repositoryId) };
        var states = await db.ListAsync($"""
            SELECT s.state, s.distro, s.distro_version, count(DISTINCT x.digest) FROM ({Tagged}) x LEFT JOIN scan s ON s.manifest = x.digest WHERE {Scope} GROUP BY s.state, s.distro, s.distro_version
            """, static r => (IsScanned: !r.IsDBNull(0) && r.GetString(0) == ScanState.Scanned, Distro: ReadDistro(r, 1), Count: r.GetInt64(3)), ct, args);
        var (manifests, scanned) = (states.Sum(static s => s.Count), states.Where(static s => s.IsScanned).Sum(static s => s.Count));
        var matched = states.Where(s => s.IsScanned && coverage.Has(s.Distro)).Sum(static s => s.Count);
        return await db.OneAsync($"""
            SELECT {Severities} FROM finding f WHERE f.gone_ms IS NULL AND f.reason IS NULL
               AND f.component_id IN (SELECT mc.component_id FROM ({Tagged}) x JOIN manifest_component mc ON mc.manifest = x.digest WHERE {Scope})
            """, r => new SeverityCounts(manifests, scanned, matched, Count(r, 0), Count(r, 1), Count(r, 2), Count(r, 3), Count(r, 4), Count(r, 5), Count(r, 6), Count(r, 7)), ct, args)
            ?? new SeverityCounts(manifests, scanned, matched, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    /// <summary>What is known of each of these manifests of a repository; of an index, of its images together, each finding of a package once.</summary>
    public async ValueTask<Dictionary<Digest, ImageFindings>> SummarizeAsync(RepositoryAccess access, IReadOnlyList<Digest> manifests, CancellationToken ct)
    {
        // The manifests themselves, and the images of those that are indexes, as far as they are here.
        var images = $"""
            WITH image AS (
                SELECT DISTINCT x.top, l.digest
                  FROM (SELECT value AS top, value AS digest FROM {db.RowsOfBytes("digests")}
                        UNION ALL
                        SELECT r.manifest, r.digest FROM manifest_ref r WHERE r.namespace_id = @ns AND r.repository_id = @repo AND r.manifest {db.AmongBytes("digests")} AND r.kind = 'child') x
                  JOIN manifest_link l ON l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = x.digest AND l.deleted_ms IS NULL)
            """;
        var args = new (string, object?)[] { ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digests", manifests.Select(static m => m.ToArray()).ToArray()) };
        var states = (await db.ListAsync($"{images} SELECT DISTINCT i.top, coalesce(s.state, 'queued'), s.distro, s.distro_version FROM image i LEFT JOIN scan s ON s.manifest = i.digest",
            static r => (Top: new Digest(r.GetFieldValue<byte[]>(0)), State: r.GetString(1), Distro: ReadDistro(r, 2)), ct, args)).ToLookup(static s => s.Top);
        var coverage = await feeds.CoverageAsync(ct);
        var counts = (await db.ListAsync($"""
            {images}
            SELECT c.top, f.severity, count(*), count(f.fixed_in)
              FROM (SELECT DISTINCT i.top, mc.component_id FROM image i JOIN manifest_component mc ON mc.manifest = i.digest) c
              JOIN finding f ON f.component_id = c.component_id AND f.gone_ms IS NULL AND f.reason IS NULL
             GROUP BY c.top, f.severity
            """, static r => (Top: new Digest(r.GetFieldValue<byte[]>(0)), Severity: (Severity)r.GetInt64(1), All: r.GetInt64(2), Fixable: r.GetInt64(3)), ct, args)).ToLookup(static c => c.Top);
        return states.ToDictionary(static s => s.Key, s => new ImageFindings(Together([.. s.Select(static i => i.State)]), s.All(i => i.State != ScanState.Scanned || coverage.Has(i.Distro)), Of(s.Key, Severity.Critical), Of(s.Key, Severity.High), Of(s.Key, Severity.Medium), Of(s.Key, Severity.Low),
            Of(s.Key, Severity.Negligible), Of(s.Key, Severity.Unknown), counts[s.Key].Sum(static c => c.Fixable)));

        long Of(Digest top, Severity severity) => counts[top].Where(c => c.Severity == severity).Sum(static c => c.All);

        // An index itself is unsupported, and so are attestations in it.
        static string Together(List<string> states) => states.Contains(ScanState.Queued) ? ScanState.Queued : states.Contains(ScanState.Scanned) ? ScanState.Scanned
            : states.Find(static s => s != ScanState.Unsupported) ?? ScanState.Unsupported;
    }

    /// <summary>The repositories of a namespace that have anything scanned, by name, each with its counts.</summary>
    public ValueTask<List<(long Id, string Name)>> RepositoriesAsync(Principal principal, long namespaceId, long after, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT r.id, r.name FROM repository r JOIN namespace n ON n.id = r.namespace_id WHERE r.namespace_id = @ns AND r.id > @after AND {VisibleRepositories.Condition(principal)} ORDER BY r.id LIMIT @count
        """, static r => (r.GetInt64(0), r.GetString(1)), ct, ("me", principal.AccountId), ("ns", namespaceId), ("after", after), ("count", count));

    /// <summary>The counts at the end of each of the last days.</summary>
    public ValueTask<List<(long Day, SeverityCounts Counts)>> TrendAsync(long namespaceId, long repositoryId, int days, CancellationToken ct) => db.ListAsync("""
        SELECT day, counts FROM security_trend WHERE namespace_id = @ns AND repository_id = @repo AND day > now_ms() / 86400000 - @days ORDER BY day
        """, static r => (r.GetInt64(0), JsonSerializer.Deserialize(r.GetString(1), SecurityJson.Default.SeverityCounts)!), ct, ("ns", namespaceId), ("repo", repositoryId), ("days", days));

    /// <summary>Notes today's counts of a repository.</summary>
    public Task NoteAsync(long namespaceId, long repositoryId, SeverityCounts counts, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("""
        INSERT INTO security_trend (namespace_id, repository_id, day, counts) SELECT @ns, @repo, now_ms() / 86400000, @counts WHERE 1 = 1
        ON CONFLICT (namespace_id, repository_id, day) DO UPDATE SET counts = excluded.counts
        """, ("ns", namespaceId), ("repo", repositoryId), ("counts", JsonSerializer.Serialize(counts, SecurityJson.Default.SeverityCounts))), ct);

    private static long Count(System.Data.Common.DbDataReader r, int n) => r.IsDBNull(n) ? 0 : Convert.ToInt64(r.GetValue(n), System.Globalization.CultureInfo.InvariantCulture);

    private static Distro? ReadDistro(System.Data.Common.DbDataReader r, int n) => r.IsDBNull(n) ? null : new Distro(r.GetString(n), Text(r, n + 1) ?? "");

    private static string? Text(System.Data.Common.DbDataReader r, int n) => r.IsDBNull(n) ? null : r.GetString(n);
}

/// <param name="State">One of <see cref="ScanState"/>.</param>
/// <param name="Version">Of the indexer that made it.</param>
internal sealed record ScanRow(string State, string? Reason, Distro? Distro, IReadOnlyList<string> Problems, long? ScannedMs, long Version);

/// <param name="Finding">Null: the package has none.</param>
internal sealed record ReportRow(long Component, Package Package, Distro? Distro, Digest Layer, IReadOnlyList<string> Locations, string? OwnedBy, ReportFinding? Finding);

internal sealed record ReportFinding(
    string Id, IReadOnlyList<string> Aliases, string Status, Severity Severity, string? FixedIn, string Feed, string? Exploited, string? Epss, FindingDetail Detail, string? Reason, long FirstSeenMs, long LastSeenMs);

/// <param name="Findings">How many it has.</param>
/// <param name="Worst">Of these; null where there is none.</param>
internal sealed record PackageRow(long Component, Package Package, Distro? Distro, Digest Layer, IReadOnlyList<string> Locations, string? OwnedBy, long Findings, Severity? Worst);

/// <summary>A finding as far as images are compared by it.</summary>
internal sealed record ShortFinding(string Id, string Package, string Version, Severity Severity, string? FixedIn);

/// <summary>A manifest of a repository that has what was looked for.</summary>
internal sealed record Place(
    long RepositoryId, string Repository, Digest Manifest, long Component, string Package, string Version, string? Vulnerability, Severity Severity, string? Status, string? FixedIn, long SinceMs, string? Exploited, long Pulls, long? LastPullMs);

/// <summary>Where a page of places ended.</summary>
internal readonly record struct PlaceMark(long Repository, byte[] Manifest, long Component);

/// <summary>Findings of one manifest, by severity.</summary>
/// <param name="Status">What the scanner has made of it: queued, scanned, failed, too_large or unsupported.</param>
/// <param name="Matched">Whether any feed speaks of its distribution, or of anything where it has none: if not, it means nothing that there are no findings.</param>
/// <param name="Fixable">Findings with a version that has the fix.</param>
internal sealed record ImageFindings(string Status, bool Matched, long Critical, long High, long Medium, long Low, long Negligible, long Unknown, long Fixable);

/// <summary>Findings of the manifests that tags name, by severity.</summary>
/// <param name="Manifests">How many there are.</param>
/// <param name="Scanned">How many of them are scanned.</param>
/// <param name="Matched">How many of these have a distribution that any feed speaks of, or none and there are feeds: of the others it means nothing that there are no findings.</param>
/// <param name="Fixable">Findings with a version that has the fix.</param>
/// <param name="Exploited">Findings on CISA's list of what is exploited.</param>
internal sealed record SeverityCounts(long Manifests, long Scanned, long Matched, long Critical, long High, long Medium, long Low, long Negligible, long Unknown, long Fixable, long Exploited);
