namespace Wharf.Scanner.Feeds;

/// <summary>Which state of which feed.</summary>
/// <param name="Name">As in the catalogue: debian, osv-PyPI, kev.</param>
/// <param name="Revision">12 hex digits that change exactly when what the feed says changes.</param>
/// <param name="Date">When the publisher last changed it, as far as is known.</param>
/// <param name="Licence">Of the data: an SPDX identifier or what the publisher says.</param>
/// <param name="Statements">How many rows it has.</param>
public sealed record FeedInfo(string Name, string Revision, DateTimeOffset Date, string Licence, long Statements);
