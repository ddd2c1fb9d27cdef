namespace Wharf.Server.Content;

/// <summary>A manifest that a repository may serve: the bytes exactly as they were pushed.</summary>
internal sealed record ManifestEntry(string MediaType, byte[] Bytes);
