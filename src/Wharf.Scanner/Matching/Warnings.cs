using System.Globalization;
using Wharf.Scanner.Versions;

namespace Wharf.Scanner.Matching;

/// <summary>What a reader of an empty list must be told: that nobody spoke of it.</summary>
public static class Warnings
{
    /// <param name="components">Each package with the distribution that its own database names, if it does.</param>
    /// <param name="distro">The image's.</param>
    /// <param name="covers">Whether any feed speaks of an ecosystem.</param>
    public static List<string> Of(IReadOnlyCollection<(Package Package, Distro? Distro)> components, Distro? distro, Func<string, bool> covers)
    {
        var warnings = new List<string>();
        foreach (var of in components.Where(static c => c.Package.Type is PackageType.Deb or PackageType.Rpm or PackageType.Apk).GroupBy(c => c.Distro ?? distro))
        {
            if (of.Key is null)
                warnings.Add($"Nothing says which distribution this is: its {of.Count()} packages were not looked up.");
            else if (!Lookup.EcosystemsOf(of.Key).Any(covers))
                warnings.Add($"No feed speaks of {of.Key}: its {of.Count()} packages were not looked up.");
        }
        if (distro is not null && DistroSupport.EndOf(distro) is { } end)
            warnings.Add($"{distro.Name ?? distro.ToString()} has been out of its publisher's free support since {end.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}: what was found since may be named by no feed.");
        foreach (var group in components.Where(static c => c.Package.Type is not (PackageType.Deb or PackageType.Rpm or PackageType.Apk or PackageType.Other)).GroupBy(static c => c.Package.Type))
        {
            if (!Lookup.Of(group.First().Package, distro).Any(l => covers(l.Ecosystem)))
                warnings.Add($"No feed speaks of {group.Key} packages: {group.Count()} were not looked up.");
            else if (group.Count(static c => !VersionOrder.Knows(c.Package.Type, c.Package.Version)) is > 0 and var unknown)
                warnings.Add($"Of {group.Key} packages {unknown} have no version that could be compared, and were not looked up.");
        }
        return warnings;
    }
}
