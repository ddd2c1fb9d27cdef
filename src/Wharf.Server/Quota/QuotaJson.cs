using System.Text.Json.Serialization;

namespace Wharf.Server.Quota;

/// <param name="LimitBytes">How many bytes; this or Limit.</param>
/// <param name="Limit">The same with a unit, such as 10 GiB.</param>
/// <param name="Prefix">Only for repositories whose names begin so; not in Quay.</param>
/// <param name="Limits">Thresholds to begin with; not in Quay.</param>
internal sealed record NewQuota(long? LimitBytes = null, string? Limit = null, string? Prefix = null, IReadOnlyList<NewLimit>? Limits = null);

internal sealed record ChangedQuota(long? LimitBytes = null, string? Limit = null);

internal sealed record NewLimit([property: JsonRequired] string Type, [property: JsonRequired] long ThresholdPercent);

internal sealed record ChangedLimit(string? Type = null, long? ThresholdPercent = null);

/// <param name="Prefix">Where the quota is for a prefix only; not in Quay.</param>
internal sealed record ShownQuota(long Id, long LimitBytes, IReadOnlyList<ShownLimit> Limits, string? Prefix = null);

internal sealed record ShownLimit(long Id, string Type, long LimitPercent);

/// <param name="Bytes">All that is held, each content once.</param>
/// <param name="CurrentBytes">Of that, what tags show with what belongs to it.</param>
/// <param name="TimeMachineBytes">The rest: what can be had back, was pushed without a tag, or waits to be collected.</param>
/// <param name="AsOf">When the two were told apart.</param>
/// <param name="Days">What was held at the end of each day on which that changed.</param>
internal sealed record ShownUsage(long Bytes, long CurrentBytes, long TimeMachineBytes, string AsOf, IReadOnlyList<ShownQuotaUsage> Quotas, IReadOnlyList<ShownDay> Days);

/// <param name="GrowthBytesPerDay">At the pace of the last four weeks; absent for less than a week.</param>
/// <param name="FullOn">The day on which there is no room any more at that pace; absent when that is far away.</param>
/// <param name="IsDefault">Whether it is the registry's own, for namespaces without one.</param>
internal sealed record ShownQuotaUsage(
    long? Id, string Prefix, long LimitBytes, long Bytes, double Percent, long? WarnBytes, long? RejectBytes, long? GrowthBytesPerDay, string? FullOn, bool IsDefault = false);

internal sealed record ShownDay(string Day, long Bytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, AllowDuplicateProperties = false, RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewQuota))]
[JsonSerializable(typeof(ChangedQuota))]
[JsonSerializable(typeof(NewLimit))]
[JsonSerializable(typeof(ChangedLimit))]
[JsonSerializable(typeof(ShownQuota))]
[JsonSerializable(typeof(IReadOnlyList<ShownQuota>))]
[JsonSerializable(typeof(ShownLimit))]
[JsonSerializable(typeof(IReadOnlyList<ShownLimit>))]
[JsonSerializable(typeof(ShownUsage))]
[JsonSerializable(typeof(string))]
internal sealed partial class QuotaJson : JsonSerializerContext;
