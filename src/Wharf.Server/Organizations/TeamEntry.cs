namespace Wharf.Server.Organizations;

/// <summary>A team in the list of its organization.</summary>
/// <param name="Mine">Whether who asks is in it.</param>
internal sealed record TeamEntry(Team Team, long Members, long Repositories, bool Mine);
