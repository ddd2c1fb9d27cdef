namespace Wharf.Server.Content;

/// <summary>A blob that a repository may serve: its size in bytes and where its bytes are.</summary>
internal sealed record BlobEntry(long Size, string StorageKey);
