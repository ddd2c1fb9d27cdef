using Wharf.Scanner.Feeds;
using Wharf.Scanner.Feeds.Revisions;

namespace Wharf.Scanner.Matching;

/// <summary>What a statement means for one component and one vulnerability.</summary>
/// <param name="Ids">The names of the vulnerability.</param>
internal sealed record Claim(Statement Statement, Lookup Lookup, Status Status, VersionRange? Range, IReadOnlyList<string> Ids)
{
    /// <summary>Lower is more: what the image can have before what it cannot, then as the catalogue ranks feeds.</summary>
    public int Trust { get; } = (Lookup.Unreachable ? 1 << 16 : 0) + Statement.Feed.Rank;

    public Evidence Evidence => new(
        Statement.Feed.Info.Name,
        Statement.Feed.Info.Revision,
        Statement.Advisory.Id,
        Lookup.Ecosystem,
        Lookup.Name,
        Lookup.Version,
        Range?.ToString() ?? $"= {Lookup.Version}",
        Status,
        Lookup.Unreachable && Range?.Fixed is { } other ? $"Fixed in {other}, of a repository that the image has not." : Statement.Affected.Note);
}
