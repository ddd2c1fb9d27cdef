using System.Globalization;

namespace Wharf.Server.QuayApi;

/// <summary>Query parameters of /api/v1 as Quay reads them.</summary>
internal static class QuayQuery
{
    // What other registries' lists take, and what has let people sort or filter by columns that they may not see.
    private static readonly string[] s_unpublished = ["sort", "order", "order_by", "orderby", "fields", "filter", "where", "q"];

    /// <summary>Quay's truthy values.</summary>
    public static bool IsTrue(this IQueryCollection query, string name, bool otherwise = false) => query[name] is { Count: > 0 } value
        ? value[^1]?.ToLowerInvariant() is "true" or "1" or "yes" or "on"
        : otherwise;

    /// <summary>The number after which a list goes on: one of its own keys, as <c>next_page</c> gave it.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryNextPage(this IQueryCollection query, out long after)
    {
        after = 0;
        return query["next_page"] is not { Count: > 0 } token || token.ToString().Length == 0
            || (long.TryParse(token.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out after) && after >= 0);
    }

    public static string? NextPage(long last) => last.ToString(CultureInfo.InvariantCulture);

    /// <summary>Refuses to sort and to choose columns, which no list here does; silence would look as if it had worked.</summary>
    public static Problem? RefuseUnpublished(this IQueryCollection query)
    {
        foreach (var name in s_unpublished)
            if (query.ContainsKey(name))
                return Problem.InvalidRequest($"This list has no parameter '{name}'.");
        return null;
    }

    public static Problem NoSuchPage => Problem.InvalidRequest("next_page is not one that this operation gave.");
}
