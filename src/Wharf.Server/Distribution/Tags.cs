using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class Tags
{
    public static void Map(WebApplication app) => app.MapGet("/v2/-/tags/list", List).Requires(Permission.Pull).WithName("listTags")
        .Describe("Lists the tags of a repository.").Query("n", "How many there are on a page.", "integer")
        .Query("last", "Goes on behind this one; the Link header of a page has the whole address.")
        .Query("asOf", "The tags as they were at a time such as 2026-11-22T12:00:00Z; so does the header Wharf-As-Of.").Gives(DistributionJson.Default.TagList);

    // distribution-spec#listing-tags (end-8a, end-8b)
    private static async Task<IResult> List(HttpContext http, string? n, string? last, ContentStore content, CancellationToken ct)
    {
        if (!Page.TryParse(n, out var count))
            return Page.Invalid;
        var access = http.Access();
        if (!access.Exists)
            return OciError.NameUnknown(access.Name);
        // What is no tag can still be a place in the order, but not an endless one, and PostgreSQL has no NUL in text.
        if (last is { Length: > TagName.MaxLength } || last?.Contains('\0', StringComparison.Ordinal) == true)
            return OciError.TagInvalid(last);
        if (AsOf.TryRead(http, http.Request.Query["asOf"], out var past) is { } malformed)
            return malformed;
        if (past is { } time && await AsOf.CheckAsync(http, content, time, ct) is { } outside)
            return outside;
        if (count == 0)
            return TypedResults.Json(new TagList(access.Name.ToString(), []), DistributionJson.Default.TagList);
        var tags = past is { } at
            ? [.. (await content.ListTagsAsync(access, at, last ?? "", count + 1, ct)).Select(static t => t.Name)]
            : await content.ListTagsAsync(access, last ?? "", count + 1, ct);
        if (tags.Count > count)
        {
            tags.RemoveAt(count);
            http.Response.Headers.Link = Page.Next($"/v2/{access.Name}/tags/list", count, tags[^1], past is null ? "" : $"&asOf={past}");
        }
        return TypedResults.Json(new TagList(access.Name.ToString(), tags), DistributionJson.Default.TagList);
    }
}
