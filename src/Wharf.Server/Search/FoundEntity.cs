using Wharf.Oci;

namespace Wharf.Server.Search;

/// <summary>A person, a robot, an organization or a team that a search found.</summary>
/// <param name="Kind">user, robot, organization or team.</param>
/// <param name="Organization">A team's.</param>
/// <param name="Member">Whether it belongs to the organization that was asked for.</param>
internal sealed record FoundEntity(string Name, string Kind, string? Organization = null, bool Member = false);

/// <summary>A repository that a search found.</summary>
internal sealed record FoundRepository(string Namespace, bool OfOrganization, string Name, string Description, bool Public, long Stars, long? LastPushMs);

/// <summary>A manifest that a search found, by a tag or by its digest.</summary>
/// <param name="Tag">A tag that names it; null where it was found by its digest.</param>
/// <param name="SinceMs">Since when the tag names it, or since when the repository has it.</param>
internal sealed record FoundManifest(string Namespace, bool OfOrganization, string Repository, string? Tag, Digest Digest, long SinceMs);
