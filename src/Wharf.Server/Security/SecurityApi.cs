using System.Buffers;
using System.Globalization;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Scanner;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Matching;
using Wharf.Scanner.Reports;
using Wharf.Scanner.Sboms;
using Wharf.Server.ApiDocs;
using Wharf.Server.Audit;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Security;

/// <summary>What is vulnerable: of a manifest in Quay's form and in ours, of a repository, of an organization, and everywhere by the name of a vulnerability or package.</summary>
internal static class SecurityApi
{
    private const int PageSize = 100;
    private const int MaxPackages = 500;
    private const int MaxName = 512;
    private const int MaxPulls = 1000;
    private const int DefaultDays = 30;
    private static readonly SearchValues<char> s_lowerHex = SearchValues.Create("0123456789abcdef");
    private static readonly int s_epoch = new DateOnly(1970, 1, 1).DayNumber;

    public static void MapSecurity(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/security", OfManifest).Requires(Permission.Pull).WithName("getRepoManifestSecurity")
            .Describe("Tells what is known of the packages of an image and their vulnerabilities, as Quay does.",
                "`status` is scanned, queued, failed, unsupported or manifest_layer_too_large; `data` is null unless it is scanned. `reason` says why not.")
            .Query("vulnerabilities", "Taken for Quay's sake: they are always there.", "boolean").Gives(QuaySecurityJson.Default.QuaySecurity);
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/vulnerabilities", Report).Requires(Permission.Pull).WithName("getManifestVulnerabilities")
            .Describe("Tells what is vulnerable in an image, since when, in what it is fixed, whether it is exploited, and on what evidence.",
                "With `suppressed`, also what an advisory names and is no finding, each with its reason: feed, ownership, kernel, debug.")
            .Query("suppressed", "Also what is suppressed.", "boolean").Query("packages", "Also all packages.", "boolean").Gives(SecurityApiJson.Default.ManifestReport);
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/packages", Packages).Requires(Permission.Pull).WithName("listManifestPackages")
            .Describe("Lists the packages of an image by name, each with the layer that brought it and how many vulnerabilities it has.")
            .Query("filter", "Only those with this in their names.").Query("limit", "How many there are on a page: 100 if not given, at most 500.", "integer").Paged().Gives(SecurityApiJson.Default.ManifestPackages);
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/pullers", Pullers).Requires(Permission.Inspect).WithName("getManifestPullers")
            .Describe("Tells who has pulled a manifest, the last one first: who to tell of what is in it.", "From the last 1000 pulls of the audit trail.").Gives(SecurityApiJson.Default.ManifestPullers);
        app.MapGet("/api/v1/repository/-/security", OfRepository).Requires(Permission.Pull).WithName("getRepositorySecurity")
            .Describe("Counts the findings of what the tags of a repository name, now and at the end of the last days.").Query("days", "How many: 30 if not given, at most 365.", "integer").Gives(SecurityApiJson.Default.SecuritySummary);
        app.MapGet("/api/v1/repository/-/signatures", OfSignatures).Requires(Permission.Pull).WithName("getRepoSignatures")
            .Describe("Lists the tags that are signed, by cosign and by notation, in the form in which Quay lists those of Docker Content Trust. Nothing is verified.").Gives(QuaySignaturesJson.Default.QuaySignatures);
        app.MapGet("/secscan/_backfill_status", Backfill).Requires(Permission.Open).WithName("getScanBackfill")
            .Describe("Tells how much of what is stored has been scanned, from 0 to 1.").Gives(QuaySignaturesJson.Default.QuayBackfill);
        app.MapGet("/api/v1/organization/{orgname}/security", OfOrganization).Requires(Permission.SeeOrganization).WithName("getOrganizationSecurity")
            .Describe("Counts the findings of each repository of an organization that the caller may read.").Paged().Gives(SecurityApiJson.Default.OrganizationSecurity);
        app.MapGet("/api/v1/security/search", Search).Requires(Permission.SignedIn).WithName("searchVulnerabilities")
            .Describe("Tells where a vulnerability or a package is, over everything that the caller may read.",
                "Give `vulnerability` (CVE-2021-44228, GHSA-jfh8-c2jp-5v3q, DSA-5020-1), `package` (its exact name), or both.")
            .Query("vulnerability", "Any of its names.").Query("package", "The name of an installed package.").Query("namespace", "Only there.").Paged().Gives(SecurityApiJson.Default.FoundPlaces);
        app.MapGet("/api/v1/security/feeds", Feeds).Requires(Permission.SignedIn).WithName("listSecurityFeeds")
            .Describe("Lists what is known of vulnerabilities: each feed with its revision, its date, its licence and whether it is stale; feeds that failed and have no revision yet; and how many manifests are scanned, queued, failed and unsupported.")
            .Gives(SecurityApiJson.Default.KnownFeeds);
    }

    private static async Task<IResult> OfManifest(HttpContext http, string manifestref, SecurityReports reports, CancellationToken ct)
    {
        var (digest, scan, problem) = await FindAsync(http, manifestref, reports, ct);
        if (scan is null)
            return problem!;
        return TypedResults.Json(QuaySecurity.Of(digest, scan, scan.State == ScanState.Scanned ? await reports.ReportAsync(digest, suppressed: false, ct) : []), QuaySecurityJson.Default.QuaySecurity);
    }

    private static async Task<IResult> Report(HttpContext http, string manifestref, SecurityReports reports, FeedStore feeds, SecurityOptions options, TimeProvider clock, CancellationToken ct)
    {
        var (digest, scan, problem) = await FindAsync(http, manifestref, reports, ct);
        if (scan is null)
            return problem!;
        if (scan.State != ScanState.Scanned)
            return TypedResults.Json(new ManifestReport(scan.State, scan.Reason, null, null, [], [], [], null, null, []), SecurityApiJson.Default.ManifestReport);
        var (suppressed, packages) = (http.Request.Query.IsTrue("suppressed"), http.Request.Query.IsTrue("packages"));
        var rows = await reports.ReportAsync(digest, suppressed, ct);
        var known = await feeds.ListAsync(ct);
        var components = rows.DistinctBy(static r => r.Component).Select(static r => (r.Package, r.Distro)).ToList();
        return TypedResults.Json(new ManifestReport(scan.State, null, QuayDate.FormatIso(scan.ScannedMs), scan.Distro is { } d ? new ShownDistro(d.Id, d.Version, DistroSupport.EndOf(d) is { } end ? end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null) : null,
            scan.Problems, [.. Old(known, components, scan.Distro, options, clock), .. Warnings.Of(components, scan.Distro, new FeedCoverage(known.Select(static f => f.Ecosystems)).Has)], [.. rows.Where(static r => r.Finding is { Reason: null }).OrderByDescending(static r => r.Finding!.Severity).Select(ShownFinding.Of)],
            suppressed ? [.. rows.Where(static r => r.Finding is { Reason: not null }).Select(ShownFinding.Of)] : null,
            packages ? [.. rows.DistinctBy(static r => r.Component).Select(static r => new ShownPackage(Purl.Write(r.Package, r.Distro), r.Package.Name, r.Package.Version, r.Package.Type.ToString().ToLowerInvariant(), r.Layer.ToString(), r.Locations))] : null,
            [.. known.Select(f => ShownFeed.Of(f, options, clock))]), SecurityApiJson.Default.ManifestReport);
    }

    /// <summary>Which of the feeds that could speak of an image are stale: of what its packages are, or of any CVE.</summary>
    private static IEnumerable<string> Old(IReadOnlyList<FeedRow> feeds, List<(Package Package, Distro? Distro)> components, Distro? distro, SecurityOptions options, TimeProvider clock)
    {
        var ecosystems = components.SelectMany(c => Lookup.Of(c.Package, c.Distro ?? distro)).Select(static l => l.Ecosystem).Append(Ecosystem.Cve).ToHashSet(StringComparer.Ordinal);
        var old = feeds.Where(f => f.Age(clock) > options.StaleAfter && f.Ecosystems.Any(ecosystems.Contains)).Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name} ({f.Age(clock).TotalDays:0} days)")).ToList();
        return old.Count == 0 ? [] : [$"Old feeds: {string.Join(", ", old)}. What they would have told lately is missing."];
    }

    private static async Task<IResult> Packages(HttpContext http, string manifestref, SecurityReports reports, CancellationToken ct)
    {
        var query = http.Request.Query;
        var (digest, scan, problem) = await FindAsync(http, manifestref, reports, ct);
        if (scan is null)
            return problem!;
        var limit = PageSize;
        if (query["limit"] is { Count: > 0 } given && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxPackages))
            return Problem.InvalidRequest($"limit is a number from 1 to {MaxPackages}.");
        if (!query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var part = query["filter"].ToString();
        if (scan.State != ScanState.Scanned || part.Length > MaxName || part.Contains('\0', StringComparison.Ordinal))
            return TypedResults.Json(new ManifestPackages(scan.State, scan.Reason, [], null), SecurityApiJson.Default.ManifestPackages);
        var found = await reports.PackagesAsync(digest, part, after, limit + 1, ct);
        string? next = null;
        if (found.Count > limit)
        {
            found.RemoveRange(limit, found.Count - limit);
            next = QuayQuery.NextPage(found[^1].Component);
        }
        return TypedResults.Json(new ManifestPackages(scan.State, null, [.. found.Select(static p => new ManifestPackage(Purl.Write(p.Package, p.Distro), p.Package.Name, p.Package.Version, p.Package.Type.ToString().ToLowerInvariant(),
            p.Package.Source, p.Package.SourceVersion, p.Package.Arch, p.Layer.ToString(), p.Locations, p.OwnedBy, p.Findings, p.Worst?.ToString()))], next), SecurityApiJson.Default.ManifestPackages);
    }

    private static async Task<IResult> Pullers(HttpContext http, string manifestref, LogStore logs, TimeProvider clock, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists || !Digest.TryParse(manifestref, out var digest))
            return NoSuchManifest;
        var page = await logs.ListAsync(new LogQuery(0, clock.GetUtcNow().ToUnixTimeMilliseconds() + 1) { NamespaceId = access.NamespaceId, RepositoryId = access.RepositoryId, Filter = new() { Digest = digest, Kinds = ["pull_repo"], Reads = true }, Count = MaxPulls }, ct);
        return TypedResults.Json(new ManifestPullers([.. page.Entries.GroupBy(static e => e.Line.PerformerId).Select(static g => new Puller(LogsApi.Tell(g.First().Who).Name, g.Count(), QuayDate.FormatIso(g.Max(static e => e.Line.AtMs))!))]), SecurityApiJson.Default.ManifestPullers);
    }

    private static async Task<IResult> OfRepository(HttpContext http, SecurityReports reports, FeedStore feeds, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return Problem.NotFound("There is no such repository.");
        var days = DefaultDays;
        if (http.Request.Query["days"] is { Count: > 0 } given && (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out days) || days is < 1 or > 365))
            return Problem.InvalidRequest("days is a number from 1 to 365.");
        var now = await reports.SummarizeAsync(await feeds.CoverageAsync(ct), access.NamespaceId, access.RepositoryId, ct);
        var trend = await reports.TrendAsync(access.NamespaceId, access.RepositoryId, days, ct);
        return TypedResults.Json(new SecuritySummary(now, [.. trend.Select(static t => new DayCounts(DateOnly.FromDayNumber((int)t.Day + s_epoch).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), t.Counts))]), SecurityApiJson.Default.SecuritySummary);
    }

    private static async Task<IResult> OfSignatures(HttpContext http, Signatures signatures, CancellationToken ct) => http.Access().Exists
        ? TypedResults.Json(await signatures.ListAsync(http.Access(), ct), QuaySignaturesJson.Default.QuaySignatures)
        : Problem.NotFound("There is no such repository.");

    private static async Task<IResult> Backfill(ScanQueue queue, CancellationToken ct) => TypedResults.Json(new QuayBackfill(await queue.ShareAsync(ct)), QuaySignaturesJson.Default.QuayBackfill);

    private static async Task<IResult> OfOrganization(HttpContext http, SecurityReports reports, FeedStore feeds, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } refused)
            return refused;
        if (!http.Request.Query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var organization = http.Organization().NamespaceId;
        var found = await reports.RepositoriesAsync(http.Caller().Principal, organization, after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = QuayQuery.NextPage(found[^1].Id);
        }
        var (repositories, coverage) = (new List<RepositoryCounts>(), await feeds.CoverageAsync(ct));
        foreach (var (id, name) in found)
            repositories.Add(new RepositoryCounts(name, await reports.SummarizeAsync(coverage, organization, id, ct)));
        return TypedResults.Json(new OrganizationSecurity(repositories, next), SecurityApiJson.Default.OrganizationSecurity);
    }

    private static async Task<IResult> Search(HttpContext http, SecurityReports reports, CancellationToken ct)
    {
        var query = http.Request.Query;
        if (query.RefuseUnpublished() is { } refused)
            return refused;
        string? vulnerability = Given(query, "vulnerability"), package = Given(query, "package"), space = Given(query, "namespace");
        if (vulnerability is null && package is null)
            return Problem.InvalidRequest("Give a vulnerability (CVE-2021-44228) or a package.");
        if (vulnerability?.Length > MaxName || package?.Length > MaxName || space?.Length > MaxName || $"{vulnerability}{package}{space}".Contains('\0', StringComparison.Ordinal))
            return Problem.InvalidRequest($"A name has at most {MaxName} characters.");
        if (!TryMark(query["next_page"].ToString(), out var after))
            return QuayQuery.NoSuchPage;
        var found = await reports.WhereAsync(http.Caller().Principal, vulnerability?.ToUpperInvariant() is { } upper && upper.StartsWith("CVE-", StringComparison.Ordinal) ? upper : vulnerability, package, space, after, PageSize + 1, ct);
        string? next = null;
        if (found.Count > PageSize)
        {
            found.RemoveAt(PageSize);
            next = string.Create(CultureInfo.InvariantCulture, $"{found[^1].RepositoryId}.{Convert.ToHexStringLower(found[^1].Manifest.Span)}.{found[^1].Component}");
        }
        var tags = await reports.TagsAsync(found, ct);
        return TypedResults.Json(new FoundPlaces([.. found.Select(p => new FoundPlace(p.Repository, p.Manifest.ToString(), [.. tags[(p.RepositoryId, p.Manifest)]], p.Package, p.Version, p.Vulnerability, p.Vulnerability is null ? null : p.Severity.ToString(),
            p.Status is { } status ? Word(status) : null, p.FixedIn, QuayDate.FormatIso(p.SinceMs)!, p.Exploited, p.Pulls, QuayDate.FormatIso(p.LastPullMs)))], next), SecurityApiJson.Default.FoundPlaces);
    }

    private static async Task<IResult> Feeds(FeedStore feeds, ScanQueue queue, SecurityOptions options, TimeProvider clock, CancellationToken ct) => TypedResults.Json(
        new KnownFeeds([.. (await feeds.ListAsync(ct)).Select(f => ShownFeed.Of(f, options, clock))],
            [.. (await feeds.ListProblemsAsync(ct)).Select(static p => new FailedFeed(p.Name, p.Problem, QuayDate.FormatIso(p.CheckedMs)!))], await queue.CountAsync(ct)), SecurityApiJson.Default.KnownFeeds);

    /// <summary>A status in the words of the reports.</summary>
    internal static string Word(string status) => Enum.TryParse<Scanner.Feeds.Status>(status, out var known) ? ReportWords.Of(known) : status;

    private static async Task<(Digest, ScanRow?, IResult?)> FindAsync(HttpContext http, string manifestref, SecurityReports reports, CancellationToken ct)
    {
        if (!http.Access().Exists || !Digest.TryParse(manifestref, out var digest))
            return (default, null, NoSuchManifest);
        var scan = await reports.FindAsync(http.Access(), digest, ct);
        return (digest, scan, scan is null ? NoSuchManifest : null);
    }

    private static string? Given(IQueryCollection query, string name) => query[name].ToString() is { Length: > 0 } text ? text : null;

    private static bool TryMark(string text, out PlaceMark mark)
    {
        mark = new PlaceMark(0, [], 0);
        if (text.Length == 0)
            return true;
        if (text.Split('.') is not [var repository, { Length: 64 or 128 } digest, var component] || digest.AsSpan().ContainsAnyExcept(s_lowerHex)
            || !long.TryParse(repository, NumberStyles.None, CultureInfo.InvariantCulture, out var r) || !long.TryParse(component, NumberStyles.None, CultureInfo.InvariantCulture, out var c))
            return false;
        mark = new PlaceMark(r, Convert.FromHexString(digest), c);
        return true;
    }

    private static Problem NoSuchManifest => Problem.NotFound("The repository has no such manifest.");
}

/// <param name="Status">queued, scanned, failed, too_large or unsupported.</param>
/// <param name="Reason">Why it is neither queued nor scanned.</param>
/// <param name="Problems">What was left out of the image, such as an archive that could not be read.</param>
/// <param name="Warnings">What a reader of the findings must know: packages that no feed speaks of, and a distribution that is out of support.</param>
/// <param name="Suppressed">Only when asked for.</param>
/// <param name="Packages">Only when asked for.</param>
/// <param name="Feeds">What is known now.</param>
internal sealed record ManifestReport(
    string Status, string? Reason, string? Scanned, ShownDistro? Distro, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings, IReadOnlyList<ShownFinding> Findings, IReadOnlyList<ShownFinding>? Suppressed, IReadOnlyList<ShownPackage>? Packages,
    IReadOnlyList<ShownFeed> Feeds);

/// <param name="EndOfLife">The day on which its free support ended, when that is past.</param>
internal sealed record ShownDistro(string Id, string Version, string? EndOfLife);

/// <param name="Layer">The blob that brought it.</param>
internal sealed record ShownPackage(string Purl, string Name, string Version, string Type, string Layer, IReadOnlyList<string> Locations);

/// <param name="Status">As a report's; unless it is scanned, there are no packages to tell of.</param>
internal sealed record ManifestPackages(string Status, string? Reason, IReadOnlyList<ManifestPackage> Packages, string? NextPage);

/// <param name="Source">The source package of a distribution, where it has another name.</param>
/// <param name="Layer">The blob that brought it.</param>
/// <param name="OwnedBy">The distribution's package to which its files belong.</param>
/// <param name="Vulnerabilities">How many findings it has.</param>
/// <param name="Severity">Of the worst of them.</param>
internal sealed record ManifestPackage(
    string Purl, string Name, string Version, string Type, string? Source, string? SourceVersion, string? Arch, string Layer, IReadOnlyList<string> Locations, string? OwnedBy, long Vulnerabilities, string? Severity);

/// <param name="FixedIn">The first version with the fix.</param>
/// <param name="Exploited">Since which day it is on CISA's list.</param>
/// <param name="Epss">How likely it is exploited within 30 days, 0 to 1.</param>
/// <param name="FirstSeen">Since when this image is known to have it.</param>
/// <param name="Reason">Of what is suppressed.</param>
internal sealed record ShownFinding(
    string Id, IReadOnlyList<string> Aliases, string Purl, string Package, string Version, string Status, string Severity, string? FixedIn, string Feed, string? Exploited, double? Epss, string? Summary, IReadOnlyList<string> Links,
    IReadOnlyList<string> Cvss, string Layer, IReadOnlyList<string> Locations, string? OwnedBy, string FirstSeen, string LastSeen, IReadOnlyList<ShownEvidence> Evidence, string? Reason)
{
    public static ShownFinding Of(ReportRow row)
    {
        var f = row.Finding!;
        return new(f.Id, f.Aliases, Scanner.Sboms.Purl.Write(row.Package, row.Distro), row.Package.Name, row.Package.Version, SecurityApi.Word(f.Status), f.Severity.ToString(), f.FixedIn, f.Feed, f.Exploited,
            f.Epss is { } epss ? double.Parse(epss, CultureInfo.InvariantCulture) : null, f.Detail.Summary, f.Detail.Links, f.Detail.Cvss, row.Layer.ToString(), row.Locations, row.OwnedBy,
            QuayDate.FormatIso(f.FirstSeenMs)!, QuayDate.FormatIso(f.LastSeenMs)!, [.. f.Detail.Evidence.Select(static e => new ShownEvidence(e.Feed, e.Revision, e.Advisory, e.Ecosystem, e.Name, e.Version, e.Versions, ReportWords.Of(e.Status), e.Note))],
            f.Reason?.ToLowerInvariant());
    }


}

/// <param name="Version">What was compared.</param>
/// <param name="Versions">What the advisory says of versions.</param>
internal sealed record ShownEvidence(string Feed, string Revision, string Advisory, string Ecosystem, string Name, string Version, string Versions, string Status, string? Note);

internal sealed record ManifestPullers(IReadOnlyList<Puller> Pullers);

/// <param name="Name">Null: an anonymous client.</param>
internal sealed record Puller(string? Name, int Pulls, string Last);

internal sealed record SecuritySummary(SeverityCounts Now, IReadOnlyList<DayCounts> Trend);

internal sealed record DayCounts(string Day, SeverityCounts Counts);

internal sealed record OrganizationSecurity(IReadOnlyList<RepositoryCounts> Repositories, string? NextPage);

internal sealed record RepositoryCounts(string Name, SeverityCounts Counts);

internal sealed record FoundPlaces(IReadOnlyList<FoundPlace> Places, string? NextPage);

/// <param name="Tags">That name it now, by themselves or through an index.</param>
/// <param name="Since">Since when it is known to be there.</param>
/// <param name="Pulls">Of the manifest in this repository.</param>
internal sealed record FoundPlace(
    string Repository, string Manifest, IReadOnlyList<string> Tags, string Package, string Version, string? Vulnerability, string? Severity, string? Status, string? FixedIn, string Since, string? Exploited, long Pulls, string? LastPull);

/// <param name="Failed">Those that were asked for, and of which there is no revision yet.</param>
/// <param name="Scans">How many manifests there are in each state.</param>
internal sealed record KnownFeeds(IReadOnlyList<ShownFeed> Feeds, IReadOnlyList<FailedFeed> Failed, IReadOnlyDictionary<string, long> Scans);

/// <param name="Checked">When the publisher was last asked.</param>
internal sealed record FailedFeed(string Name, string Problem, string Checked);

/// <param name="Date">When its publisher last changed it.</param>
/// <param name="Checked">When the publisher was last asked.</param>
/// <param name="Stale">Whether it is older than the settings want.</param>
/// <param name="Problem">What went wrong then; the revision is the last good one.</param>
internal sealed record ShownFeed(string Name, string Revision, string Date, string Licence, long Statements, string Imported, string Checked, bool Stale, string? Problem)
{
    public static ShownFeed Of(FeedRow row, SecurityOptions options, TimeProvider clock) => new(row.Name, row.Revision, QuayDate.FormatIso(row.DateMs)!, row.Licence, row.Statements, QuayDate.FormatIso(row.ImportedMs)!, QuayDate.FormatIso(row.CheckedMs)!,
        row.Age(clock) > options.StaleAfter, row.Problem);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ManifestReport))]
[JsonSerializable(typeof(ManifestPackages))]
[JsonSerializable(typeof(ManifestPullers))]
[JsonSerializable(typeof(SecuritySummary))]
[JsonSerializable(typeof(OrganizationSecurity))]
[JsonSerializable(typeof(FoundPlaces))]
[JsonSerializable(typeof(KnownFeeds))]
internal sealed partial class SecurityApiJson : JsonSerializerContext;
