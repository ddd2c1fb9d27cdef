namespace Wharf.Scanner.Matching;

/// <summary>Claims that mean the same vulnerability, by any name that they share.</summary>
internal static class AliasSets
{
    public static IEnumerable<List<Claim>> Of(List<Claim> claims)
    {
        if (claims.Count == 1)
            return [claims];
        var sets = new List<List<Claim>?>();
        var byName = new Dictionary<string, int>(claims.Count, StringComparer.Ordinal);
        foreach (var claim in claims)
        {
            var mine = -1;
            foreach (var id in claim.Ids)
            {
                if (!byName.TryGetValue(id, out var other) || other == mine)
                    continue;
                if (mine < 0)
                {
                    mine = other;
                    continue;
                }
                // One more publisher shows that two sets are one.
                sets[mine]!.AddRange(sets[other]!);
                foreach (var moved in sets[other]!)
                {
                    foreach (var name in moved.Ids)
                        byName[name] = mine;
                }
                sets[other] = null;
            }
            if (mine < 0)
            {
                mine = sets.Count;
                sets.Add(new List<Claim>(1));
            }
            sets[mine]!.Add(claim);
            foreach (var id in claim.Ids)
                byName[id] = mine;
        }
        return sets.Where(static s => s is not null)!;
    }
}
