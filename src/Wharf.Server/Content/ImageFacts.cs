using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Server.Content;

/// <summary>What an image says of itself.</summary>
/// <param name="Labels">Those in its config, and the annotations of its manifest, which go before.</param>
/// <param name="Platform">What its config says that it runs on, as <c>os/architecture[/variant]</c>; null when it does not, and for an index.</param>
internal readonly record struct ImageFacts(Dictionary<string, string> Labels, string? Platform)
{
    /// <summary>Configs are a few KiB; what is larger is read by nobody here.</summary>
    private const int MaxConfig = 1 << 20;

    /// <summary>Quay's label for how long a tag of the image lives.</summary>
    private const string ExpiresAfter = "quay.expires-after";

    /// <summary>Quay's label of an image whose tags cannot be changed.</summary>
    private const string Immutable = "quay.immutable";

    /// <param name="config">The image's config, where the repository has it.</param>
    public static async ValueTask<ImageFacts> ReadAsync(Manifest manifest, BlobEntry? config, CancellationToken ct)
    {
        var facts = HasConfig(manifest) && config is { Size: <= MaxConfig } ? await OfConfigAsync(config, ct) : Nothing;
        foreach (var (key, value) in manifest.Annotations)
            facts.Labels[key] = value;
        return facts;
    }

    /// <summary>Whether it has a config of the kind that tells them.</summary>
    public static bool HasConfig(Manifest manifest) => manifest.Config?.MediaType is MediaTypes.OciConfig or MediaTypes.DockerConfig;

    /// <summary>How long a tag of an image with these labels lives, in milliseconds; null when they do not say it, or not so that it can be understood.</summary>
    public static long? LifetimeMs(IReadOnlyDictionary<string, string> labels)
    {
        // Later than any date that can be written is never; at once is no lifetime.
        return labels.TryGetValue(ExpiresAfter, out var text) && ShortTime.Parse(text, MaxLifetimeMs) is > 0 and var ms ? ms : null;
    }

    /// <summary>Whether tags of an image with these labels are immutable; null when they do not say it.</summary>
    public static bool? IsImmutable(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Immutable, out var text) ? text.AsSpan().Trim().Equals("true", StringComparison.OrdinalIgnoreCase) : null;

    /// <summary>What a config, a JSON object, says that the image runs on; null when it does not say it in few plain letters.</summary>
    public static string? PlatformOf(JsonElement config)
    {
        var (os, architecture, variant) = (Word("os"), Word("architecture"), Word("variant"));
        return os is null || architecture is null ? null : variant is null ? $"{os}/{architecture}" : $"{os}/{architecture}/{variant}";

        string? Word(string name) => config.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= MaxWord } word
            && word.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? word : null;
    }

    private const long MaxLifetimeMs = 1000L * 365 * 86_400 * 1000;

    // The longest in use, "mips64p32le", has 11 letters.
    private const int MaxWord = 32;

    private static ImageFacts Nothing => new(new(StringComparer.Ordinal), null);

    private static async ValueTask<ImageFacts> OfConfigAsync(BlobEntry config, CancellationToken ct)
    {
        await using var stream = await config.OpenAsync(0, config.Size, ct);
        if (stream is null)
            return Nothing;
        try
        {
            using var document = await JsonDocument.ParseAsync(stream, default, ct);
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root)
                return Nothing;
            var labels = new Dictionary<string, string>(StringComparer.Ordinal);
            if (root.TryGetProperty("config", out var of) && of.ValueKind == JsonValueKind.Object && of.TryGetProperty("Labels"u8, out var found) && found.ValueKind == JsonValueKind.Object)
                foreach (var label in found.EnumerateObject())
                    if (label.Value.ValueKind == JsonValueKind.String)
                        labels[label.Name] = label.Value.GetString()!;
            return new ImageFacts(labels, PlatformOf(root));
        }
        // Nobody has looked into it before. Half of a surrogate pair is found only where a text is made of it.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Nothing;
        }
    }
}
