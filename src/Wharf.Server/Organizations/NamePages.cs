using Wharf.Oci;
using Wharf.Server.Accounts;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Organizations;

/// <summary>
/// Lists in the order of names, where the last name of a page says where the next begins. Quay has no pages here and its clients read
/// one answer, so that a page is as long as such a list gets in practice.
/// </summary>
internal static class NamePages
{
    public const int Size = 1000;

    /// <summary>The name after which the list goes on, or the answer to give instead.</summary>
    public static (string Last, Problem? Problem) From(HttpContext http)
    {
        if (http.Request.Query.RefuseUnpublished() is { } unpublished)
            return ("", unpublished);
        var last = http.Request.Query["next_page"].ToString();
        return last.Length == 0 || AccountStore.IsValidName(last) || AccountStore.IsValidRobotName(last) || RepositoryName.TryParse($"x/{last}", null, out _)
            ? (last, null)
            : ("", QuayQuery.NoSuchPage);
    }

    /// <summary>Cuts a list that was read with one more than a page; where the next page begins, or null.</summary>
    public static string? Cut<T>(List<T> found, Func<T, string> name)
    {
        if (found.Count <= Size)
            return null;
        found.RemoveRange(Size, found.Count - Size);
        return name(found[^1]);
    }
}
