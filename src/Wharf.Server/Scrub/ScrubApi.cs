using System.Text.Json.Serialization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Scrub;

/// <summary>What the scrub does and found. Quay has nothing like it.</summary>
internal static class ScrubApi
{
    private const int PageSize = 100;

    public static void MapScrub(this WebApplication app) =>
        app.MapGet("/api/v1/superuser/scrub", Show).Requires(Permission.InspectRegistry).WithName("getScrub")
            .Describe("Shows the walk through all stored content that runs now, the last one that is done, and what the newest of them found.").Paged().Gives(ScrubJson.Default.ScrubReport);

    private static async Task<IResult> Show(HttpContext http, ScrubStore store, CancellationToken ct)
    {
        if (http.Request.Query.RefuseUnpublished() is { } refused)
            return refused;
        if (!http.Request.Query.TryNextPage(out var after))
            return QuayQuery.NoSuchPage;
        var (running, last) = (await store.LastAsync(ended: false, ct), await store.LastAsync(ended: true, ct));
        var newest = running is not null && running.Id > (last?.Id ?? 0) ? running : last;
        List<ScrubFinding> findings = newest is null ? [] : await store.FindingsAsync(newest.Id, after, PageSize + 1, ct);
        string? next = null;
        if (findings.Count > PageSize)
        {
            findings.RemoveAt(PageSize);
            next = QuayQuery.NextPage(findings[^1].Id);
        }
        return TypedResults.Json(new ScrubReport(running, last, findings, next), ScrubJson.Default.ScrubReport);
    }
}

internal sealed record ScrubReport(ScrubRun? Running, ScrubRun? Last, IReadOnlyList<ScrubFinding> Findings, string? NextPage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ScrubReport))]
internal sealed partial class ScrubJson : JsonSerializerContext;
