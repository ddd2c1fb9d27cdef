using System.Text.Json.Serialization;

namespace Wharf.Server.AccessReview;

internal sealed record ReviewedAccess(
    string Namespace, string? Repository, string Subject, [property: JsonPropertyName("subject_kind")] string SubjectKind, string Kind, string Role, string? Via,
    [property: JsonPropertyName("granted_by")] string? GrantedBy, [property: JsonPropertyName("granted_at")] string? GrantedAt, [property: JsonPropertyName("age_days")] long? AgeDays,
    [property: JsonPropertyName("last_used")] string? LastUsed, bool Disabled);

internal sealed record ReviewPage(
    IReadOnlyList<ReviewedAccess> Access, [property: JsonPropertyName("next_page"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NextPage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ReviewPage))]
internal sealed partial class ReviewJson : JsonSerializerContext;
