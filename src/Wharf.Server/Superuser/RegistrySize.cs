namespace Wharf.Server.Superuser;

/// <summary>How many bytes all blobs have together, each counted once.</summary>
/// <param name="CountedMs">When that was counted last; null for never.</param>
/// <param name="Queued">Whether it is to be counted again.</param>
internal sealed record RegistrySize(long Bytes, long? CountedMs, bool Queued, bool Running);
