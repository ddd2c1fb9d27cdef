using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Wharf.Server.Content;

namespace Wharf.Server.Pruning;

/// <summary>A policy that was found to be right.</summary>
internal sealed class PrunePolicy
{
    // As Quay's; no tag is older than the registry.
    private const long MaxMs = 100L * 365 * 86_400_000;

    private const long MinUntaggedMs = 3_600_000;

    private PrunePolicy(PrunePolicyBody body) => Body = body;

    public PrunePolicyBody Body { get; }

    public PruneMethod Method { get; private init; }

    /// <summary>How many stay, for <see cref="PruneMethod.NumberOfTags"/>.</summary>
    public long Count { get; private init; }

    /// <summary>The time of the other methods.</summary>
    public long AgeMs { get; private init; }

    public PrunePattern? Pattern { get; private init; }

    public bool PatternMatches { get; private init; }

    public long? OlderThanMs { get; private init; }

    public long? LastPulledBeforeMs { get; private init; }

    public bool NeverPulled { get; private init; }

    public PrunePattern? GroupBy { get; private init; }

    public bool KeepReleases { get; private init; }

    public PrunePattern? KeepPattern { get; private init; }

    public int KeepNewest { get; private init; }

    /// <summary>Whether it asks when something was pulled.</summary>
    public bool AsksForPulls => Method == PruneMethod.LastPulled || LastPulledBeforeMs is not null || NeverPulled;

    /// <summary>As it is stored: without what is left out, so that equal ones have equal texts.</summary>
    public string ToJson() => JsonSerializer.Serialize(Body, PruningJson.Default.PrunePolicyBody);

    public static bool TryRead(string json, [NotNullWhen(true)] out PrunePolicy? policy, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            if (JsonSerializer.Deserialize(json, PruningJson.Default.PrunePolicyBody) is { } body)
                return TryCreate(body, out policy, out problem);
        }
        catch (JsonException)
        {
        }
        (policy, problem) = (null, "It is not the JSON object that the API takes.");
        return false;
    }

    public static bool TryCreate(PrunePolicyBody body, [NotNullWhen(true)] out PrunePolicy? policy, [NotNullWhen(false)] out string? problem)
    {
        policy = null;
        problem = null;
        PruneMethod? method = body.Method switch
        {
            "number_of_tags" => PruneMethod.NumberOfTags,
            "creation_date" => PruneMethod.CreationDate,
            "last_pulled" => PruneMethod.LastPulled,
            "untagged" => PruneMethod.Untagged,
            _ => null,
        };
        if (method is null)
        {
            problem = "method is number_of_tags, creation_date, last_pulled or untagged.";
            return false;
        }
        var (count, age) = (0L, 0L);
        if (method == PruneMethod.NumberOfTags)
        {
            if (body.Value.ValueKind != JsonValueKind.Number || !body.Value.TryGetInt64(out count) || count is < 1 or > int.MaxValue)
                problem = "The value of number_of_tags is a number of tags, 1 or more.";
        }
        else if (body.Value.ValueKind != JsonValueKind.String || ShortTime.Parse(body.Value.GetString(), MaxMs) is not { } given)
            problem = $"The value of {body.Method} is a time, such as 7d: a whole number and s, m, h, d, w or y.";
        else
            age = given;
        var pattern = ParsePattern(body.TagPattern?.Trim(), "tagPattern", ref problem);
        var groupBy = ParsePattern(body.GroupBy, "groupBy", ref problem);
        var keep = ParsePattern(body.Keep?.TagPattern, "keep.tagPattern", ref problem);
        var olderThan = ParseTime(body.OlderThan, "olderThan", ref problem);
        var lastPulled = ParseTime(body.LastPulledBefore, "lastPulledBefore", ref problem);
        if (body.Keep?.Newest is { } newest && newest < 1)
            problem ??= "keep.newest is a number of tags, 1 or more.";
        // A push by digests may take its time, and an index comes after what it names.
        if (method == PruneMethod.Untagged && age < MinUntaggedMs)
            problem ??= "The value of untagged is an hour (1h) or more.";
        if (method == PruneMethod.Untagged && ((pattern ?? groupBy) is not null || body.Keep is not null))
            problem ??= "What has no tag has no name: untagged takes neither tagPattern nor groupBy nor keep.";
        if (problem is not null)
            return false;
        policy = new PrunePolicy(body with { TagPattern = body.TagPattern?.Trim(), Uuid = null })
        {
            Method = method.Value,
            Count = count,
            AgeMs = age,
            Pattern = pattern,
            PatternMatches = body.TagPatternMatches ?? true,
            OlderThanMs = olderThan,
            LastPulledBeforeMs = lastPulled,
            NeverPulled = body.NeverPulled ?? false,
            GroupBy = groupBy,
            KeepReleases = body.Keep?.Semver ?? false,
            KeepPattern = keep,
            KeepNewest = body.Keep?.Newest ?? 0,
        };
        return true;
    }

    private static PrunePattern? ParsePattern(string? text, string member, ref string? problem)
    {
        if (text is null)
            return null;
        if (!PrunePattern.TryParse(text, out var pattern, out var wrong))
            problem ??= $"{member} {wrong}";
        return pattern;
    }

    private static long? ParseTime(string? text, string member, ref string? problem)
    {
        if (text is null)
            return null;
        if (ShortTime.Parse(text, MaxMs) is { } ms)
            return ms;
        problem ??= $"{member} is a time, such as 7d: a whole number and s, m, h, d, w or y.";
        return null;
    }
}
