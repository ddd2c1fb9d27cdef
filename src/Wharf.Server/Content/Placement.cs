using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>Where the bytes of a blob are in one location.</summary>
/// <param name="State">present, or lost when they were found missing or damaged.</param>
/// <param name="Size">Of the blob, in bytes.</param>
internal readonly record struct Placement(Digest Digest, string Key, string State, long Size);
