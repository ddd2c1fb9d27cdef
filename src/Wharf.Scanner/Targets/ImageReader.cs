using System.Text.Json;
using Wharf.Oci;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Targets;

/// <summary>What is installed in an image: its manifest found by platform, each layer indexed as it streams by, all laid over one another.</summary>
public static class ImageReader
{
    private const int MaxConfig = 4 << 20;
    private const int MaxNesting = 4;

    /// <param name="top">The digest of a manifest or of an index, of which the child of the platform is taken.</param>
    /// <param name="progress">Hears which layer is read.</param>
    /// <exception cref="TargetException"/>
    /// <exception cref="LayerException">A layer is no layer, or meets a limit.</exception>
    public static async Task<Inventory> ReadAsync(IBlobSource source, Digest top, Platform platform, IndexLimits limits, Action<string>? progress, CancellationToken ct)
    {
        var manifest = await FindManifestAsync(source, top, platform, ct);
        var image = Image.Empty;
        var n = 0;
        foreach (var layer in manifest.Layers)
        {
            progress?.Invoke($"Reading layer {++n} of {manifest.Layers.Count} ({layer.Size / 1e6:0.0} MB)");
            if (!IsLayer(layer.MediaType))
                throw new TargetException($"{top} is no image: it has a {layer.MediaType}.");
            image = image.Add(await IndexAsync(source, layer, limits, ct));
        }
        var inventory = image.ToInventory();
        return manifest.Config is { } config && Labels(await ReadBlobAsync(source, config, ct)) is { Count: > 0 } labelled
            ? inventory with { Repositories = [.. inventory.Repositories, .. labelled] }
            : inventory;
    }

    /// <summary>Whether a manifest's layer can be one of a file system.</summary>
    public static bool IsLayer(string? mediaType) => mediaType is MediaTypes.OciLayer or MediaTypes.OciLayerGzip or MediaTypes.OciLayerZstd or MediaTypes.DockerLayerGzip
        or "application/vnd.docker.image.rootfs.diff.tar" or "application/vnd.docker.image.rootfs.diff.tar.zstd";

    /// <summary>CPEs that an image's configuration has in its labels, as Red Hat's build system sets them.</summary>
    public static IReadOnlyList<string> Labels(ReadOnlyMemory<byte> config)
    {
        try
        {
            using var document = JsonDocument.Parse(config, new JsonDocumentOptions { MaxDepth = 64 });
            return document.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("config", out var container) && container.ValueKind == JsonValueKind.Object
                && container.TryGetProperty("Labels", out var labels) && labels.ValueKind == JsonValueKind.Object
                && labels.TryGetProperty("cpe", out var cpe) && cpe.ValueKind == JsonValueKind.String && cpe.GetString() is { Length: <= 200 } value && value.StartsWith("cpe:/", StringComparison.Ordinal)
                ? [value]
                : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static async Task<Manifest> FindManifestAsync(IBlobSource source, Digest digest, Platform platform, CancellationToken ct)
    {
        for (var depth = 0; depth < MaxNesting; depth++)
        {
            var bytes = await source.ReadManifestAsync(digest, ct);
            if (!Manifest.TryParse(bytes, out var manifest, out var problem))
                throw new TargetException($"{digest} is no manifest: {problem}");
            if (!manifest.IsIndex)
                return manifest;
            digest = Choose(bytes, platform) ?? throw new TargetException($"{digest} has no image for {platform}; it has {string.Join(", ", Platforms(bytes))}. Choose one with --platform.");
        }
        throw new TargetException($"Indexes are nested deeper than {MaxNesting} here.");
    }

    private static Digest? Choose(byte[] index, Platform platform)
    {
        using var document = JsonDocument.Parse(index, new JsonDocumentOptions { MaxDepth = Manifest.MaxDepth });
        Digest? alone = null;
        var count = 0;
        foreach (var child in document.RootElement.GetProperty("manifests").EnumerateArray())
        {
            if (!Digest.TryParse(child.GetProperty("digest").GetString(), out var digest))
                continue;
            var of = Platform.Of(child);
            if (platform.Is(of))
                return digest;
            if (of is null)
                (alone, count) = (digest, count + 1);
        }
        return count == 1 ? alone : null;
    }

    private static IEnumerable<string> Platforms(byte[] index)
    {
        using var document = JsonDocument.Parse(index, new JsonDocumentOptions { MaxDepth = Manifest.MaxDepth });
        return [.. document.RootElement.GetProperty("manifests").EnumerateArray()
            .Select(static c => Platform.Of(c)?.ToString())
            .OfType<string>()
            .Where(static p => p != "unknown/unknown")
            .Distinct()];
    }

    private static async Task<LayerIndex> IndexAsync(IBlobSource source, Descriptor layer, IndexLimits limits, CancellationToken ct)
    {
        await using var blob = new HashingStream(await source.OpenBlobAsync(layer.Digest, ct), layer.Digest.Algorithm);
        LayerIndex index;
        try
        {
            index = await LayerIndexer.IndexAsync(blob, limits, ct);
        }
        catch (LayerException e)
        {
            throw new LayerException($"{layer.Digest}: {e.Message}", e);
        }
        await blob.CopyToAsync(Stream.Null, ct);
        if (blob.Digest() != layer.Digest)
            throw new TargetException($"What was read as {layer.Digest} has another digest.");
        return index;
    }

    private static async Task<byte[]> ReadBlobAsync(IBlobSource source, Descriptor descriptor, CancellationToken ct)
    {
        await using var blob = new BoundedStream(await source.OpenBlobAsync(descriptor.Digest, ct), MaxConfig);
        using var memory = new MemoryStream();
        try
        {
            await blob.CopyToAsync(memory, ct);
        }
        catch (InvalidDataException e)
        {
            throw new TargetException($"The configuration {descriptor.Digest} is larger than {MaxConfig >> 20} MiB.", e);
        }
        return Oci.Digest.Of(memory.GetBuffer().AsSpan(0, (int)memory.Length), descriptor.Digest.Algorithm) == descriptor.Digest
            ? memory.ToArray()
            : throw new TargetException($"What was read as {descriptor.Digest} has another digest.");
    }
}
