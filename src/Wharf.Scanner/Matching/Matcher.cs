using Wharf.Scanner.Feeds;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Sboms;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Matching;

/// <summary>
/// Packages to vulnerabilities. A distribution's feed alone speaks for its packages, in the order of the catalogue; what several feeds say of a language's
/// package counts together. Nothing is matched by CPE or by a name of another ecosystem.
/// </summary>
public sealed class Matcher(FeedSet feeds)
{
    public MatchResult Match(Inventory inventory)
    {
        var findings = new List<Finding>();
        var suppressed = new List<Finding>();
        var products = new RedHatProducts(inventory, feeds);
        var isCovered = inventory.Distro is { } distro && Lookup.EcosystemsOf(distro).Any(feeds.Covers);
        foreach (var component in inventory.Components)
        {
            foreach (var finding in Match(component, component.Distro ?? inventory.Distro, products, isCovered))
                (finding.Reason is null ? findings : suppressed).Add(finding);
        }
        findings.Sort(static (a, b) => a.Severity != b.Severity ? b.Severity.CompareTo(a.Severity)
            : string.CompareOrdinal(a.Component.Package.Name, b.Component.Package.Name) is var byName and not 0 ? byName
            : string.CompareOrdinal(a.Id, b.Id));
        return new MatchResult(findings, suppressed, Warnings.Of([.. inventory.Components.Select(static c => (c.Package, c.Distro))], inventory.Distro, feeds.Covers));
    }

    private IEnumerable<Finding> Match(Component component, Distro? distro, RedHatProducts products, bool isCovered)
    {
        var isDistro = Purl.IsOfDistro(component.Package.Type);
        if (!isDistro && !VersionOrder.Knows(component.Package.Type, component.Package.Version))
            return [];
        var claims = new List<Claim>();
        foreach (var lookup in Lookup.Of(component.Package, distro))
            AddClaims(claims, component.Package, lookup, distro, products);
        if (claims.Count == 0)
            return [];
        var reason = Uninteresting.Is(component.Package) ?? (component.OwnedBy is not null && isCovered ? Reason.Ownership : null);
        return AliasSets.Of(claims).Select(set => Decide(component, set, isDistro, reason));
    }

    private void AddClaims(List<Claim> claims, Package package, Lookup lookup, Distro? distro, RedHatProducts products)
    {
        var first = claims.Count;
        var statements = feeds.Find(lookup.Ecosystem, lookup.Name);
        ModuleStreams? streams = null;
        if (package.Type == PackageType.Rpm)
        {
            var all = statements.ToList();
            statements = all;
            streams = new ModuleStreams(package, all);
        }
        var namesSources = Lookup.MarksSources(lookup.Ecosystem);
        foreach (var statement in statements)
        {
            var affected = statement.Affected;
            if (namesSources && affected.OfSource != lookup.OfSource
                || affected.Arch is { } arch && package.Arch is { } mine && !IsFor(arch, mine)
                || streams?.Means(affected) == false)
                continue;
            var isElsewhere = affected.Cpe is { } cpe && !products.Has(cpe, distro?.Major ?? "");
            if (isElsewhere && !products.HasInstead(affected.Cpe!, distro?.Major ?? "") || Judge(affected, lookup) is not ({ } status, var range))
                continue;
            var name = isElsewhere ? lookup with { Unreachable = true } : lookup;
            var advisory = statement.Advisory;
            if (advisory.Fixes.Count == 0)
                claims.Add(new Claim(statement, name, status, range, [advisory.Id, .. advisory.Aliases]));
            foreach (var fixes in advisory.Fixes)
                claims.Add(new Claim(statement, name, status, range, [fixes]));
        }
        if (streams is not null)
            MinorReleases.Settle(claims, first);
    }

    // Oracle and SUSE name the system's, on which packages of i686 are installed too; some tools write those of Go.
    private static bool IsFor(string arch, string mine) =>
        arch == mine || mine == "noarch" || mine is "i686" or "i586" or "i386" or "amd64" && arch == "x86_64" || mine == "arm64" && arch == "aarch64";

    /// <summary>What a statement means for a version, and which of its ranges says so; no status when it says nothing of it.</summary>
    private static (Status? Status, VersionRange? Range) Judge(Affected affected, Lookup lookup)
    {
        if (affected.Ranges.Count == 0 && affected.Versions.Count == 0)
            return (affected.Status, new VersionRange(null));
        VersionRange? passed = null;
        foreach (var range in affected.Ranges)
        {
            if (range.Holds(lookup.Version, lookup.Order))
                return (affected.Status, range);
            if (range.Fixed is { } @fixed && lookup.Order.Compare(lookup.Version, @fixed) >= 0)
                passed = range;
        }
        foreach (var version in affected.Versions)
        {
            if (lookup.Order.Compare(lookup.Version, version) == 0)
                return (affected.Status, null);
        }
        return passed is not null && affected.Status is not (Status.NotAffected or Status.Fixed) ? (Status.Fixed, passed) : (null, null);
    }

    private Finding Decide(Component component, List<Claim> set, bool isDistro, Reason? reason)
    {
        // For a distribution's package only those are heard that the most trusted source makes.
        if (isDistro && set.Count > 1)
        {
            var best = set.Min(static c => c.Trust);
            set = set.FindAll(c => c.Trust == best);
        }
        if (set.Count > 1)
            set.Sort(static (a, b) => a.Status != b.Status ? a.Status.CompareTo(b.Status) : a.Trust.CompareTo(b.Trust));
        var deciding = set[0];
        var isFinding = deciding.Status is not (Status.Fixed or Status.NotAffected);

        var id = IdOf(set);
        var known = isFinding && id.StartsWith("CVE-", StringComparison.Ordinal) ? feeds.Enrich(id) : null;
        return new Finding
        {
            Id = id,
            Component = component,
            Status = deciding.Status,
            Severity = SeverityOf(set),
            FixedIn = isFinding ? FixOf(set, deciding.Status) : null,
            Cvss = set.Find(static c => c.Statement.Advisory.Cvss.Count > 0)?.Statement.Advisory.Cvss ?? [],
            Summary = set.Find(static c => c.Statement.Advisory.Summary is not null)?.Statement.Advisory.Summary,
            Links = deciding.Statement.Advisory.Links,
            Known = known,
            Claims = set,
            Reason = reason ?? (isFinding ? null : Reason.Feed),
        };
    }

    // The words of the most trusted that has one; the worst of what is equally trusted.
    private static Severity SeverityOf(List<Claim> set)
    {
        var best = Severity.Unknown;
        var trust = int.MaxValue;
        foreach (var claim in set)
        {
            var said = claim.Statement.Affected.Severity ?? claim.Statement.Advisory.Severity;
            if (said != Severity.Unknown && (claim.Trust < trust || claim.Trust == trust && said > best))
                (best, trust) = (said, claim.Trust);
        }
        return best;
    }

    // Of several updates that each mend a part, the last one.
    private static string? FixOf(List<Claim> set, Status status)
    {
        string? fix = null;
        foreach (var claim in set)
        {
            if (claim.Status == status && !claim.Lookup.Unreachable && claim.Range?.Fixed is { } mine && (fix is null || claim.Lookup.Order.Compare(mine, fix) > 0))
                fix = mine;
        }
        return fix;
    }

    private static string IdOf(List<Claim> set)
    {
        foreach (var claim in set)
        {
            foreach (var id in claim.Ids)
            {
                if (id.StartsWith("CVE-", StringComparison.Ordinal))
                    return id;
            }
        }
        return set[0].Ids[0];
    }
}
