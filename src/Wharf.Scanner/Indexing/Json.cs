using System.Text.Json;

namespace Wharf.Scanner.Indexing;

/// <summary>JSON of strangers: whatever is wrong with it is an <see cref="InvalidDataException"/>, and a value of another kind than expected is none.</summary>
internal static class Json
{
    private static readonly JsonDocumentOptions s_options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 };

    /// <exception cref="InvalidDataException">It is no JSON, or nested deeper than 64.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
        try
        {
            return JsonDocument.Parse(json, s_options);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("It is no JSON document, or it is nested too deeply.", e);
        }
    }

    /// <exception cref="InvalidDataException">A name beside it is half a surrogate pair, which no text can be.</exception>
    public static JsonElement? Get(this JsonElement element, string name)
    {
        try
        {
            return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException("It is no JSON document.", e);
        }
    }

    public static string? Text(this JsonElement element, string name) => element.Get(name)?.Text();

    public static string? Text(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String) return null;
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // half a surrogate pair
        }
    }

    /// <summary>The items of a list; none when it is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement? element) => element is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The properties of an object; none when it is no object.</summary>
    public static IEnumerable<(string Name, JsonElement Value)> Properties(this JsonElement? element)
    {
        if (element is not { ValueKind: JsonValueKind.Object } found) yield break;
        foreach (var property in found.EnumerateObject())
        {
            if (Name(property) is { } name) yield return (name, property.Value);
        }
    }

    private static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
