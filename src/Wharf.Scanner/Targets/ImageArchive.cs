using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Wharf.Scanner.Indexing;

namespace Wharf.Scanner.Targets;

/// <summary>
/// A tar of an image: what <c>docker save</c> and <c>skopeo copy docker-archive:</c> write, or of an OCI layout, plain or with gzip. A plain one is jumped
/// through; a compressed one is read again for each layer, and nothing is written to disk.
/// </summary>
public sealed class ImageArchive(string file)
{
    private const int MaxEntries = 100_000;
    private const int MaxJson = 4 << 20;

    /// <exception cref="TargetException"/>
    /// <exception cref="LayerException"/>
    public async Task<Inventory> ReadAsync(string? tag, Platform platform, IndexLimits limits, Action<string>? progress, CancellationToken ct)
    {
        try
        {
            if (Open("index.json") is { } index)
            {
                await index.DisposeAsync();
                var layout = new OciLayout(Open);
                return await ImageReader.ReadAsync(layout, layout.Top(tag, platform), platform, limits, progress, ct);
            }
            return await ReadSavedAsync(tag, limits, progress, ct);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or KeyNotFoundException or InvalidOperationException or IOException and not FileNotFoundException)
        {
            throw new TargetException($"{file} is no tar of an image: {e.Message}", e);
        }
    }

    // https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format
    private async Task<Inventory> ReadSavedAsync(string? tag, IndexLimits limits, Action<string>? progress, CancellationToken ct)
    {
        using var document = Json("manifest.json");
        var images = document.RootElement.EnumerateArray()
            .Where(i => tag is null || i.TryGetProperty("RepoTags", out var tags) && tags.ValueKind == JsonValueKind.Array
                && tags.EnumerateArray().Any(t => t.GetString() is { } name && (name == tag || name.EndsWith(":" + tag, StringComparison.Ordinal))))
            .ToList();
        if (images is not [var image])
            throw new TargetException(images.Count == 0 ? $"{file} has no {tag ?? "image"}." : $"{file} has several images: add :TAG of one of them.");
        var layers = image.GetProperty("Layers").EnumerateArray().Select(PathIn).ToList();
        var over = Image.Empty;
        for (var i = 0; i < layers.Count; i++)
        {
            progress?.Invoke($"Reading layer {i + 1} of {layers.Count}");
            await using var layer = Open(layers[i]) ?? throw new TargetException($"{file} has no {layers[i]}.");
            over = over.Add(await LayerIndexer.IndexAsync(layer, limits, ct));
        }
        var inventory = over.ToInventory();
        await using var config = Open(PathIn(image.GetProperty("Config"))) ?? throw new TargetException($"{file} has no configuration.");
        using var bounded = new BoundedStream(config, MaxJson);
        using var memory = new MemoryStream();
        await bounded.CopyToAsync(memory, ct);
        return inventory with { Repositories = [.. inventory.Repositories, .. ImageReader.Labels(memory.ToArray())] };
    }

    private static string PathIn(JsonElement element) => element.GetString() ?? throw new InvalidDataException("manifest.json has a null for a path");

    private JsonDocument Json(string path)
    {
        using var stream = Open(path) ?? throw new TargetException($"{file} has neither index.json nor manifest.json: it is no tar of an image.");
        using var bounded = new BoundedStream(stream, MaxJson);
        try
        {
            return JsonDocument.Parse(bounded);
        }
        catch (JsonException e)
        {
            throw new TargetException($"{path} in {file} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>An entry of the tar; links lead to another entry, as docker writes layers that it has twice.</summary>
    private EntryStream? Open(string path)
    {
        for (var links = 0; links < 4; links++)
        {
            var tar = new TarReader(Content());
            var count = 0;
            string? target = null;
            while (tar.GetNextEntry() is { } entry && target is null)
            {
                if (++count > MaxEntries)
                    throw new InvalidDataException($"more than {MaxEntries} entries");
                if (Clean(entry.Name) != Clean(path))
                    continue;
                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile)
                    return new EntryStream(tar, entry.DataStream ?? Stream.Null);
                if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                    target = entry.EntryType == TarEntryType.HardLink ? entry.LinkName : Resolve(path, entry.LinkName);
            }
            tar.Dispose();
            if (target is null)
                return null;
            path = target;
        }
        return null;
    }

    private Stream Content()
    {
        FileStream stream;
        try
        {
            stream = File.OpenRead(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TargetException($"{file} cannot be read: {e.Message}", e);
        }
        Span<byte> magic = stackalloc byte[2];
        var isGzip = stream.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic is [0x1f, 0x8b];
        stream.Position = 0;
        return isGzip ? new GZipStream(stream, CompressionMode.Decompress) : stream;
    }

    private static string Clean(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;

    private static string Resolve(string from, string target)
    {
        var parts = new List<string>(Clean(from).Split('/')[..^1]);
        foreach (var part in target.Split('/'))
        {
            if (part == ".." && parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("." or ".." or ""))
                parts.Add(part);
        }
        return string.Join('/', parts);
    }

    /// <summary>An entry that closes its tar.</summary>
    private sealed class EntryStream(TarReader tar, Stream entry) : ForwardStream
    {
        public override int Read(Span<byte> buffer) => entry.Read(buffer);
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => entry.ReadAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                tar.Dispose();
            base.Dispose(disposing);
        }
    }
}
