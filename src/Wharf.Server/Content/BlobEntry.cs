namespace Wharf.Server.Content;

/// <summary>A blob that a repository may serve: its size in bytes and where its bytes are.</summary>
/// <param name="ReadAt">When the repository was last seen to keep it (<see cref="TimeProvider.GetTimestamp"/>).</param>
internal sealed record BlobEntry(long Size, Location Location, string StorageKey, long ReadAt)
{
    /// <summary>At most so many bytes from an offset on; null when the object is not there.</summary>
    public Task<Stream?> OpenAsync(long offset, long length, CancellationToken ct) => Location.Driver.OpenAsync(StorageKey, offset, length, ct);
}
