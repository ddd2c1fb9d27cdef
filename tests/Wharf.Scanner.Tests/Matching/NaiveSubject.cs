namespace Wharf.Scanner.Tests.Matching;

/// <summary>One package, all that the raw data says of it, and the versions at which that is asked.</summary>
/// <param name="Package">With any version.</param>
/// <param name="Records">All of its name: what they do not say must not be found.</param>
internal sealed record NaiveSubject(
    string Ecosystem, Package Package, Distro? Distro, IReadOnlyList<NaiveRecord> Records, IReadOnlyList<string> Versions, IReadOnlyList<string>? Repositories = null);
