using System.Text.RegularExpressions;
using Wharf.Oci;

namespace Wharf.Server.Pruning;

/// <summary>
/// Judges the tags of one repository, one after the other from the newest to the oldest, by all policies that apply to it. Policies are
/// applied as if in turn, each to what those before it have left: first those about time, then those about number, as in Quay. Since
/// whatever is counted is counted from the newest on, one look at each tag is enough.
/// </summary>
internal sealed partial class PrunePass
{
    private readonly long _nowMs;
    private readonly (AppliedPolicy Applied, Dictionary<string, long> Counts)[] _policies;

    public PrunePass(IReadOnlyList<AppliedPolicy> policies, long nowMs)
    {
        _nowMs = nowMs;
        var aboutTags = policies.Where(static p => p.Policy.Method != PruneMethod.Untagged);
        _policies = [.. aboutTags.OrderBy(static p => p.Policy.Method == PruneMethod.NumberOfTags).Select(static p => (p, new Dictionary<string, long>(StringComparer.Ordinal)))];
    }

    /// <summary>Whether any policy is about tags.</summary>
    public bool IsEmpty => _policies.Length == 0;

    /// <summary>What has been counted, for a pass that goes on from here; null where that would be too much to tell.</summary>
    public long[]? Counts => Array.TrueForAll(_policies, static p => p.Applied.Policy.GroupBy is null) ? Array.ConvertAll(_policies, static p => p.Counts.GetValueOrDefault("")) : null;

    /// <summary>Goes on where another pass of the same policies was.</summary>
    public bool TrySetCounts(long[] counts)
    {
        if (counts.Length != _policies.Length)
            return false;
        for (var i = 0; i < counts.Length; i++)
            _policies[i].Counts[""] = counts[i];
        return true;
    }

    /// <summary>The policy that takes the tag, or null when it stays.</summary>
    /// <param name="isProtected">Whether the tag stays whoever takes it: then it is counted by those after, too.</param>
    public AppliedPolicy? Judge(string name, long startedMs, long? lastPulledMs, bool isProtected)
    {
        // It belongs to another manifest and goes with that.
        if (FollowerTag.TryParse(name, out _))
            return null;
        AppliedPolicy? taken = null;
        foreach (var (applied, counts) in _policies)
            if (Takes(applied.Policy, counts, name, startedMs, lastPulledMs))
            {
                taken ??= applied;
                if (!isProtected)
                    break;
            }
        return taken;
    }

    private bool Takes(PrunePolicy policy, Dictionary<string, long> counts, string name, long startedMs, long? lastPulledMs)
    {
        if ((policy.Pattern is { } pattern && pattern.IsMatch(name) != policy.PatternMatches)
            || (policy.KeepReleases && IsRelease(name)) || (policy.KeepPattern is { } keep && keep.IsMatch(name)))
            return false;
        var group = "";
        if (policy.GroupBy is { } by)
        {
            if (by.Group(name) is not { } text)
                return false;
            group = text;
        }
        if (policy.Method == PruneMethod.NumberOfTags || policy.KeepNewest > 0)
        {
            var rank = counts[group] = counts.GetValueOrDefault(group) + 1;
            if (rank <= policy.KeepNewest || (policy.Method == PruneMethod.NumberOfTags && rank <= policy.Count))
                return false;
        }
        return (policy.Method switch
        {
            PruneMethod.CreationDate => IsBefore(startedMs, policy.AgeMs),
            PruneMethod.LastPulled => IsBefore(Math.Max(startedMs, lastPulledMs ?? 0), policy.AgeMs),
            _ => true,
        }) && MeetsConditions(policy, startedMs, lastPulledMs, _nowMs);
    }

    /// <summary>The conditions that a policy has beside its method.</summary>
    public static bool MeetsConditions(PrunePolicy policy, long sinceMs, long? lastPulledMs, long nowMs) =>
        (policy.OlderThanMs is not { } age || sinceMs < nowMs - age)
        && (policy.LastPulledBeforeMs is not { } pulled || Math.Max(sinceMs, lastPulledMs ?? 0) < nowMs - pulled)
        && (!policy.NeverPulled || lastPulledMs is null);

    /// <summary>Why a policy takes a tag or manifest, for a person.</summary>
    public static string Reason(PrunePolicy policy)
    {
        var body = policy.Body;
        var one = policy is { Method: PruneMethod.NumberOfTags, Count: 1 };
        var which = policy.Pattern is null ? "" : one ? $" whose name {(policy.PatternMatches ? "matches" : "does not match")} {policy.Pattern.Text}"
            : $" whose names {(policy.PatternMatches ? "match" : "do not match")} {policy.Pattern.Text}";
        var group = policy.GroupBy is null ? "" : " in its group";
        var reason = policy.Method switch
        {
            PruneMethod.NumberOfTags => $"not {(one ? "the newest tag" : $"one of the {body.Value} newest tags")}{which}{group}",
            PruneMethod.CreationDate => $"older than {body.Value}",
            PruneMethod.LastPulled => $"not pulled for {body.Value}",
            _ => $"without a tag for {body.Value}",
        };
        if (policy.OlderThanMs is not null)
            reason += $", older than {body.OlderThan}";
        if (policy.LastPulledBeforeMs is not null)
            reason += $", not pulled for {body.LastPulledBefore}";
        if (policy.NeverPulled)
            reason += ", never pulled";
        return reason;
    }

    private bool IsBefore(long ms, long age) => ms < _nowMs - age;

    /// <summary>Whether the name is a version of semver.org without a pre-release; a 'v' before it is usual. Tags cannot have the '+' of build metadata.</summary>
    private static bool IsRelease(string name) => Release().IsMatch(name);

    [GeneratedRegex(@"^v?(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Release();
}
