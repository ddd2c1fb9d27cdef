using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Scanner;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;
using Wharf.Server.Security;

namespace Wharf.Server.Manifests;

/// <summary>What is different in two images of a repository.</summary>
internal static class CompareApi
{
    // Of each list that is shown; counts are of all.
    private const int MaxRows = 500;

    // Of what is looked at in each image; beyond it the counts are those of what was looked at.
    private const int MaxRead = 20_000;

    private const string Preferred = "linux/amd64";

    public static void Map(WebApplication app) =>
        app.MapGet("/api/v1/repository/-/compare", Compare).Requires(Permission.Pull).Limited(LimitClass.Search).WithName("compareManifests")
            .Describe("Compares two images: layers, configs, packages and vulnerabilities.",
                "Of an index, its image for `platform` is taken; without that, the one that both have, linux/amd64 before others. Lists have at most 500 rows. `packages` and `vulnerabilities` are null unless both images are scanned. " +
                "A vulnerability is kept when both images have it in a package of the same name.")
            .Query("from", "A tag or a digest.", required: true).Query("to", "A tag or a digest.", required: true).Query("platform", "Such as linux/arm64.")
            .Gives(CompareJson.Default.Comparison);

    private static async Task<IResult> Compare(HttpContext http, ContentStore content, SecurityReports security, CancellationToken ct)
    {
        var (access, query) = (http.Access(), http.Request.Query);
        if (!access.Exists)
            return Problem.NotFound("There is no such repository.");
        var platform = query["platform"].ToString();
        if (query["from"].ToString() is not { Length: > 0 } from || query["to"].ToString() is not { Length: > 0 } to)
            return Problem.InvalidRequest("Give from and to, each a tag or a digest.");
        if (await FindAsync(content, access, from, ct) is not { } first)
            return Problem.NotFound("The repository has no manifest that from names.");
        if (await FindAsync(content, access, to, ct) is not { } second)
            return Problem.NotFound("The repository has no manifest that to names.");
        if (first.Manifest.IsIndex || second.Manifest.IsIndex)
        {
            if (Choose(first, second, platform) is not { } chosen)
                return Problem.NotFound("Both have no image for the same platform.");
            platform = chosen;
            if (await OfPlatformAsync(content, access, first, platform, ct) is not { Manifest.IsIndex: false } a || await OfPlatformAsync(content, access, second, platform, ct) is not { Manifest.IsIndex: false } b)
                return Problem.NotFound("The image for that platform is not here.");
            (first, second) = (a, b);
        }
        var (one, other) = (await security.FindAsync(access, first.Digest, ct), await security.FindAsync(access, second.Digest, ct));
        var scanned = one?.State == ScanState.Scanned && other?.State == ScanState.Scanned;
        return TypedResults.Json(new Comparison(
            View(from, first, one), View(to, second, other), platform.Length > 0 ? platform : null, Layers(first.Manifest, second.Manifest), ConfigDifferences.Between(first.Config, second.Config, MaxRows),
            scanned ? await PackagesAsync(security, first.Digest, second.Digest, ct) : null, scanned ? await VulnerabilitiesAsync(security, first.Digest, second.Digest, ct) : null), CompareJson.Default.Comparison);
    }

    private static async ValueTask<Compared?> FindAsync(ContentStore content, RepositoryAccess access, string reference, CancellationToken ct) =>
        await ManifestsApi.FindAsync(content, access, reference, ct) is var (digest, _, manifest) ? new Compared(digest, manifest, (await ImageConfig.ReadAsync(content, access, manifest, ct)).Content) : null;

    private static async ValueTask<Compared?> OfPlatformAsync(ContentStore content, RepositoryAccess access, Compared of, string platform, CancellationToken ct) => !of.Manifest.IsIndex ? of
        : of.Manifest.Children.FirstOrDefault(c => c.Platform == platform) is { } child ? await FindAsync(content, access, child.Digest.ToString(), ct) : null;

    private static string? Choose(Compared first, Compared second, string asked)
    {
        var both = Platforms(first).Intersect(Platforms(second), StringComparer.Ordinal).ToList();
        return asked.Length > 0 ? both.Find(p => p == asked) : both.Contains(Preferred) ? Preferred : both.FirstOrDefault();
    }

    private static IEnumerable<string> Platforms(Compared of) =>
        of.Manifest.IsIndex ? of.Manifest.Platforms : of.Config is { } config && ImageFacts.PlatformOf(config) is { } platform ? [platform] : [];

    private static ComparedImage View(string reference, Compared image, ScanRow? scan) => new(
        reference, image.Digest.ToString(), image.Manifest.MediaType, ManifestsApi.Sum(image.Manifest.RequiredBlobs.Select(static b => b.Size)),
        image.Config is { } config ? ImageHistory.Text(config, "created") : null, scan?.State ?? ScanState.Queued);

    private static LayerDifference Layers(Manifest first, Manifest second)
    {
        var (before, after) = (first.Layers.Select(static l => l.Digest).ToHashSet(), second.Layers.Select(static l => l.Digest).ToHashSet());
        var (shared, added) = (Of(second.Layers.Where(l => before.Contains(l.Digest))), Of(second.Layers.Where(l => !before.Contains(l.Digest))));
        var removed = Of(first.Layers.Where(l => !after.Contains(l.Digest)));
        return new LayerDifference(shared, added, removed, Sum(shared), Sum(added), Sum(removed));

        static List<ComparedLayer> Of(IEnumerable<Descriptor> layers) => [.. layers.DistinctBy(static l => l.Digest).Select(static l => new ComparedLayer(l.Digest.ToString(), l.Size))];

        static long Sum(List<ComparedLayer> layers) => ManifestsApi.Sum(layers.Select(static l => l.Size));
    }

    private static async Task<PackageDifference> PackagesAsync(SecurityReports security, Digest first, Digest second, CancellationToken ct)
    {
        var (added, removed, changed) = (new List<ComparedPackage>(), new List<ComparedPackage>(), new List<ChangedPackage>());
        foreach (var same in (await security.DifferenceAsync(first, second, MaxRead, ct)).GroupBy(static p => (p.Package.Type, p.Package.Name)))
        {
            // What has the same version on both sides only comes from another place.
            var (before, after) = (Versions(same, true), Versions(same, false));
            var (gone, come) = (before.Except(after, StringComparer.Ordinal).ToList(), after.Except(before, StringComparer.Ordinal).ToList());
            var type = same.Key.Type.ToString().ToLowerInvariant();
            if (gone.Count == 1 && come.Count == 1)
                changed.Add(new ChangedPackage(same.Key.Name, type, gone[0], come[0]));
            else
            {
                removed.AddRange(gone.Select(v => new ComparedPackage(same.Key.Name, type, v)));
                added.AddRange(come.Select(v => new ComparedPackage(same.Key.Name, type, v)));
            }
        }
        return new PackageDifference([.. added.Take(MaxRows)], [.. removed.Take(MaxRows)], [.. changed.Take(MaxRows)], added.Count, removed.Count, changed.Count);

        static List<string> Versions(IEnumerable<(bool OfFirst, Package Package)> packages, bool ofFirst) => [.. packages.Where(p => p.OfFirst == ofFirst).Select(static p => p.Package.Version).Distinct(StringComparer.Ordinal)];
    }

    private static async Task<VulnerabilityDifference> VulnerabilitiesAsync(SecurityReports security, Digest first, Digest second, CancellationToken ct)
    {
        var (before, after) = (ByPackage(await security.FindingsAsync(first, MaxRead, ct)), ByPackage(await security.FindingsAsync(second, MaxRead, ct)));
        var (added, removed) = (Without(after, before), Without(before, after));
        return new VulnerabilityDifference([.. added.Take(MaxRows).Select(View)], [.. removed.Take(MaxRows).Select(View)], Count(added), Count(removed), Count([.. after.Values.Where(f => before.ContainsKey((f.Id, f.Package)))]));

        static Dictionary<(string, string), ShortFinding> ByPackage(List<ShortFinding> findings)
        {
            var all = new Dictionary<(string, string), ShortFinding>();
            foreach (var finding in findings)
                all.TryAdd((finding.Id, finding.Package), finding);
            return all;
        }

        static List<ShortFinding> Without(Dictionary<(string, string), ShortFinding> of, Dictionary<(string, string), ShortFinding> other) =>
            [.. of.Values.Where(f => !other.ContainsKey((f.Id, f.Package))).OrderByDescending(static f => f.Severity).ThenBy(static f => f.Id, StringComparer.Ordinal)];

        static ComparedFinding View(ShortFinding f) => new(f.Id, f.Package, f.Version, f.Severity.ToString(), f.FixedIn);

        static FindingCounts Count(List<ShortFinding> of) => new(of.Count, Of(of, Severity.Critical), Of(of, Severity.High), Of(of, Severity.Medium), Of(of, Severity.Low), Of(of, Severity.Negligible), Of(of, Severity.Unknown));

        static int Of(List<ShortFinding> all, Severity severity) => all.Count(f => f.Severity == severity);
    }

    private sealed record Compared(Digest Digest, Manifest Manifest, JsonElement? Config);
}

/// <param name="Platform">Which image of an index was taken; null where both are images.</param>
/// <param name="Config">What their configs say differently, but for the history.</param>
internal sealed record Comparison(
    ComparedImage From, ComparedImage To, string? Platform, LayerDifference Layers, IReadOnlyList<ConfigDifference> Config, PackageDifference? Packages, VulnerabilityDifference? Vulnerabilities);

/// <param name="Reference">As it was asked for.</param>
/// <param name="Size">Bytes of config and layers.</param>
/// <param name="Created">When it was made, as it says itself.</param>
/// <param name="Status">What the scanner has made of it.</param>
internal sealed record ComparedImage(string Reference, string Digest, string MediaType, long Size, string? Created, string Status);

internal sealed record LayerDifference(
    IReadOnlyList<ComparedLayer> Shared, IReadOnlyList<ComparedLayer> Added, IReadOnlyList<ComparedLayer> Removed, long SharedSize, long AddedSize, long RemovedSize);

internal sealed record ComparedLayer(string Digest, long Size);

/// <param name="Name">Where in the config it is, such as <c>config.Env.PATH</c>.</param>
/// <param name="From">A text as it is, anything else as JSON, at most 1024 characters; null where it is not there.</param>
internal sealed record ConfigDifference(string Name, string? From, string? To);

internal sealed record PackageDifference(
    IReadOnlyList<ComparedPackage> Added, IReadOnlyList<ComparedPackage> Removed, IReadOnlyList<ChangedPackage> Changed, int AddedCount, int RemovedCount, int ChangedCount);

internal sealed record ComparedPackage(string Name, string Type, string Version);

internal sealed record ChangedPackage(string Name, string Type, string From, string To);

internal sealed record VulnerabilityDifference(
    IReadOnlyList<ComparedFinding> Added, IReadOnlyList<ComparedFinding> Removed, FindingCounts AddedCounts, FindingCounts RemovedCounts, FindingCounts KeptCounts);

internal sealed record ComparedFinding(string Id, string Package, string Version, string Severity, string? FixedIn);

internal sealed record FindingCounts(int All, int Critical, int High, int Medium, int Low, int Negligible, int Unknown);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Comparison))]
internal sealed partial class CompareJson : JsonSerializerContext;
