using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>What an image says of itself: the labels in its config, and the annotations of its manifest, which go before.</summary>
internal static class ImageLabels
{
    /// <summary>Configs are a few KiB; what is larger is read by nobody here.</summary>
    private const int MaxConfig = 1 << 20;

    /// <summary>Quay's label for how long a tag of the image lives.</summary>
    private const string ExpiresAfter = "quay.expires-after";

    /// <summary>Quay's label of an image whose tags cannot be changed.</summary>
    private const string Immutable = "quay.immutable";

    /// <param name="config">The image's config, where the repository has it.</param>
    public static async ValueTask<Dictionary<string, string>> ReadAsync(Manifest manifest, BlobEntry? config, CancellationToken ct)
    {
        var labels = HasLabels(manifest) && config is { Size: <= MaxConfig } ? await OfConfigAsync(config, ct) : new(StringComparer.Ordinal);
        foreach (var (key, value) in manifest.Annotations)
            labels[key] = value;
        return labels;
    }

    /// <summary>Whether the config is of a kind that has labels.</summary>
    public static bool HasLabels(Manifest manifest) => manifest.Config?.MediaType is MediaTypes.OciConfig or MediaTypes.DockerConfig;

    /// <summary>How long a tag of an image with these labels lives, in milliseconds; null when they do not say it, or not so that it can be understood.</summary>
    public static long? LifetimeMs(IReadOnlyDictionary<string, string> labels)
    {
        // Later than any date that can be written is never; at once is no lifetime.
        return labels.TryGetValue(ExpiresAfter, out var text) && ShortTime.Parse(text, MaxLifetimeMs) is > 0 and var ms ? ms : null;
    }

    /// <summary>Whether tags of an image with these labels are immutable; null when they do not say it.</summary>
    public static bool? IsImmutable(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Immutable, out var text) ? text.AsSpan().Trim().Equals("true", StringComparison.OrdinalIgnoreCase) : null;

    private const long MaxLifetimeMs = 1000L * 365 * 86_400 * 1000;

    private static async ValueTask<Dictionary<string, string>> OfConfigAsync(BlobEntry config, CancellationToken ct)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var stream = await config.OpenAsync(0, config.Size, ct);
        if (stream is null)
            return labels;
        try
        {
            using var document = await JsonDocument.ParseAsync(stream, default, ct);
            if (document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("config", out var of) && of.ValueKind == JsonValueKind.Object
                && of.TryGetProperty("Labels", out var found) && found.ValueKind == JsonValueKind.Object)
                foreach (var label in found.EnumerateObject())
                    if (label.Value.ValueKind == JsonValueKind.String)
                        labels[label.Name] = label.Value.GetString()!;
        }
        // Nobody has looked into it before. Half of a surrogate pair is found only where a text is made of it.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            labels.Clear();
        }
        return labels;
    }
}
