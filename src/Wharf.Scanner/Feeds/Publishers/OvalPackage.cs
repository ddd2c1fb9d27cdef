namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>What a definition says of a package, and under which conditions.</summary>
/// <param name="Facts">Of one package; all hold at once.</param>
/// <param name="Platforms">On any of these; empty when not said.</param>
internal sealed record OvalPackage(IReadOnlyList<OvalFact> Facts, IReadOnlyList<string> Platforms, string? Arch, string? Module)
{
    private static readonly OvalPackage s_unconditional = new([], [], null, null);

    public string Name => Facts[0].Name;

    /// <summary>
    /// Every package of a tree of criteria with the conditions that stand beside it on the way from the root. <paramref name="understand"/> reads a
    /// comment; what it gives null for (who signed a package) does not count.
    /// </summary>
    public static IEnumerable<OvalPackage> In(OvalCriteria criteria, Func<string, OvalFact?> understand) => Walk(criteria, s_unconditional, understand);

    // Recursive: the depth is bounded where the criteria are read.
    private static IEnumerable<OvalPackage> Walk(OvalCriteria at, OvalPackage scope, Func<string, OvalFact?> understand)
    {
        OvalFact[] facts = [.. at.Comments.Select(understand).OfType<OvalFact>()];
        if (at.All)
        {
            foreach (var fact in facts)
                scope = fact.IsOfPackage ? scope : scope.With([fact]);
            foreach (var group in at.Groups)
                scope = Conditions(group, understand) is { Length: > 0 } alternatives ? scope.With(alternatives) : scope;
        }

        var packages = facts.Where(static f => f.IsOfPackage);
        foreach (var package in at.All ? packages.GroupBy(static f => f.Name).Select(static g => g.ToArray()) : packages.Select(static f => new[] { f }))
            yield return scope with { Facts = package };
        foreach (var group in at.Groups)
        {
            foreach (var package in Walk(group, scope, understand))
                yield return package;
        }
    }

    // What a group of conditions allows; nothing when it speaks of packages.
    private static OvalFact[] Conditions(OvalCriteria group, Func<string, OvalFact?> understand)
    {
        OvalFact[] facts = group.Groups.Count == 0 ? [.. group.Comments.Select(understand).OfType<OvalFact>()] : [];
        return facts.Any(static f => f.IsOfPackage) ? [] : facts;
    }

    private OvalPackage With(OvalFact[] alternatives)
    {
        return this with
        {
            Platforms = Names(OvalFactKind.Platform) is { Length: > 0 } platforms ? platforms : Platforms,
            Arch = Names(OvalFactKind.Arch) is [var arch] ? arch : Arch,
            Module = Names(OvalFactKind.Module) is [var module] ? module : Module,
        };

        string[] Names(OvalFactKind kind) => [.. alternatives.Where(f => f.Kind == kind).Select(static f => f.Name)];
    }
}
