using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.ApiDocs;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Manifests;

/// <summary>What is in a manifest: as in Quay, and all else that a page about it shows.</summary>
internal static class ManifestsApi
{
    private const int MaxTags = 100;

    public static void MapManifests(this WebApplication app)
    {
        app.MapGet("/api/v1/repository/-/manifest/{manifestref}", Get).Requires(Permission.Pull).WithName("getRepoManifest")
            .Describe("Shows a manifest: its layers and how they were made, its config, its platforms, and what refers to it.",
                "By digest or by tag; looking counts as no pull. `layers` is null for an index, and `platforms` for an image. `config` is null where it is none of JSON, or `config_problem` says why it cannot be shown. " +
                "`referrers` has at most 200, three deep, and `tags` at most 100.")
            .Gives(ManifestsJson.Default.ShownManifest);
        CompareApi.Map(app);
    }

    private static async Task<IResult> Get(HttpContext http, string manifestref, ContentStore content, ManifestStore manifests, CancellationToken ct)
    {
        var access = http.Access();
        if (!access.Exists)
            return Problem.NotFound("There is no such repository.");
        if (await FindAsync(content, access, manifestref, ct) is not var (digest, entry, manifest) || await manifests.FindAsync(access, digest, ct) is not { } link)
            return NoSuchManifest;
        using var document = JsonDocument.Parse(entry.Bytes);
        var config = await ImageConfig.ReadAsync(content, access, manifest, ct);
        var platforms = manifest.IsIndex ? await PlatformsAsync(access, manifests, manifest, document.RootElement.GetProperty("manifests"), ct) : null;
        var layers = manifest.IsIndex ? null : ImageHistory.Layers(manifest, document.RootElement.GetProperty("layers"), ImageFacts.HasConfig(manifest) ? config.Content : null);
        var layersSize = manifest.IsIndex ? (long?)null : Sum(manifest.Layers.Select(static l => l.Size));
        var (referrers, more) = await manifests.ReferrersAsync(access, digest, ct);
        return TypedResults.Json(new ShownManifest(
            digest.ToString(), manifest.IsIndex, Encoding.UTF8.GetString(entry.Bytes), manifest.Config?.MediaType, layers, layersSize,
            manifest.MediaType, manifest.ArtifactType, manifest.Annotations, config.Content, config.Problem, platforms,
            platforms is null ? Sum(manifest.RequiredBlobs.Select(static b => b.Size)) : Sum(platforms.Select(static p => p.Size ?? 0)), await manifests.TagsAsync(access, digest, MaxTags, ct),
            manifest.Subject is { } subject ? new ManifestSubject(subject.Digest.ToString(), subject.MediaType, subject.Size, link.SubjectIsHere) : null,
            referrers, more, QuayDate.FormatIso(link.LinkedMs)!), ManifestsJson.Default.ShownManifest);
    }

    /// <summary>A manifest of the repository by its digest, or by a tag that names it now.</summary>
    internal static async ValueTask<(Digest Digest, ManifestEntry Entry, Manifest Manifest)?> FindAsync(ContentStore content, RepositoryAccess access, string text, CancellationToken ct)
    {
        if (!Reference.TryParse(text, out var reference))
            return null;
        var found = !reference.IsDigest ? await content.FindManifestAsync(access, reference.Tag, ct)
            : await content.FindManifestAsync(access, reference.Digest, ct) is { } entry ? (reference.Digest, entry) : null;
        return found is var (digest, read) && Manifest.TryParse(read.Bytes, read.MediaType, out var manifest, out _) ? (digest, read, manifest) : null;
    }

    private static async ValueTask<List<ManifestPlatform>> PlatformsAsync(RepositoryAccess access, ManifestStore manifests, Manifest index, JsonElement described, CancellationToken ct)
    {
        var present = await manifests.PresentAsync(access, index.Children.Select(static c => c.Digest), ct);
        return [.. index.Children.Select((child, i) =>
        {
            var platform = described[i].TryGetProperty("platform", out var p) ? p : default;
            var isHere = present.TryGetValue(child.Digest, out var size);
            return new ManifestPlatform(child.Digest.ToString(), child.MediaType, child.ArtifactType, ImageHistory.Text(platform, "os"), ImageHistory.Text(platform, "architecture"), ImageHistory.Text(platform, "variant"),
                ImageHistory.Text(platform, "os.version"), isHere ? size : null, isHere, ImageHistory.Annotations(described[i]));
        })];
    }

    // Descriptors say what they like: ten thousand of the largest numbers are no sum.
    internal static long Sum(IEnumerable<long> sizes)
    {
        var sum = 0L;
        foreach (var size in sizes)
            sum = size > long.MaxValue - sum ? long.MaxValue : sum + size;
        return sum;
    }

    private static Problem NoSuchManifest => Problem.NotFound("The repository has no such manifest, or not any more.");
}

/// <param name="ManifestData">The manifest as it was pushed.</param>
/// <param name="LayersCompressedSize">In bytes; null for an index.</param>
/// <param name="Size">Bytes of the blobs: config and layers, of an index those of all its images that are here.</param>
/// <param name="ReferrersTruncated">Whether there are more referrers than are shown.</param>
internal sealed record ShownManifest(
    string Digest, bool IsManifestList, string ManifestData, string? ConfigMediaType, IReadOnlyList<ManifestLayer>? Layers, long? LayersCompressedSize,
    string MediaType, string? ArtifactType, IReadOnlyDictionary<string, string> Annotations, JsonElement? Config, string? ConfigProblem, IReadOnlyList<ManifestPlatform>? Platforms,
    long Size, IReadOnlyList<string> Tags, ManifestSubject? Subject, IReadOnlyList<Referrer> Referrers, bool ReferrersTruncated, string Pushed);

/// <param name="IsRemote">Whether clients get it from elsewhere, at Urls.</param>
/// <param name="Command">What made it.</param>
/// <param name="IsEmpty">Whether the step changed no file; then the blob is one that every registry has.</param>
internal sealed record ManifestLayer(
    int Index, long CompressedSize, bool IsRemote, IReadOnlyList<string>? Urls, IReadOnlyList<string>? Command, string? Comment, string? Author, string BlobDigest, string? CreatedDatetime,
    string? MediaType, bool IsEmpty, IReadOnlyDictionary<string, string>? Annotations);

/// <param name="Size">Bytes of the blobs that it names; null when it is not here.</param>
/// <param name="Present">Whether the repository has it.</param>
internal sealed record ManifestPlatform(
    string Digest, string MediaType, string? ArtifactType, string? Os, string? Architecture, string? Variant, string? OsVersion, long? Size, bool Present,
    IReadOnlyDictionary<string, string>? Annotations);

internal sealed record ManifestSubject(string Digest, string MediaType, long Size, bool Present);

/// <param name="Size">Of the manifest, in bytes.</param>
/// <param name="Created">When it was made, as it says itself.</param>
/// <param name="Annotations">Null also where they are more than 16 KiB.</param>
/// <param name="Tag">The tag that says to what it refers, where nothing else does.</param>
/// <param name="Referrers">What refers to it in turn.</param>
internal sealed record Referrer(
    string Digest, string MediaType, string? ArtifactType, long Size, string? Created, string Pushed, IReadOnlyDictionary<string, string>? Annotations, string? Tag, List<Referrer> Referrers)
{
    [JsonIgnore]
    public Digest Id { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ShownManifest))]
internal sealed partial class ManifestsJson : JsonSerializerContext;
