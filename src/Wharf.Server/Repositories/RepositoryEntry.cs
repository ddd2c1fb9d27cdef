namespace Wharf.Server.Repositories;

/// <summary>A repository as lists show it.</summary>
/// <param name="LastPushMs">When a tag was last moved, where that was asked for.</param>
internal sealed record RepositoryEntry(long Id, string Namespace, string Name, string Description, bool Public, bool ReadOnly, bool Starred, long? LastPushMs);
