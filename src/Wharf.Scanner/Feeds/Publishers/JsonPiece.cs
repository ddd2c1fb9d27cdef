using System.Text.Json;

namespace Wharf.Scanner.Feeds.Publishers;

/// <summary>A value out of a JSON document that is read piece by piece.</summary>
/// <param name="Parent">The name of the member of the root that it stands under; null when it is itself a member or an element of the root.</param>
/// <param name="Name">Its name; null for an element of an array.</param>
/// <param name="Value">Valid until the next piece is asked for.</param>
internal readonly record struct JsonPiece(string? Parent, string? Name, JsonElement Value);
