using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>A time in which a tag named a manifest.</summary>
/// <param name="EndsMs">When it ended, or will by itself; null: not known.</param>
/// <param name="StartedBy">Whose doing the beginning was, where that is known.</param>
/// <param name="EndedBy">Whose doing the end was; null also where the tag expired.</param>
/// <param name="IsRestorable">Whether a tag can be pointed at the manifest again by this row's right.</param>
/// <param name="MediaType">The manifest's; null where it is gone.</param>
/// <param name="Size">Bytes of the blobs that the manifest names; null for an index and where it is gone.</param>
/// <param name="Children">How many manifests an index names; null for what is none.</param>
/// <param name="PresentChildren">How many of them are here.</param>
/// <param name="IsImmutable">Whether the tag cannot be changed; of one that has ended, whether it could not.</param>
internal sealed record TagSpan(
    string Name, Digest Digest, long StartedMs, long? EndsMs, bool IsReversion, string? StartedBy, string? EndedBy, bool IsRestorable,
    string? MediaType, long? Size, long? Children, long? PresentChildren, bool IsImmutable);
