using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>Reads members of JSON that may be missing or of another type than expected: both are null or nothing, never an exception.</summary>
internal static class Json
{
    public static JsonElement? Member(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : null;

    /// <summary>A string that is not empty.</summary>
    public static string? Text(this JsonElement element, string name) => element.Member(name)?.Text();

    /// <inheritdoc cref="Text(JsonElement, string)"/>
    public static string? Text(this JsonElement element) =>
        element.ValueKind == JsonValueKind.String && element.GetString() is { Length: > 0 } text ? text : null;

    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.Member(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : [];

    public static IEnumerable<JsonProperty> Members(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : [];

    /// <summary>
    /// The records of a piece, all or none: what <see cref="JsonElement"/> throws for text that is not Unicode concerns this record only,
    /// and is told to <paramref name="problem"/>.
    /// </summary>
    public static IReadOnlyList<T> Convert<T>(JsonPiece piece, Func<JsonPiece, IEnumerable<T>> convert, Action<string>? problem)
    {
        try
        {
            return [.. convert(piece)];
        }
        catch (InvalidOperationException e)
        {
            problem?.Invoke($"{piece.Name ?? piece.Parent}: {e.Message}");
            return [];
        }
    }
}
