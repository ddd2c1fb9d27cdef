namespace Wharf.Server.Content;

/// <summary>A blob that a repository may serve: its size in bytes and where its bytes are.</summary>
/// <param name="ReadAt">When the repository was last seen to keep it (<see cref="TimeProvider.GetTimestamp"/>).</param>
internal sealed record BlobEntry(long Size, string StorageKey, long ReadAt);
