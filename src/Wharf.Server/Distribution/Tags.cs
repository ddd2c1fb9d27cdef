using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Distribution;

internal static class Tags
{
    public static void Map(WebApplication app) => app.MapGet("/v2/-/tags/list", List).Requires(Permission.Pull).WithName("listTags")
        .Describe("Lists the tags of a repository.").Query("n", "How many there are on a page.", "integer")
        .Query("last", "Goes on behind this one; the Link header of a page has the whole address.").Gives(DistributionJson.Default.TagList);

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
        if (count == 0)
            return TypedResults.Json(new TagList(access.Name.ToString(), []), DistributionJson.Default.TagList);
        var tags = await content.ListTagsAsync(access, last ?? "", count + 1, ct);
        if (tags.Count > count)
        {
            tags.RemoveAt(count);
            http.Response.Headers.Link = Page.Next($"/v2/{access.Name}/tags/list", count, tags[^1]);
        }
        return TypedResults.Json(new TagList(access.Name.ToString(), tags), DistributionJson.Default.TagList);
    }
}
