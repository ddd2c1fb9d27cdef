using System.Text.Json.Serialization;

namespace Wharf.Server.Content;

/// <summary>The payload of the event <c>manifest.pushed</c>.</summary>
/// <param name="By">The account, 0 when anonymous.</param>
/// <param name="Tags">The tags of the push, at most 32 of them.</param>
internal sealed record PushPayload(long By, IReadOnlyList<string> Tags, string MediaType);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PushPayload))]
[JsonSerializable(typeof(CollectedContent))]
internal sealed partial class PayloadJson : JsonSerializerContext;
