namespace Wharf.Server.Audit;

/// <summary>A rotated day in the blob storage.</summary>
/// <param name="Digest">SHA-256 of the file.</param>
internal sealed record AuditSegment(int Day, string StorageKey, byte[] Digest, long Size, long Entries);
