namespace Wharf.Server.Content;

/// <summary>A manifest that a repository may serve: the bytes exactly as they were pushed.</summary>
/// <param name="ReadAt">When the repository was last seen to keep it (<see cref="TimeProvider.GetTimestamp"/>).</param>
internal sealed record ManifestEntry(string MediaType, byte[] Bytes, long ReadAt);
