using System.Globalization;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Limits;
using Wharf.Server.QuayApi;

namespace Wharf.Server.AccessReview;

/// <summary>Who has access to what, by whom, since when, and whether it is used; Wharf's own, for whoever has to look at it once a quarter.</summary>
internal static class ReviewApi
{
    private const int PageSize = 100;
    private const int MaxPage = 1000;
    private const int MaxDays = 36_500;
    private const long DayMs = 86_400_000;

    public static void MapAccessReview(this WebApplication app)
    {
        Described(app.MapGet("/api/v1/organization/{orgname}/accessreview", List).Requires(Permission.InspectOrganization).WithName("getOrganizationAccessReview")
            .Describe("Lists every way in which somebody has access to an organization's repositories."));
        Described(app.MapGet("/api/v1/superuser/accessreview", List).Requires(Permission.InspectRegistry, fresh: true).WithName("getAccessReview")
            .Describe("Lists every way in which somebody has access to a repository of the registry."));
    }

    private static void Described(RouteHandlerBuilder endpoint) => endpoint.Limited(LimitClass.Search)
        .Query("unused_days", "Only accounts and robots that are at least so many days old and were not used for so many.", "integer")
        .Query("limit", $"How many there are on a page, at most {MaxPage}; {PageSize} where it is left out.", "integer")
        .Query("format", "csv for all of it at once as text/csv.")
        .Paged().Gives(ReviewJson.Default.ReviewPage).Gives(200, "text/csv");

    private static async Task<IResult> List(HttpContext http, ReviewStore store, TimeProvider clock, CancellationToken ct)
    {
        var query = http.Request.Query;
        if (query.RefuseUnpublished() is { } refused)
            return refused;
        if (!TryNumber(query["unused_days"], 0, MaxDays, 0, out var unused))
            return Problem.InvalidRequest($"unused_days is from 0 to {MaxDays}.");
        if (!TryNumber(query["limit"], 1, MaxPage, PageSize, out var count))
            return Problem.InvalidRequest($"limit is from 1 to {MaxPage}.");
        ReviewPlace after = default;
        if (query["next_page"].ToString() is { Length: > 0 } token && !ReviewPlace.TryParse(token, out after))
            return QuayQuery.NoSuchPage;
        var now = clock.GetUtcNow();
        var organization = http.Features.Get<NamespaceAccess>();
        var namespaceId = organization?.NamespaceId ?? 0;
        switch (query["format"].ToString())
        {
            case "csv":
                return new ReviewCsv(store, namespaceId, unused, now, $"access-{organization?.Name ?? "registry"}-{now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}.csv");
            case "" or "json":
                var page = await store.ListAsync(namespaceId, after, unused, count + 1, ct);
                var next = page.Count > count ? page[count - 1].Place.ToString() : null;
                return TypedResults.Json(new ReviewPage([.. page.Take(count).Select(e => View(e, now))], next), ReviewJson.Default.ReviewPage);
            default:
                return Problem.InvalidRequest("format is json or csv.");
        }
    }

    internal static ReviewedAccess View(ReviewEntry entry, DateTimeOffset now) => new(
        entry.Namespace, entry.Repository, entry.Subject, entry.IsRobot ? "robot" : "user", entry.Kind, entry.Role, entry.Via, entry.GrantedBy,
        Time(entry.GrantedMs), (now.ToUnixTimeMilliseconds() - entry.GrantedMs) / DayMs, Time(entry.LastUsedMs), entry.Disabled);

    private static string? Time(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : null;

    private static bool TryNumber(string? text, int least, int most, int otherwise, out int number)
    {
        number = otherwise;
        return string.IsNullOrEmpty(text) || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= least && number <= most);
    }
}
