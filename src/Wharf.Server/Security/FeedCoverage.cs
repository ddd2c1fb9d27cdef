using Wharf.Scanner;
using Wharf.Scanner.Feeds;
using Wharf.Scanner.Matching;

namespace Wharf.Server.Security;

/// <summary>What the feeds speak of. Of anything else it means nothing that there are no findings.</summary>
internal sealed class FeedCoverage(HashSet<string> ecosystems)
{
    public bool Has(string ecosystem) => ecosystems.Contains(ecosystem);

    /// <summary>Whether any feed speaks of the distribution of an image, or of anything where it has none.</summary>
    public bool Has(Distro? distro) => distro is null ? ecosystems.Any(static e => e != Ecosystem.Cve) : Lookup.EcosystemsOf(distro).Any(ecosystems.Contains);
}
