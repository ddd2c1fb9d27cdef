using System.Text.Json;
using Wharf.Oci;
using Wharf.Scanner;
using Wharf.Scanner.Sboms;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Inventory = Wharf.Scanner.Indexing.Inventory;

namespace Wharf.Server.Security;

/// <summary>
/// SBOMs (CycloneDX, SPDX) that are attached to an image: by referrers, by the attestations that BuildKit puts beside it into an index, and by the tags that cosign
/// names after its digest. What one lists is taken of the kinds of packages of which the image itself shows none; a place then begins with the digest of the
/// attached manifest, and the layer is the SBOM. What is known of an image is shown in all repositories that have it, so only that counts which each of them has:
/// nobody can put anything into the report of another's image.
/// </summary>
internal sealed class AttachedSboms(Database db, RawContent content)
{
    private const long MaxSbom = 32 << 20;
    private const int MaxSboms = 16;
    private const int MaxAttached = 256;
    private const int MaxIndexes = 16;

    // Statements about an image: SBOMs where their predicate is one (in-toto Attestation Framework; DSSE; sigstore's bundle).
    private static readonly string[] s_statements = ["application/vnd.in-toto+json", "application/vnd.dsse.envelope.v1+json", "application/vnd.dev.sigstore.bundle.v0.3+json"];

    /// <summary>The SBOMs among the layers of what is attached.</summary>
    public static IReadOnlyList<Descriptor> Of(Manifest attached)
    {
        if (!attached.Layers.Any(static l => IsSbom(l.MediaType) || s_statements.Contains(l.MediaType)))
            return [];
        using var document = JsonDocument.Parse(attached.Bytes);
        var layers = document.RootElement.GetProperty("layers");
        return [.. attached.Layers.Where((l, i) => IsSbom(l.MediaType) || (s_statements.Contains(l.MediaType) && IsSbomPredicate(PredicateType(attached, layers[i]))))];
    }

    /// <summary>The images that may have more packages since a manifest is here that is none itself.</summary>
    public async ValueTask<IReadOnlyList<Digest>> ImagesOfAsync(Digest digest, Manifest manifest, CancellationToken ct)
    {
        if (manifest.IsIndex)
            return [.. Attestations(manifest.Bytes).Select(static a => a.Image).Distinct()];
        if (Of(manifest).Count == 0)
            return [];
        if (manifest.Subject is { } subject)
            return [subject.Digest];
        var names = await db.ListAsync("""
            SELECT DISTINCT t.name FROM manifest_link l JOIN tag t ON t.namespace_id = l.namespace_id AND t.repository_id = l.repository_id AND t.digest = l.digest AND t.ended_ms IS NULL
             WHERE l.digest = @digest AND l.deleted_ms IS NULL AND t.name >= 'sha' AND t.name < 'shb' LIMIT @count
            """, static r => r.GetString(0), ct, ("digest", digest.ToArray()), ("count", MaxAttached));
        var images = new HashSet<Digest>();
        foreach (var name in names)
            if (name.LastIndexOf('.') is > 0 and var dot && name[dot..] is ".sbom" or ".att" && Digest.TryParse(name[..dot].Replace('-', ':'), out var image))
                images.Add(image);
        return [.. images];
    }

    /// <summary>An image with what its SBOMs add.</summary>
    /// <param name="layers">Of the image; the SBOMs that add something come behind.</param>
    public async Task<Inventory> AddAsync(Digest image, Inventory inventory, List<Digest> layers, CancellationToken ct)
    {
        var shown = inventory.Components.Select(static c => c.Package.Type).ToHashSet();
        var (components, problems, count) = (inventory.Components.ToList(), inventory.Problems.ToList(), 0);
        var distro = inventory.Distro;
        foreach (var attached in await AttachedAsync(image, ct))
        {
            if (await content.ReadManifestAsync(attached, ct) is not { } bytes || !Manifest.TryParse(bytes, out var manifest, out _))
                continue;
            foreach (var sbom in Of(manifest))
            {
                if (count++ == MaxSboms)
                {
                    problems.Add($"More than {MaxSboms} SBOMs are attached; the others are not read.");
                    return inventory with { Distro = distro, Components = components, Problems = problems };
                }
                try
                {
                    var listed = await ReadAsync(sbom, ct);
                    distro ??= listed.Distro;
                    var added = listed.Components.Where(c => c.Package.Type != PackageType.Other && !shown.Contains(c.Package.Type)).ToList();
                    components.AddRange(added.Select(c => c with
                    {
                        Layer = layers.Count,
                        Distro = c.Distro ?? listed.Distro,
                        Locations = c.Locations.Count == 0 ? [attached.ToString()] : [.. c.Locations.Select(l => $"{attached}!/{l}")],
                    }));
                    if (added.Count > 0)
                        layers.Add(sbom.Digest);
                }
                catch (InvalidDataException e)
                {
                    problems.Add($"{attached}: {e.Message}");
                }
            }
        }
        return inventory with { Distro = distro, Components = components, Problems = problems };
    }

    private static bool IsSbom(string mediaType) => mediaType is "application/vnd.cyclonedx+json" or "application/vnd.cyclonedx+xml" or "application/vnd.cyclonedx" or "application/spdx+json" or "text/spdx" or "text/spdx+json";

    private static bool IsSbomPredicate(string? type) =>
        type is not null && (type.StartsWith("https://spdx.dev/Document", StringComparison.Ordinal) || type.StartsWith("https://cyclonedx.org/bom", StringComparison.Ordinal));

    // BuildKit and cosign say it beside each layer, cosign's bundles beside the manifest.
    private static string? PredicateType(Manifest attached, JsonElement layer) =>
        Annotation(layer, "in-toto.io/predicate-type") ?? Annotation(layer, "predicateType") ?? attached.Annotations.GetValueOrDefault("dev.sigstore.bundle.predicateType");

    private static string? Annotation(JsonElement descriptor, string name) =>
        descriptor.TryGetProperty("annotations", out var all) && all.ValueKind == JsonValueKind.Object && all.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>What an index says to be attestations of its images (BuildKit, "Image attestation storage").</summary>
    private static List<(Digest Image, Digest Attestation)> Attestations(ReadOnlyMemory<byte> index)
    {
        using var document = JsonDocument.Parse(index);
        var attestations = new List<(Digest, Digest)>();
        foreach (var child in document.RootElement.GetProperty("manifests").EnumerateArray())
            if (Annotation(child, "vnd.docker.reference.type") == "attestation-manifest" && Annotation(child, "vnd.docker.reference.digest") is { } of && Digest.TryParse(of, out var image))
                attestations.Add((image, Digest.Parse(child.GetProperty("digest").GetString()!)));
        return attestations;
    }

    /// <summary>What is attached to the image in each repository that has it, the oldest first.</summary>
    private async ValueTask<List<Digest>> AttachedAsync(Digest image, CancellationToken ct)
    {
        const string Everywhere = "HAVING count(*) = (SELECT count(*) FROM manifest_link a WHERE a.digest = @image AND a.deleted_ms IS NULL)";
        var attestations = new HashSet<Digest>();
        foreach (var index in await db.ListAsync($"""
            SELECT l.digest FROM manifest_link i JOIN manifest_ref x ON x.namespace_id = i.namespace_id AND x.repository_id = i.repository_id AND x.digest = i.digest AND x.kind = 'child'
              JOIN manifest_link l ON l.namespace_id = x.namespace_id AND l.repository_id = x.repository_id AND l.digest = x.manifest AND l.deleted_ms IS NULL
             WHERE i.digest = @image AND i.deleted_ms IS NULL
             GROUP BY l.digest {Everywhere} ORDER BY max(l.linked_ms) DESC, l.digest LIMIT @count
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct, ("image", image.ToArray()), ("count", MaxIndexes)))
            if (await content.ReadManifestAsync(index, ct) is { } bytes && Manifest.TryParse(bytes, out var manifest, out _) && manifest.IsIndex)
                attestations.UnionWith(Attestations(bytes).Where(a => a.Image == image).Select(static a => a.Attestation));
        var tag = image.ToString().Replace(':', '-');
        return await db.ListAsync($"""
            SELECT c.digest FROM (
                SELECT r.digest, r.repository_id, r.linked_ms FROM manifest_link i JOIN manifest_link r ON r.namespace_id = i.namespace_id AND r.repository_id = i.repository_id AND r.subject = i.digest AND r.deleted_ms IS NULL
                 WHERE i.digest = @image AND i.deleted_ms IS NULL
                UNION
                SELECT r.digest, r.repository_id, r.linked_ms FROM manifest_link i JOIN manifest_link r ON r.namespace_id = i.namespace_id AND r.repository_id = i.repository_id AND r.digest {db.AmongBytes("attestations")} AND r.deleted_ms IS NULL
                 WHERE i.digest = @image AND i.deleted_ms IS NULL
                UNION
                SELECT r.digest, r.repository_id, r.linked_ms FROM manifest_link i JOIN tag t ON t.namespace_id = i.namespace_id AND t.repository_id = i.repository_id AND t.name {db.Among("tags")} AND t.ended_ms IS NULL
                  JOIN manifest_link r ON r.namespace_id = t.namespace_id AND r.repository_id = t.repository_id AND r.digest = t.digest AND r.deleted_ms IS NULL
                 WHERE i.digest = @image AND i.deleted_ms IS NULL) c
             GROUP BY c.digest {Everywhere} ORDER BY min(c.linked_ms), c.digest LIMIT @count
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct,
            ("image", image.ToArray()), ("count", MaxAttached), ("attestations", attestations.Select(static a => a.ToArray()).ToArray()), ("tags", new[] { tag + ".sbom", tag + ".att" }));
    }

    /// <exception cref="InvalidDataException">It is no SBOM, or too large.</exception>
    private async Task<Inventory> ReadAsync(Descriptor sbom, CancellationToken ct)
    {
        if (sbom.Size > MaxSbom)
            throw new InvalidDataException($"The SBOM has {sbom.Size} bytes; at most {MaxSbom} are read.");
        await using var blob = await content.OpenBlobAsync(sbom.Digest, ct) ?? throw new InvalidDataException($"The bytes of the SBOM {sbom.Digest} are not there.");
        var bytes = new byte[sbom.Size];
        await blob.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
        return SbomReader.Read(new MemoryStream(bytes));
    }
}
