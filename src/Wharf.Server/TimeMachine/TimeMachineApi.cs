using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;
using Wharf.Server.Tags;

namespace Wharf.Server.TimeMachine;

/// <summary>
/// A repository as it was at a time, what changed between two, and the way back (docs/time-machine.md). Wharf's own: in Quay each tag
/// has a history, the repository has none.
/// </summary>
internal static class TimeMachineApi
{
    private const int PageSize = 100;

    public static void MapTimeMachine(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/timemachine/tags", ListTags).Requires(Permission.Pull).WithName("listPastTags")
            .Describe("Lists the tags of a repository as they were at a time within the namespace's window.")
            .Query("asOf", "The time, RFC 3339, such as 2026-11-22T12:00:00Z.", required: true).Paged().Gives(TimeMachineJson.Default.PastTags).Gives(404);
        app.MapGet("/api/v1/repository/-/timemachine/diff", Compare).Requires(Permission.Pull).WithName("compareTags")
            .Describe("Lists the tags that were added, removed or moved between two times within the namespace's window.")
            .Query("from", "The first time, RFC 3339, such as 2026-11-22T12:00:00Z.", required: true).Query("to", "The second; now when left out.")
            .Paged().Gives(TimeMachineJson.Default.Comparison).Gives(404);
        app.MapPost("/api/v1/repository/-/timemachine/restore", Restore).Requires(Permission.Push).WithName("rewindRepository")
            .Describe("Puts every tag of a repository where it was at a time and ends those that were not there, all or nothing.")
            .Query("dry_run", "Only says what would be done.", "boolean").Takes(TimeMachineJson.Default.RewindTo)
            .Gives(TimeMachineJson.Default.Rewound).Gives(404).Gives(409);
    }

    private static async Task<IResult> ListTags(HttpContext http, string? asOf, ContentStore content, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!Moment.TryParse(asOf, out var at))
            return Malformed("asOf");
        if (!TryPage(http, out var after))
            return QuayQuery.NoSuchPage;
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        if (Outside(await content.WindowAsync(access, ct), at) is { } outside)
            return outside;
        var found = await content.ListTagsAsync(access, at, after, PageSize + 1, ct);
        var next = Cut(found, static t => t.Name);
        return TypedResults.Json(new PastTags(at.ToString(), [.. found.Select(static t => new ShownPastTag(t.Name, t.Digest.ToString(), t.MediaType, Format(t.SinceMs), t.UntilMs is { } end ? Format(end) : null))], next),
            TimeMachineJson.Default.PastTags);
    }

    private static async Task<IResult> Compare(HttpContext http, string? from, string? to, ContentStore content, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return unpublished;
        if (!Moment.TryParse(from, out var first))
            return Malformed("from");
        var second = default(Moment);
        if (!string.IsNullOrEmpty(to) && !Moment.TryParse(to, out second))
            return Malformed("to");
        if (!TryPage(http, out var after))
            return QuayQuery.NoSuchPage;
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        var window = await content.WindowAsync(access, ct);
        if (string.IsNullOrEmpty(to))
            second = window.Now;
        if (Outside(window, first) is { } early)
            return early;
        if (Outside(window, second) is { } late)
            return late;
        if (second.Ms < first.Ms)
            return Problem.InvalidRequest("from comes before to.");
        var found = await content.CompareAsync(access, first, second, after, PageSize + 1, ct);
        var next = Cut(found, static d => d.Name);
        return TypedResults.Json(new Comparison(first.ToString(), second.ToString(), [.. found.Select(static d => new ShownDifference(d.Name,
            d.From.IsDefault ? "added" : d.To.IsDefault ? "removed" : "moved", d.From.IsDefault ? null : d.From.ToString(), d.To.IsDefault ? null : d.To.ToString(), Format(d.AtMs), d.By))], next),
            TimeMachineJson.Default.Comparison);
    }

    private static async Task<IResult> Restore(HttpContext http, ContentStore content, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(http, TimeMachineJson.Default.RewindTo, ct);
        if (body is null)
            return problem!;
        if (!Moment.TryParse(body.AsOf, out var at))
            return Malformed("as_of");
        var access = http.Access();
        if (!access.Exists)
            return NoSuchRepository;
        if (Outside(await content.WindowAsync(access, ct), at) is { } outside)
            return outside;
        if (http.Request.Query.IsTrue("dry_run"))
            return Answer(at, await content.PlanRewindAsync(access, at, ct), dryRun: true);
        var (refusal, done) = await content.RewindAsync(http.Caller().Principal, access, at, ct);
        return refusal switch
        {
            null when done.Missing.Count > 0 => new Problem(409, "invalid_request",
                $"Nothing was changed: what tags named at {at} is gone for good in part. Missing: {string.Join(", ", done.Missing.Take(10))}{(done.Missing.Count > 10 ? " and more" : "")}."),
            null => Answer(at, done, dryRun: false),
            _ => TagsApi.Refused(refusal),
        };
    }

    private static JsonHttpResult<Rewound> Answer(Moment at, Rewind done, bool dryRun) => TypedResults.Json(
        new Rewound(at.ToString(), done.Added, done.Moved, done.Removed, dryRun, [.. done.Missing.Select(static d => d.ToString())]), TimeMachineJson.Default.Rewound);

    private static Problem? Outside(Window window, Moment at) => window.Has(at) ? null
        : at.Ms > window.Now.Ms ? Problem.InvalidRequest(window.WhyNot(at)) : Problem.NotFound(window.WhyNot(at));

    private static Problem Malformed(string name) => Problem.InvalidRequest($"{name} is a time such as 2026-11-22T12:00:00Z (RFC 3339; in a query a plus is %2B).");

    private static Problem NoSuchRepository => Problem.NotFound("There is no such repository.");

    // A page goes on behind a tag.
    private static bool TryPage(HttpContext http, out string after)
    {
        after = http.Request.Query["next_page"].ToString();
        return after.Length == 0 || TagName.IsValid(after);
    }

    private static string? Cut<T>(List<T> found, Func<T, string> name)
    {
        if (found.Count <= PageSize)
            return null;
        found.RemoveAt(PageSize);
        return name(found[^1]);
    }

    private static string Format(long ms) => new Moment(ms).ToString();
}

internal sealed record PastTags(string AsOf, IReadOnlyList<ShownPastTag> Tags, string? NextPage);

/// <param name="Until">Left out where the tag is there to this day, without an end.</param>
internal sealed record ShownPastTag(string Name, string ManifestDigest, string? MediaType, string Since, string? Until);

internal sealed record Comparison(string From, string To, IReadOnlyList<ShownDifference> Differences, string? NextPage);

/// <param name="Change">added, removed or moved.</param>
internal sealed record ShownDifference(string Name, string Change, string? FromDigest, string? ToDigest, string At, string? By);

internal sealed record RewindTo([property: JsonRequired] string AsOf);

/// <param name="Missing">What stands against it, in a dry run.</param>
internal sealed record Rewound(string AsOf, long Added, long Moved, long Removed, bool DryRun, IReadOnlyList<string> Missing);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PastTags))]
[JsonSerializable(typeof(Comparison))]
[JsonSerializable(typeof(RewindTo))]
[JsonSerializable(typeof(Rewound))]
internal sealed partial class TimeMachineJson : JsonSerializerContext;
