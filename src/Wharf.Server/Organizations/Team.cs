namespace Wharf.Server.Organizations;

/// <param name="Role">member, creator or admin.</param>
/// <param name="Mine">Whether who asks is in it.</param>
internal sealed record Team(long Id, string Name, string Role, string Description, long Members, long Repositories, bool Mine);
