using Wharf.Oci;
using Wharf.Scanner;
using Wharf.Scanner.Sboms;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Inventory = Wharf.Scanner.Indexing.Inventory;

namespace Wharf.Server.Security;

/// <summary>
/// SBOMs (CycloneDX, SPDX) that are attached to an image as referrers. What one lists is taken of the kinds of packages of which the image itself shows none; a place
/// then begins with the digest of the referrer, and the layer is the SBOM. What is known of an image is shown in all repositories that have it, so only referrers
/// count that each of them has: nobody can put anything into the report of another's image.
/// </summary>
internal sealed class AttachedSboms(Database db, RawContent content)
{
    private const long MaxSbom = 32 << 20;
    private const int MaxSboms = 16;
    private const int MaxReferrers = 256;

    /// <summary>The SBOMs among a referrer's layers.</summary>
    public static IEnumerable<Descriptor> Of(Manifest referrer) => referrer.Layers.Where(static l => IsSbom(l.MediaType));

    /// <summary>An image with what its SBOMs add.</summary>
    /// <param name="layers">Of the image; the SBOMs that add something come behind.</param>
    public async Task<Inventory> AddAsync(Digest image, Inventory inventory, List<Digest> layers, CancellationToken ct)
    {
        var shown = inventory.Components.Select(static c => c.Package.Type).ToHashSet();
        var (components, problems, count) = (inventory.Components.ToList(), inventory.Problems.ToList(), 0);
        var distro = inventory.Distro;
        foreach (var referrer in await ReferrersAsync(image, ct))
        {
            if (await content.ReadManifestAsync(referrer, ct) is not { } bytes || !Manifest.TryParse(bytes, out var manifest, out _))
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
                        Locations = c.Locations.Count == 0 ? [referrer.ToString()] : [.. c.Locations.Select(l => $"{referrer}!/{l}")],
                    }));
                    if (added.Count > 0)
                        layers.Add(sbom.Digest);
                }
                catch (InvalidDataException e)
                {
                    problems.Add($"{referrer}: {e.Message}");
                }
            }
        }
        return inventory with { Distro = distro, Components = components, Problems = problems };
    }

    private static bool IsSbom(string mediaType) => mediaType is "application/vnd.cyclonedx+json" or "application/vnd.cyclonedx+xml" or "application/vnd.cyclonedx" or "application/spdx+json" or "text/spdx" or "text/spdx+json";

    private ValueTask<List<Digest>> ReferrersAsync(Digest image, CancellationToken ct) => db.ListAsync("""
        SELECT r.digest FROM manifest_link i JOIN manifest_link r ON r.namespace_id = i.namespace_id AND r.repository_id = i.repository_id AND r.subject = i.digest AND r.deleted_ms IS NULL
         WHERE i.digest = @image AND i.deleted_ms IS NULL
         GROUP BY r.digest HAVING count(*) = (SELECT count(*) FROM manifest_link a WHERE a.digest = @image AND a.deleted_ms IS NULL)
         ORDER BY min(r.linked_ms), r.digest LIMIT @count
        """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct, ("image", image.ToArray()), ("count", MaxReferrers));

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
