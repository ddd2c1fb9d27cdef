namespace Wharf.Scanner.Tests.Matching;

/// <summary>An advisory as the raw data has it, read in the plainest way.</summary>
/// <param name="Names">Its own and all that mean the same or that it fixes.</param>
/// <param name="Affects">Whether a version is meant.</param>
internal sealed record NaiveRecord(string Id, IReadOnlyList<string> Names, Func<string, bool> Affects);
