using Wharf.Oci;

namespace Wharf.Server.Repositories;

/// <summary>What is shown of one repository.</summary>
/// <param name="TagExpirationS">How long its namespace keeps what was deleted, in seconds.</param>
internal sealed record RepositoryDetails(string Description, bool Public, bool ReadOnly, bool OfOrganization, long TagExpirationS, bool Starred);

/// <param name="Size">The bytes of the blobs that its manifest names; null for an index, which names none.</param>
internal sealed record RepositoryTag(string Name, Digest Digest, long StartedMs, long? ExpiresMs, long? Size);

/// <param name="UntilMs">When it can no longer be restored.</param>
internal sealed record DeletedRepository(string Name, long DeletedMs, long UntilMs, string? DeletedBy);
