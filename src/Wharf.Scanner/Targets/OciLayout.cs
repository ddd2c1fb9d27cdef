using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Scanner.Targets;

/// <summary>An OCI image layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md): a directory, or a tar of one.</summary>
public sealed class OciLayout : IBlobSource
{
    private const int MaxManifest = 4 << 20;

    private readonly Func<string, Stream?> _open;

    /// <param name="open">A file of the layout by its path in it; null when there is none.</param>
    internal OciLayout(Func<string, Stream?> open) => _open = open;

    /// <exception cref="TargetException">The directory is no layout.</exception>
    public static OciLayout Of(string directory)
    {
        if (!Directory.Exists(directory))
            throw new TargetException($"{directory} is no directory.");
        return new OciLayout(path => File.Exists(Path.Join(directory, path)) ? File.OpenRead(Path.Join(directory, path)) : null);
    }

    /// <summary>What the layout's index names: its only entry, or the one whose tag is given; of several, the only one of the platform.</summary>
    /// <exception cref="TargetException">The layout is none, or has several and none was named.</exception>
    public Digest Top(string? tag, Platform platform)
    {
        var index = Read("index.json");
        try
        {
            using var document = JsonDocument.Parse(index, new JsonDocumentOptions { MaxDepth = Manifest.MaxDepth });
            var named = document.RootElement.GetProperty("manifests").EnumerateArray()
                .Select(static m => (Digest: Digest.TryParse(m.GetProperty("digest").GetString(), out var d) ? d : default, Name: NameOf(m), Platform: Platform.Of(m)))
                .Where(static m => !m.Digest.IsDefault)
                .ToList();
            if (tag is not null)
                named = named.FindAll(m => m.Name == tag || m.Name?.EndsWith(":" + tag, StringComparison.Ordinal) == true);
            // The layout's index may itself be that of one image for several platforms
            if (named.TrueForAll(static m => m.Platform is not null) && named.FindAll(m => platform.Is(m.Platform)) is [_, ..] mine)
                named = mine;
            return named switch
            {
                [] when tag is not null => throw new TargetException($"The layout has no {tag}."),
                [] => throw new TargetException("The layout's index names nothing."),
                [var one] => one.Digest,
                _ when named.TrueForAll(m => m.Digest == named[0].Digest) => named[0].Digest,
                _ => throw new TargetException($"The layout has several images: add :TAG of one of {string.Join(", ", named.Select(static m => m.Name ?? m.Platform?.ToString() ?? m.Digest.ToString()).Distinct().Take(20))}, or choose one with --platform."),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new TargetException($"index.json is not the index of a layout: {e.Message}", e);
        }
    }

    public Task<byte[]> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        var bytes = Read(PathOf(digest));
        return Digest.Of(bytes, digest.Algorithm) == digest ? Task.FromResult(bytes) : throw new TargetException($"The layout's {PathOf(digest)} has another digest.");
    }

    public Task<Stream> OpenBlobAsync(Digest digest, CancellationToken ct) =>
        Task.FromResult(_open(PathOf(digest)) ?? throw new TargetException($"The layout has no {PathOf(digest)}."));

    private static string? NameOf(JsonElement manifest) =>
        manifest.TryGetProperty("annotations", out var annotations) && annotations.ValueKind == JsonValueKind.Object
        && annotations.TryGetProperty("org.opencontainers.image.ref.name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetString() : null;

    private static string PathOf(Digest digest) => "blobs/" + digest.ToString().Replace(':', '/');

    private byte[] Read(string path)
    {
        using var stream = _open(path) ?? throw new TargetException($"There is no {path}: this is no OCI image layout.");
        using var bounded = new BoundedStream(stream, MaxManifest);
        using var memory = new MemoryStream();
        try
        {
            bounded.CopyTo(memory);
        }
        catch (InvalidDataException e)
        {
            throw new TargetException($"{path} is larger than {MaxManifest >> 20} MiB.", e);
        }
        return memory.ToArray();
    }
}
