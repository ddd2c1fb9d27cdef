namespace Wharf.Server.Organizations;

/// <summary>A team of an organization.</summary>
/// <param name="Role">admin, creator or member.</param>
internal sealed record Team(long Id, string Name, string Description, string Role);
