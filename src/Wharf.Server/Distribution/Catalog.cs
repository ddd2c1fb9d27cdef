using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Repositories;

namespace Wharf.Server.Distribution;

internal static class Catalog
{
    public static void Map(WebApplication app) => app.MapGet("/v2/_catalog", List).Requires(Permission.Catalog).WithName("listCatalog")
        .Describe("Lists the names of the repositories that the caller may see.").Query("n", "How many there are on a page.", "integer")
        .Query("last", "Goes on behind this one; the Link header of a page has the whole address.").Gives(DistributionJson.Default.RepositoryList);

    private static async Task<IResult> List(HttpContext http, string? n, string? last, RepositoryStore repositories, CancellationToken ct)
    {
        if (!Page.TryParse(n, out var count))
            return Page.Invalid;
        RepositoryName? after = null;
        if (!string.IsNullOrEmpty(last) && !RepositoryName.TryParse(last, null, out after))
            return OciError.NameInvalid(last);
        var names = count == 0 ? [] : await repositories.ListAsync(http.Caller().Principal, after, count + 1, ct);
        if (names.Count > count)
        {
            names.RemoveAt(count);
            http.Response.Headers.Link = Page.Next("/v2/_catalog", count, names[^1]);
        }
        return TypedResults.Json(new RepositoryList(names), DistributionJson.Default.RepositoryList);
    }
}
