using Wharf.Scanner.Feeds;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Matching;

/// <summary>All that a scan says.</summary>
/// <param name="Target">As it was asked for: <c>registry:NAME:TAG</c>, <c>dir:PATH</c>.</param>
/// <param name="Inventory">What is installed.</param>
/// <param name="Feeds">The state of each feed that was looked into.</param>
/// <param name="Result">What is vulnerable, and what is not although an advisory names it.</param>
public sealed record ScanReport(string Target, Inventory Inventory, IReadOnlyList<FeedInfo> Feeds, MatchResult Result);
