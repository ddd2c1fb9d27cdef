using Wharf.Scanner;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Matching;

namespace Wharf.Server.Security;

/// <summary>What the feeds speak of. Of anything else it means nothing that there are no findings.</summary>
/// <param name="feeds">The ecosystems of each.</param>
internal sealed class FeedCoverage(IEnumerable<IReadOnlyList<string>> feeds)
{
    private readonly HashSet<string> _ecosystems = [.. feeds.SelectMany(static f => f)];

    public bool Has(string ecosystem) => _ecosystems.Contains(ecosystem);

    /// <summary>Whether any feed speaks of the distribution of an image, or of anything where it has none.</summary>
    public bool Has(Distro? distro) => distro is null ? _ecosystems.Any(static e => e != Ecosystem.Cve) : Lookup.EcosystemsOf(distro).Any(Has);
}
