using System.ComponentModel;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Wharf.Server.Pruning;

/// <summary>A policy as Quay takes it, and what Quay does not have: the members after tagPatternMatches.</summary>
[Description("Which tags are pruned: those to which all of it applies and that nothing in keep keeps.")]
internal sealed record PrunePolicyBody(
    [property: JsonRequired, Description("number_of_tags: all but the newest so many. creation_date: those that have named what they name for so long. last_pulled: those that nobody has pulled for so long. untagged: manifests that have had no tag for so long.")] string Method,
    [property: JsonRequired, Description("A number of tags, or a time such as 7d: a number and s, m, h, d, w or y.")] JsonElement Value,
    [property: Description("A regular expression; only tags whose names it matches somewhere are counted and pruned.")] string? TagPattern = null,
    [property: Description("false: only tags whose names tagPattern does not match.")] bool? TagPatternMatches = null,
    [property: Description("A time; younger tags stay.")] string? OlderThan = null,
    [property: Description("A time; what was pulled since, or is younger, stays.")] string? LastPulledBefore = null,
    [property: Description("true: what was ever pulled stays.")] bool? NeverPulled = null,
    [property: Description("A regular expression with a group; tags are counted apart for each text that the group matches, and those that it does not match stay.")] string? GroupBy = null,
    KeepBody? Keep = null)
{
    /// <summary>Quay's pages send it back with the rest; the path says which policy it is.</summary>
    public string? Uuid { get; init; }
}

[Description("What stays whatever else the policy says.")]
internal sealed record KeepBody(
    [property: Description("true: releases stay, such as 1.2.3 and v1.2.3; they are not counted.")] bool? Semver = null,
    [property: Description("A regular expression; tags whose names it matches stay and are not counted.")] string? TagPattern = null,
    [property: Description("The newest so many stay, of each group where there is groupBy.")] int? Newest = null);

internal sealed record ShownPrunePolicies(IReadOnlyList<ShownPrunePolicy> Policies);

internal sealed record ShownPrunePolicy(string Uuid, string Method, JsonElement Value, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? TagPattern, bool TagPatternMatches)
{
    public string? OlderThan { get; init; }

    public string? LastPulledBefore { get; init; }

    public bool? NeverPulled { get; init; }

    public string? GroupBy { get; init; }

    public KeepBody? Keep { get; init; }
}

internal sealed record PrunePolicyId(string Uuid);

/// <param name="Counts">Only with the first page.</param>
internal sealed record ShownPreview(
    [property: JsonPropertyName("as_of")] string AsOf, ShownCounts? Counts, string? Warning, IReadOnlyList<ShownVerdict> Entries, [property: JsonPropertyName("next_page")] string? NextPage);

/// <param name="Complete">Whether all tags were looked at; counts are of those that were.</param>
internal sealed record ShownCounts(
    long Repositories, long Tags, [property: JsonPropertyName("would_go")] long WouldGo, [property: JsonPropertyName("manifests_would_go")] long ManifestsWouldGo, long Protected, long Stay, bool Complete);

/// <summary>A tag, or a manifest without one, that a policy takes.</summary>
/// <param name="Policy">The uuid; left out for the registry's default and for one that is only tried.</param>
/// <param name="ProtectedBy">Why it stays all the same.</param>
internal sealed record ShownVerdict(
    string Repository, string? Tag, [property: JsonPropertyName("manifest_digest")] string? ManifestDigest, string Since, [property: JsonPropertyName("last_pulled")] string? LastPulled,
    string? Policy, string Reason, [property: JsonPropertyName("protected_by")] string? ProtectedBy);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PrunePolicyBody))]
[JsonSerializable(typeof(ShownPrunePolicies))]
[JsonSerializable(typeof(PrunePolicyId))]
[JsonSerializable(typeof(ShownPreview))]
[JsonSerializable(typeof(ShownVerdict))]
[JsonSerializable(typeof(PreviewPlace))]
internal sealed partial class PruningJson : JsonSerializerContext;
