using System.Text.Json;
using System.Text.Unicode;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Storage;

namespace Wharf.Server.Manifests;

/// <summary>The config of a manifest, where it is JSON. A stranger wrote it, and nobody has looked into it before.</summary>
/// <param name="Content">A JSON object; null where there is none that can be shown.</param>
/// <param name="Problem">Why it cannot be shown; null where it can, and where the manifest has no such config.</param>
internal sealed record ImageConfig(JsonElement? Content, string? Problem = null)
{
    /// <summary>In bytes. Configs are a few KiB.</summary>
    public const int MaxBytes = 4 << 20;

    // Less than what writes the answer takes, within which the config is one member.
    private const int MaxDepth = 32;

    private static readonly ImageConfig s_none = new((JsonElement?)null);

    public static async ValueTask<ImageConfig> ReadAsync(ContentStore content, RepositoryAccess access, Manifest manifest, CancellationToken ct)
    {
        if (manifest.Config is not { } config || config.MediaType == MediaTypes.OciEmpty || !config.MediaType.EndsWith("json", StringComparison.OrdinalIgnoreCase))
            return s_none;
        if (config.Size > MaxBytes)
            return new(null, $"The config has {config.Size} bytes; at most {MaxBytes} are read.");
        try
        {
            if (await content.FindBlobAsync(access, config.Digest, ct) is not { } blob || await blob.OpenAsync(0, config.Size, ct) is not { } stream)
                return new(null, "The config is not here.");
            await using (stream)
            {
                var bytes = new byte[config.Size];
                var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct);
                return Parse(bytes.AsMemory(0, length));
            }
        }
        catch (StorageException)
        {
            return new(null, "The store that has the config does not answer.");
        }
    }

    private static ImageConfig Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
            return new(null, "The config is not JSON: it is not UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return new(null, "The config is no JSON object.");
            // Half of a surrogate pair is found only where a text is made of it.
            using var writer = new Utf8JsonWriter(Stream.Null);
            document.RootElement.WriteTo(writer);
            return new(document.RootElement.Clone());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return new(null, "The config is not JSON, or nested too deeply.");
        }
    }
}
