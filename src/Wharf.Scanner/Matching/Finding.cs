using Wharf.Scanner.Feeds;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Matching;

/// <summary>One vulnerability of one component: all advisories that mean the same one together.</summary>
public sealed record Finding
{
    /// <summary>The CVE where there is one, else the publisher's name.</summary>
    public required string Id { get; init; }

    /// <summary>All other names, those of updates that fix it among them.</summary>
    public IReadOnlyList<string> Aliases { get => field ??= NamesOf(Claims, Id); init; }

    public required Component Component { get; init; }

    /// <summary>What the most trusted feed says.</summary>
    public required Status Status { get; init; }

    public Severity Severity { get; init; }

    /// <summary>The first version with the fix; null when none is to be had.</summary>
    public string? FixedIn { get; init; }

    /// <summary>CVSS vectors, the newest version first.</summary>
    public IReadOnlyList<string> Cvss { get; init; } = [];

    public string? Summary { get; init; }

    public IReadOnlyList<string> Links { get; init; } = [];

    /// <summary>What is known of the CVE besides; null when nothing is.</summary>
    public Enrichment? Known { get; init; }

    /// <summary>Each statement that led here, the deciding one first.</summary>
    public IReadOnlyList<Evidence> Evidence { get => field ??= [.. Claims.Select(static c => c.Evidence)]; init; }

    /// <summary>What names and evidence are made of, when somebody asks: an up-to-date image has ten thousands of findings that are suppressed, and nobody does.</summary>
    internal IReadOnlyList<Claim> Claims { get; init; } = [];

    /// <summary>Why this is no finding but suppressed; null for a finding.</summary>
    public Reason? Reason { get; init; }

    /// <summary>The feed that decided.</summary>
    public string Feed => Claims is [var deciding, ..] ? deciding.Statement.Feed.Info.Name : Evidence[0].Feed;

    private static List<string> NamesOf(IReadOnlyList<Claim> claims, string id)
    {
        var isOpen = claims is [{ Status: not (Status.Fixed or Status.NotAffected) }, ..];
        var names = new List<string>(2);
        foreach (var claim in claims)
        {
            foreach (var name in claim.Ids)
                Add(name);
            // An update that is installed is no name of what is still open.
            if (!isOpen || claim.Status is not (Status.Fixed or Status.NotAffected) || claim.Statement.Advisory.Fixes.Count == 0)
                Add(claim.Statement.Advisory.Id);
        }
        return names;

        void Add(string name)
        {
            if (name != id && !names.Contains(name))
                names.Add(name);
        }
    }
}
