namespace Wharf.Oci;

/// <summary>What a manifest says of other content (image-spec 1.1.1, descriptor.md).</summary>
/// <param name="MediaType">The type of the content; any, at most <see cref="MaxMediaTypeLength"/> characters.</param>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its length in bytes, never negative.</param>
/// <param name="ArtifactType">The type of the artifact, when the content is a manifest and the descriptor says.</param>
/// <param name="Platform">The platform as <c>os/architecture[/variant]</c>, when the descriptor says.</param>
/// <param name="HasUrls">Whether the descriptor names places outside the registry that hold the content.</param>
public sealed record Descriptor(string MediaType, Digest Digest, long Size, string? ArtifactType = null, string? Platform = null, bool HasUrls = false)
{
    /// <summary>RFC 6838, 4.2: 127 characters on each side of the slash.</summary>
    public const int MaxMediaTypeLength = 255;
}
