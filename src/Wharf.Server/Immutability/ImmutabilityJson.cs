using System.Text.Json.Serialization;

namespace Wharf.Server.Immutability;

/// <param name="TagPattern">A regular expression for whole names of tags.</param>
/// <param name="TagPatternMatches">Whether the tags that match are immutable, or those that do not.</param>
internal sealed record NewPolicy([property: JsonRequired] string TagPattern, bool? TagPatternMatches = null);

/// <param name="Applied">Whether it has gone through all tags that were there before it. Not in Quay.</param>
internal sealed record ShownPolicy(string Uuid, string TagPattern, bool TagPatternMatches, bool Applied);

internal sealed record ShownPolicies(IReadOnlyList<ShownPolicy> Policies);

internal sealed record PolicyId(string Uuid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(NewPolicy))]
[JsonSerializable(typeof(ShownPolicy))]
[JsonSerializable(typeof(ShownPolicies))]
[JsonSerializable(typeof(PolicyId))]
internal sealed partial class ImmutabilityJson : JsonSerializerContext;
