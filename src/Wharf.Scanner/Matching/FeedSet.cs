using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Matching;

/// <summary>The revisions of all feeds that one match looks into, in the order in which the catalogue trusts them. Owns them.</summary>
public sealed class FeedSet : IDisposable
{
    private readonly Dictionary<string, List<FeedRevision>> _byEcosystem = new(StringComparer.Ordinal);

    public FeedSet(IEnumerable<FeedRevision> revisions)
    {
        Revisions = [.. revisions.OrderBy(static r => r.Rank)];
        foreach (var revision in Revisions)
        {
            foreach (var ecosystem in revision.Ecosystems)
            {
                if (!_byEcosystem.TryGetValue(ecosystem, out var list))
                    _byEcosystem.Add(ecosystem, list = []);
                list.Add(revision);
            }
        }
    }

    public IReadOnlyList<FeedRevision> Revisions { get; }

    /// <summary>Whether any feed speaks of the ecosystem: if none does, silence means nothing.</summary>
    public bool Covers(string ecosystem) => _byEcosystem.ContainsKey(ecosystem);

    public IEnumerable<Statement> Find(string ecosystem, string name)
    {
        if (!_byEcosystem.TryGetValue(ecosystem, out var revisions))
            yield break;
        foreach (var revision in revisions)
        {
            foreach (var statement in revision.Find(ecosystem, name))
                yield return statement;
        }
    }

    /// <summary>What all feeds together add to a CVE; null when none does.</summary>
    public Enrichment? Enrich(string cve)
    {
        Enrichment? known = null;
        if (!_byEcosystem.TryGetValue(Ecosystem.Cve, out var revisions))
            return null;
        foreach (var revision in revisions)
        {
            if (revision.FindEnrichment(cve) is not { } more)
                continue;
            known = known is null
                ? more
                : known with { Exploited = known.Exploited ?? more.Exploited, Epss = known.Epss ?? more.Epss, EpssPercentile = known.EpssPercentile ?? more.EpssPercentile };
        }
        return known;
    }

    public void Dispose()
    {
        foreach (var revision in Revisions)
            revision.Dispose();
    }
}
