using Wharf.Oci;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Targets;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Inventory = Wharf.Scanner.Indexing.Inventory;

namespace Wharf.Server.Security;

/// <summary>
/// Scans one manifest: each layer that is not indexed yet is read once, the indexes are laid over one another, and the packages that no image had before are
/// matched. Layers on a known base cost what is new of them. An SBOM that comes later has its image scanned again.
/// </summary>
internal sealed class ImageScanner(RawContent content, FeedsInUse feeds, ScanStore store, AttachedSboms sboms, ScanQueue queue, SecurityOptions options)
{
    private const int MaxConfig = 4 << 20;
    private readonly IndexLimits _limits = new() { Bytes = options.LayerSize.Bytes, Time = options.LayerTime };
    // What is under many images: the last few chains of layers, laid over one another.
    private readonly Cache<Digest, Image> _chains = new(64, static _ => 1);

    public async Task ScanAsync(ScanTurn turn, CancellationToken ct)
    {
        if (turn.Attempt > options.Attempts)
        {
            await queue.EndAsync(turn, ScanState.Failed, "The process ended each time that it was scanned.", ct);
            return;
        }
        if (await content.ReadManifestAsync(turn.Manifest, ct) is not { } bytes)
        {
            await queue.ForgetAsync(turn.Manifest, ct);
            return;
        }
        if (WhyNot(bytes, out var manifest) is { } reason)
        {
            foreach (var image in manifest is null ? [] : await sboms.ImagesOfAsync(turn.Manifest, manifest, ct))
                await queue.AgainAsync(image, ct);
            await queue.EndAsync(turn, ScanState.Unsupported, reason, ct);
            return;
        }
        if (manifest!.Layers.FirstOrDefault(l => l.Size > options.LayerSize.Bytes) is { } large)
        {
            await queue.EndAsync(turn, ScanState.TooLarge, $"The layer {large.Digest} has {large.Size} bytes; at most {options.LayerSize} are read.", ct);
            return;
        }
        try
        {
            var image = await ReadAsync(manifest, ct);
            List<Digest> layers = [.. manifest.Layers.Select(static l => l.Digest)];
            var inventory = await sboms.AddAsync(turn.Manifest, await WithLabelsAsync(image.ToInventory(), manifest.Config!, ct), layers, ct);
            await store.SaveAsync(turn, layers, inventory, feeds, ct);
        }
        catch (LayerException e)
        {
            await queue.EndAsync(turn, ScanState.Failed, e.Message, ct);
        }
        catch (MissingLayerException e)
        {
            await queue.EndAsync(turn, ScanState.Queued, e.Message, ct);
        }
    }

    private static string? WhyNot(byte[] bytes, out Manifest? manifest)
    {
        if (!Manifest.TryParse(bytes, out manifest, out var problem))
            return $"It is no manifest that can be read: {problem}";
        if (manifest.IsIndex)
            return "An index has no layers; each of its images is scanned by itself.";
        if (manifest.Config?.MediaType is not (MediaTypes.OciConfig or MediaTypes.DockerConfig))
            return $"Not an image but {manifest.ArtifactType ?? manifest.Config?.MediaType ?? "something else"}.";
        if (manifest.Layers.Count == 0)
            return "It has no layers.";
        return manifest.Layers.FirstOrDefault(static l => !ImageReader.IsLayer(l.MediaType)) is { } other ? $"It has a layer that is no file system: {other.MediaType}." : null;
    }

    private async Task<Image> ReadAsync(Manifest manifest, CancellationToken ct)
    {
        var image = Image.Empty;
        var chain = default(Digest);
        foreach (var layer in manifest.Layers)
        {
            chain = Digest.Of([.. chain.Span, .. layer.Digest.Span]);
            if (_chains.TryGet(chain, out var known))
            {
                image = known;
                continue;
            }
            image = image.Add(await store.FindLayerAsync(layer.Digest, ct) ?? await IndexAsync(layer.Digest, ct));
            _chains.Add(chain, image, _chains.Epoch);
        }
        return image;
    }

    private async Task<LayerIndex> IndexAsync(Digest layer, CancellationToken ct)
    {
        await using var blob = await content.OpenBlobAsync(layer, ct) ?? throw new MissingLayerException($"The bytes of the layer {layer} are not there.");
        LayerIndex index;
        try
        {
            index = await LayerIndexer.IndexAsync(blob, _limits, ct);
        }
        catch (LayerException e)
        {
            throw new LayerException($"{layer}: {e.Message}", e);
        }
        await store.SaveLayerAsync(layer, index, ct);
        return index;
    }

    private async Task<Inventory> WithLabelsAsync(Inventory inventory, Descriptor config, CancellationToken ct)
    {
        if (config.Size > MaxConfig || await content.OpenBlobAsync(config.Digest, ct) is not { } blob)
            return inventory;
        await using (blob)
        {
            var bytes = new byte[config.Size];
            await blob.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
            return ImageReader.Labels(bytes) is { Count: > 0 } labelled ? inventory with { Repositories = [.. inventory.Repositories, .. labelled] } : inventory;
        }
    }

    private sealed class MissingLayerException(string message) : Exception(message);
}
