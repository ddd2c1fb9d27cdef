using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Matching;

/// <summary>
/// Several updates of one feed that fix one vulnerability of one rpm, each in the minor release that was then supported: 3.9.18-3.el9_4.5 is fixed, although it
/// is below 3.9.19-8.el9_5, which is the fix of the next minor release. So it is with the streams of Red Hat that an image has, EUS beside the main one. Only a build of a minor release that says which (<c>.el9_4</c>) is judged by that
/// release's own fix; any other has to be past all of them.
/// </summary>
internal static class MinorReleases
{
    /// <summary>Turns claims that a version is affected into claims that it is fixed, where all updates together say so.</summary>
    /// <param name="first">The claims from here on are of one package and one of its names.</param>
    public static void Settle(List<Claim> claims, int first)
    {
        var (open, closed) = (false, false);
        for (var at = first; at < claims.Count; at++)
        {
            open |= claims[at].Status == Status.Affected;
            closed |= claims[at].Status == Status.Fixed;
        }
        if (!open || !closed)
            return;
        var groups = new Dictionary<(object Feed, string Id, string? Module), List<int>>();
        for (var at = first; at < claims.Count; at++)
        {
            var claim = claims[at];
            if (claim.Status is not (Status.Affected or Status.Fixed) || FixOf(claim) is null)
                continue;
            var key = (claim.Statement.Feed, claim.Ids[0], claim.Statement.Affected.Module);
            if (!groups.TryGetValue(key, out var group))
                groups.Add(key, group = []);
            group.Add(at);
        }
        foreach (var group in groups.Values)
            Settle(claims, group);
    }

    private static void Settle(List<Claim> claims, List<int> group)
    {
        var passed = group.FindAll(at => claims[at].Status == Status.Fixed);
        if (passed.Count == 0 || passed.Count == group.Count)
            return;
        var version = claims[group[0]].Lookup.Version;
        var minor = MinorOf(version);
        foreach (var at in group)
        {
            var claim = claims[at];
            // An update may list several builds of a package, one for each repository. What two records of one name say (Azure Linux) counts twice.
            var by = passed.FindIndex(p => claims[p].Statement.Number == claim.Statement.Number && FixOf(claims[p]) == version);
            if (by < 0 && minor.Length > 0 && !MinorOf(FixOf(claim)!).SequenceEqual(minor))
                by = passed.FindIndex(p => MinorOf(FixOf(claims[p])!).SequenceEqual(MinorOf(version)));
            if (claim.Status == Status.Affected && by >= 0)
                claims[at] = claim with { Status = Status.Fixed, Range = claims[passed[by]].Range };
        }
    }

    private static string? FixOf(Claim claim) => claim.Statement.Affected.Ranges is [{ Introduced: null, Fixed: { } version }] ? version : null;

    // .el9_4 of 3.9.18-3.el9_4.5; empty when the build says none
    private static ReadOnlySpan<char> MinorOf(string version)
    {
        var at = version.LastIndexOf(".el", StringComparison.Ordinal);
        if (at < 0)
            return [];
        var end = at + 3;
        while (end < version.Length && (char.IsAsciiDigit(version[end]) || version[end] == '_'))
            end++;
        var minor = version.AsSpan(at, end - at);
        return minor.Contains('_') ? minor : [];
    }
}
