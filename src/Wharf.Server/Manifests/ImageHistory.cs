using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Manifests;

/// <summary>The layers of an image with how each was made. As in Quay, a step that changed no file is a layer of 32 bytes that every registry has.</summary>
internal static class ImageHistory
{
    private const string EmptyLayer = "sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4";
    private const long EmptyLayerSize = 32;

    /// <param name="described">The descriptors of the layers in the manifest's JSON.</param>
    /// <param name="config">The image's config. Where its history does not fit the layers, they are shown without.</param>
    public static List<ManifestLayer> Layers(Manifest manifest, JsonElement described, JsonElement? config)
    {
        var steps = config is { } c && c.TryGetProperty("history", out var history) && history.ValueKind == JsonValueKind.Array && history.GetArrayLength() <= Manifest.MaxDescriptors
            ? history.EnumerateArray().ToList() : [];
        if (steps.Exists(static s => s.ValueKind != JsonValueKind.Object) || steps.Count(static s => !IsEmpty(s)) != manifest.Layers.Count)
            return [.. manifest.Layers.Select((layer, i) => Layer(i, layer, described[i], default))];
        var layers = new List<ManifestLayer>(steps.Count);
        var next = 0;
        foreach (var step in steps)
        {
            if (IsEmpty(step))
                layers.Add(new ManifestLayer(layers.Count, EmptyLayerSize, false, null, Command(step), Text(step, "comment"), Text(step, "author"), EmptyLayer, Created(step), null, true, null));
            else
            {
                layers.Add(Layer(layers.Count, manifest.Layers[next], described[next], step));
                next++;
            }
        }
        return layers;
    }

    private static ManifestLayer Layer(int index, Descriptor layer, JsonElement described, JsonElement step) => new(
        index, layer.Size, layer.HasUrls || MediaTypes.IsForeignLayer(layer.MediaType), layer.HasUrls ? [.. described.GetProperty("urls").EnumerateArray().Select(static u => Text(u) ?? "")] : null,
        Command(step), Text(step, "comment"), Text(step, "author"), layer.Digest.ToString(), Created(step), layer.MediaType, false, Annotations(described));

    /// <summary>The annotations of a descriptor; null where it has none.</summary>
    public static Dictionary<string, string>? Annotations(JsonElement described)
    {
        if (!described.TryGetProperty("annotations", out var found) || found.ValueKind != JsonValueKind.Object)
            return null;
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in found.EnumerateObject())
            annotations[one.Name] = Text(one.Value) ?? "";
        return annotations.Count > 0 ? annotations : null;
    }

    private static bool IsEmpty(JsonElement step) => step.TryGetProperty("empty_layer", out var empty) && empty.ValueKind == JsonValueKind.True;

    private static string[]? Command(JsonElement step) => Text(step, "created_by") is { } command ? [command] : null;

    /// <summary>A member that is a text; null where there is none.</summary>
    public static string? Text(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var value) ? Text(value) : null;

    private static string? Text(JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        // Half of a surrogate pair, in a member that nobody else reads.
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    // The year 1 is Go's way to say that there is no time.
    private static string? Created(JsonElement step) =>
        step.ValueKind == JsonValueKind.Object && step.TryGetProperty("created", out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var at) && at.Year > 1
            ? QuayDate.Format(at.ToUnixTimeMilliseconds()) : null;
}
