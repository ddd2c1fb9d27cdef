using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>Pages of lists that go on after a number.</summary>
internal static class Page
{
    /// <summary>The number after which to go on, or the answer to give instead.</summary>
    public static Problem? From(HttpContext http, out long after)
    {
        var known = http.Request.Query.TryNextPage(out after);
        return http.Request.Query.RefuseUnpublished() ?? (known ? null : QuayQuery.NoSuchPage);
    }

    /// <summary>Cuts a list, of which one more was read than a page has, to the page.</summary>
    /// <returns>The token of the next page, or null at the end.</returns>
    public static string? Cut<T>(List<T> found, int size, Func<T, long> number)
    {
        if (found.Count <= size)
            return null;
        found.RemoveRange(size, found.Count - size);
        return QuayQuery.NextPage(number(found[^1]));
    }
}
