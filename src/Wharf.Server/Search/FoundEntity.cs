namespace Wharf.Server.Search;

/// <summary>A person, a robot, an organization or a team that a search found.</summary>
/// <param name="Kind">user, robot, organization or team.</param>
/// <param name="Organization">A team's.</param>
/// <param name="Member">Whether it belongs to the organization that was asked for.</param>
internal sealed record FoundEntity(string Name, string Kind, string? Organization = null, bool Member = false);

/// <summary>A repository that a search found.</summary>
internal sealed record FoundRepository(string Namespace, bool OfOrganization, string Name, string Description, bool Public, long Stars, long? LastPushMs);
