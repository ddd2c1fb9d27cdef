using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Organizations;
using Wharf.Server.QuayApi;

namespace Wharf.Server.PullStatistics;

/// <summary>How often and when last tags and manifests were pulled, as in Quay; and whose pulls do not count.</summary>
internal static class PullStatisticsApi
{
    public static void MapPullStatistics(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/tag/{tag}/pull_statistics", OfTag).Requires(Permission.Pull).WithName("getTagPullStatistics")
            .Describe("Says how often and when last a tag was pulled, and the manifest that it names.", "The counts are seconds old.").Gives(PullStatisticsJson.Default.TagPullStatistics);
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}/pull_statistics", OfManifest).Requires(Permission.Pull).WithName("getManifestPullStatistics")
            .Describe("Says how often and when last a manifest was pulled, by a tag or by its digest.", "The counts are seconds old.").Gives(PullStatisticsJson.Default.ManifestPullStatistics);
        app.MapGet("/api/v1/repository/-/activity", Activity).Requires(Permission.Pull).WithName("getRepositoryActivity")
            .Describe("Counts what was pushed to a repository and pulled from it on each of the last 90 days (UTC).", "Days on which nothing happened are left out. A push is a tag that was pointed at something; the counts of pulls are seconds old.")
            .Gives(PullStatisticsJson.Default.RepositoryActivity);
        app.MapGet("/api/v1/organization/{orgname}/pullstatistics/exclusions", List).Requires(Permission.InspectOrganization).WithName("listPullExclusions")
            .Describe("Lists whose pulls do not count as use, such as those of scanners and mirrors.").Gives(PullStatisticsJson.Default.PullExclusions);
        app.MapPut("/api/v1/organization/{orgname}/pullstatistics/exclusions/{membername}", Add).Requires(Permission.AdministerOrganization).WithName("addPullExclusion")
            .Describe("From now on, pulls of a user or robot do not count as use.").Gives(204);
        app.MapDelete("/api/v1/organization/{orgname}/pullstatistics/exclusions/{membername}", Remove).Requires(Permission.AdministerOrganization).WithName("removePullExclusion")
            .Describe("From now on, pulls of a user or robot count again.").Gives(204);
    }

    private static async Task<IResult> OfTag(HttpContext http, string tag, PullStore pulls, CancellationToken ct)
    {
        if (!http.Access().Exists)
            return NoSuchRepository;
        if (!TagName.IsValid(tag) || await pulls.FindAsync(http.Access(), tag, ct) is not { } found)
            return Problem.NotFound("There is no such tag.");
        return TypedResults.Json(new TagPullStatistics(tag, found.ByName.Pulls, QuayDate.FormatIso(found.ByName.LastMs), found.Digest.ToString(), found.OfManifest.Pulls, QuayDate.FormatIso(found.OfManifest.LastMs)),
            PullStatisticsJson.Default.TagPullStatistics);
    }

    private static async Task<IResult> OfManifest(HttpContext http, string manifestref, PullStore pulls, CancellationToken ct)
    {
        if (!http.Access().Exists)
            return NoSuchRepository;
        if (!Digest.TryParse(manifestref, null, out var digest) || await pulls.FindAsync(http.Access(), digest, ct) is not { } found)
            return Problem.NotFound("The repository has no such manifest.");
        return TypedResults.Json(new ManifestPullStatistics(digest.ToString(), found.Pulls, QuayDate.FormatIso(found.LastMs)), PullStatisticsJson.Default.ManifestPullStatistics);
    }

    private static async Task<IResult> Activity(HttpContext http, ActivityStore activity, CancellationToken ct) => !http.Access().Exists ? NoSuchRepository : TypedResults.Json(
        new RepositoryActivity([.. (await activity.ListAsync(http.Access(), ct)).Select(static d => new ShownActivity(QuayDate.FormatDay(d.Day), d.Pushes, d.Pulls))]), PullStatisticsJson.Default.RepositoryActivity);

    private static async Task<IResult> List(HttpContext http, PullExclusionStore exclusions, CancellationToken ct) => TypedResults.Json(
        new PullExclusions([.. (await exclusions.ListAsync(http.Organization().NamespaceId, ct)).Select(static e => new ShownPullExclusion(e.Name, e.IsRobot ? "robot" : "user", QuayDate.FormatIso(e.CreatedMs)!))]),
        PullStatisticsJson.Default.PullExclusions);

    private static async Task<IResult> Add(HttpContext http, string membername, PullExclusionStore exclusions, CancellationToken ct)
    {
        if (!MembersApi.IsAccountName(membername) || MembersApi.IsForeignRobot(http, membername))
            return Problem.InvalidRequest("Name a user, or a robot of the organization.");
        var outcome = await exclusions.AddAsync(http.Caller().Principal, http.Organization().NamespaceId, membername, ct);
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    private static async Task<IResult> Remove(HttpContext http, string membername, PullExclusionStore exclusions, CancellationToken ct)
    {
        var outcome = MembersApi.IsAccountName(membername)
            ? await exclusions.RemoveAsync(http.Caller().Principal, http.Organization().NamespaceId, membername, ct)
            : OrganizationOutcome.NotFound("Pulls of nobody of that name are excluded.");
        return outcome.Problem is null ? TypedResults.NoContent() : OrganizationsApi.Refusal(outcome);
    }

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");
}

/// <param name="CurrentManifestDigest">What the tag names now.</param>
/// <param name="ManifestPullCount">Of that manifest, by whatever name it was pulled.</param>
internal sealed record TagPullStatistics(string TagName, long TagPullCount, string? LastTagPullDate, string CurrentManifestDigest, long ManifestPullCount, string? LastManifestPullDate);

internal sealed record ManifestPullStatistics(string ManifestDigest, long ManifestPullCount, string? LastManifestPullDate);

internal sealed record RepositoryActivity(IReadOnlyList<ShownActivity> Days);

/// <param name="Date">YYYY-MM-DD.</param>
internal sealed record ShownActivity(string Date, long Pushes, long Pulls);

internal sealed record PullExclusions(IReadOnlyList<ShownPullExclusion> Exclusions);

/// <param name="Kind">user or robot.</param>
internal sealed record ShownPullExclusion(string Name, string Kind, string Created);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TagPullStatistics))]
[JsonSerializable(typeof(ManifestPullStatistics))]
[JsonSerializable(typeof(RepositoryActivity))]
[JsonSerializable(typeof(PullExclusions))]
internal sealed partial class PullStatisticsJson : JsonSerializerContext;
