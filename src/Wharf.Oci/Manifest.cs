using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Wharf.Oci;

/// <summary>
/// An image manifest or an index, of OCI (image-spec 1.1.1) or of Docker's schema 2. Parsed strictly where two readers could disagree on what is in it,
/// and leniently elsewhere: unknown fields and any media or artifact type pass.
/// </summary>
public sealed class Manifest
{
    /// <summary>Most descriptors in one manifest: layers or children.</summary>
    public const int MaxDescriptors = 10_000;

    /// <summary>Deepest nesting of JSON, unknown fields included.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal Manifest()
    {
    }

    /// <summary>The bytes as pushed; what the digest is of.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>One of the types of <see cref="MediaTypes.IsManifest"/>.</summary>
    public required string MediaType { get; init; }

    /// <summary>Whether it lists manifests.</summary>
    public bool IsIndex => MediaTypes.IsIndex(MediaType);

    /// <summary>The artifact type by the rule of the referrers API: its own, else the type of an image manifest's config, else null.</summary>
    public required string? ArtifactType { get; init; }

    /// <summary>The manifest that this one refers to, which may not be here.</summary>
    public required Descriptor? Subject { get; init; }

    /// <summary>The config of an image manifest; null for an index.</summary>
    public required Descriptor? Config { get; init; }

    /// <summary>The layers of an image manifest, bottom first; empty for an index.</summary>
    public required IReadOnlyList<Descriptor> Layers { get; init; }

    /// <summary>The manifests of an index; empty for an image manifest.</summary>
    public required IReadOnlyList<Descriptor> Children { get; init; }

    /// <summary>What an index has images for, such as linux/arm64. Attestations stand beside them for the platform unknown/unknown, which is none (BuildKit, "Image attestation storage").</summary>
    public IEnumerable<string> Platforms => Children.Select(static c => c.Platform).OfType<string>().Where(static p => p != "unknown/unknown").Distinct(StringComparer.Ordinal);

    /// <summary>The annotations, empty when there are none.</summary>
    public required IReadOnlyDictionary<string, string> Annotations { get; init; }

    /// <summary>The blobs that must be in the repository before this manifest is taken: config and layers, without layers that live elsewhere.</summary>
    public IEnumerable<Descriptor> RequiredBlobs =>
        (Config is null ? [] : Enumerable.Repeat(Config, 1)).Concat(Layers.Where(static layer => !MediaTypes.IsForeignLayer(layer.MediaType)));

    /// <summary>Parses a manifest as pushed.</summary>
    /// <param name="bytes">The body. Kept, not copied: the caller must not change it.</param>
    /// <param name="contentType">The Content-Type header, or null when there was none; its parameters are ignored.</param>
    /// <param name="manifest">The manifest, unless refused.</param>
    /// <param name="kind">Why it was refused.</param>
    /// <param name="problem">What is wrong and what would be right, for the person who pushes.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, string? contentType,
        [NotNullWhen(true)] out Manifest? manifest, out ManifestProblem kind, [NotNullWhen(false)] out string? problem)
    {
        var reader = new ManifestReader(bytes);
        manifest = reader.Read(contentType);
        kind = reader.Kind;
        problem = reader.Problem;
        return manifest is not null;
    }

    /// <inheritdoc cref="TryParse(ReadOnlyMemory{byte}, string, out Manifest, out ManifestProblem, out string)"/>
    public static bool TryParse(
        ReadOnlyMemory<byte> bytes, string? contentType, [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? problem) =>
        TryParse(bytes, contentType, out manifest, out _, out problem);

    /// <summary>
    /// Reads a manifest of which only the bytes are known. One that does not say its media type is OCI's, whose specification lets it
    /// be left out (image-spec, "Image Manifest Property Descriptions"): an image or an index, as what it has tells.
    /// </summary>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Manifest? manifest, [NotNullWhen(false)] out string? problem)
    {
        if (TryParse(bytes, null, out manifest, out problem))
            return true;
        if (!TryParse(bytes, MediaTypes.OciManifest, out manifest, out _) && !TryParse(bytes, MediaTypes.OciIndex, out manifest, out _))
            return false;
        problem = null;
        return true;
    }

    /// <summary>The descriptor of this manifest for a referrers listing (distribution-spec 1.1.1, "Listing Referrers"), as UTF-8 JSON.</summary>
    public byte[] ReferrerDescriptor(Digest digest, long size)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("mediaType", MediaType);
            json.WriteString("digest", digest.ToString());
            json.WriteNumber("size", size);
            if (Annotations.Count > 0)
            {
                json.WriteStartObject("annotations");
                foreach (var (key, value) in Annotations) json.WriteString(key, value);
                json.WriteEndObject();
            }
            if (ArtifactType is not null) json.WriteString("artifactType", ArtifactType);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
