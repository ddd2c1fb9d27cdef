using Wharf.Scanner.Feeds;

namespace Wharf.Scanner.Matching;

/// <summary>Why somebody thinks so: a statement of a feed, and the comparison that applied it.</summary>
/// <param name="Feed">Its name in the catalogue.</param>
/// <param name="Revision">Which state of it.</param>
/// <param name="Advisory">The publisher's name of the advisory.</param>
/// <param name="Ecosystem">In whose order <paramref name="Version"/> was compared: <c>debian:12</c>.</param>
/// <param name="Name">What the statement names.</param>
/// <param name="Version">The version that was compared; the source package's where the feed names sources.</param>
/// <param name="Versions">What the statement says of versions: <c>&lt; 1.2.3-1</c>.</param>
/// <param name="Status">What follows from it.</param>
/// <param name="Note">The publisher's own words, when there are any.</param>
public sealed record Evidence(string Feed, string Revision, string Advisory, string Ecosystem, string Name, string Version, string Versions, Status Status, string? Note);
