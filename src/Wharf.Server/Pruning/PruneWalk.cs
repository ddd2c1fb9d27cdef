using System.Runtime.CompilerServices;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;

namespace Wharf.Server.Pruning;

/// <summary>
/// Goes through a repository and tells what the policies take, page by page: its tags from the newest to the oldest, and then manifests
/// without tags by their digests. A dry run and a pruning are the same walk, so that they say the same.
/// </summary>
internal sealed class PruneWalk
{
    private readonly ContentStore _content;
    private readonly RepositoryAccess _access;
    private readonly PrunePass _pass;
    private readonly List<AppliedPolicy> _untagged;
    private readonly bool _tagPulls;
    private readonly long _nowMs;
    private readonly Dictionary<Digest, long> _left = [];
    private readonly int _pageSize;
    private readonly bool _tells;
    private string? _refusal;
    private long _wanted;

    /// <param name="wanted">How many verdicts are told; others are counted. Null: all, and then not how to go on after them.</param>
    public PruneWalk(ContentStore content, RepositoryAccess access, IReadOnlyList<AppliedPolicy> policies, long nowMs, long? wanted, int pageSize)
    {
        (_content, _access, _nowMs, _tells, _pageSize) = (content, access, nowMs, wanted is not null, pageSize);
        _wanted = wanted ?? long.MaxValue;
        _pass = new PrunePass(policies, nowMs);
        _untagged = [.. policies.Where(static p => p.Policy.Method == PruneMethod.Untagged)];
        _tagPulls = policies.Any(static p => p.Policy.AsksForPulls && p.Policy.Method != PruneMethod.Untagged);
    }

    /// <param name="from">Goes on there; null from the beginning.</param>
    public async IAsyncEnumerable<PrunePage> PagesAsync(PruneStep? from, [EnumeratorCancellation] CancellationToken ct)
    {
        _refusal = await _content.FindPruneRefusalAsync(_access, ct);
        if (from?.Manifest is null && !_pass.IsEmpty)
            await foreach (var page in TagsAsync(from, ct))
                yield return page;
        if (_untagged.Count == 0)
            yield break;
        var after = from?.Manifest ?? default(Digest);
        while (true)
        {
            var rows = await _content.ListUntaggedAsync(_access, after, ct);
            var verdicts = new List<(PruneVerdict, PruneStep?)>();
            foreach (var row in rows)
                if (_untagged.Find(p => row.SinceMs < _nowMs - p.Policy.AgeMs && PrunePass.MeetsConditions(p.Policy, row.SinceMs, row.LastPulledMs, _nowMs)) is { } policy)
                    verdicts.Add((new PruneVerdict(_access, null, row.Digest, row.SinceMs, row.LastPulledMs, policy, _refusal ?? row.ProtectedBy), new PruneStep(0, null, null, row.Digest)));
            yield return new PrunePage(0, verdicts, 0, 0);
            if (rows.Count < ContentStore.ManifestPage)
                yield break;
            after = rows[^1].Digest;
        }
    }

    private async IAsyncEnumerable<PrunePage> TagsAsync(PruneStep? from, [EnumeratorCancellation] CancellationToken ct)
    {
        (long, string)? after = null;
        if (from is { Tag: { } tag, Counts: { } counts })
        {
            if (!_pass.TrySetCounts(counts))
                yield break;
            after = (from.StartedMs, tag);
        }
        var protectedTags = await _content.ListProtectedTagsAsync(_access, ct);
        var hasFollowers = await _content.HasFollowersAsync(_access, ct);
        // Where tags follow others, what was before has to be known.
        await foreach (var rows in _content.ListLiveTagsAsync(_access, after, _tagPulls, _pageSize, ct))
        {
            var verdicts = new List<(PruneVerdict Verdict, PruneStep? Step)>();
            var (goes, kept) = (0, 0);
            foreach (var row in rows)
            {
                var protectedBy = _refusal ?? (protectedTags.Count > 0 ? protectedTags.GetValueOrDefault(row.Name) : null);
                if (_pass.Judge(row.Name, row.StartedMs, row.LastPulledMs, protectedBy is not null) is not { } policy)
                    continue;
                if (hasFollowers || _wanted-- > 0)
                    verdicts.Add((new PruneVerdict(_access, row.Name, null, row.StartedMs, row.LastPulledMs, policy, protectedBy), _tells && !hasFollowers ? Step(row) : null));
                else if (protectedBy is null)
                    goes++;
                else
                    kept++;
            }
            yield return new PrunePage(rows.Count, hasFollowers ? await WithFollowersAsync(verdicts, protectedTags, ct) : verdicts, goes, kept);
        }
    }

    private PruneStep? Step(LiveTagName row) => _pass.Counts is { } counts ? new PruneStep(row.StartedMs, row.Name, counts, null) : null;

    private async Task<List<(PruneVerdict, PruneStep?)>> WithFollowersAsync(List<(PruneVerdict Verdict, PruneStep? Step)> verdicts, Dictionary<string, string> kept, CancellationToken ct)
    {
        var goes = verdicts.Where(static v => v.Verdict.ProtectedBy is null).Select(static v => v.Verdict.Tag!).ToArray();
        if (goes.Length == 0)
            return verdicts;
        var followed = await _content.FindFollowedAsync(_access, goes, ct);
        var all = new List<(PruneVerdict, PruneStep?)>(verdicts.Count);
        foreach (var (verdict, step) in verdicts)
        {
            all.Add((verdict, step));
            if (verdict.ProtectedBy is not null || followed.GetValueOrDefault(verdict.Tag!) is not { } subject)
                continue;
            var left = _left[subject.Digest] = _left.GetValueOrDefault(subject.Digest, subject.Tags) - 1;
            if (left > 0)
                continue;
            _left.Remove(subject.Digest);
            foreach (var follower in subject.Followers)
                all.Add((new PruneVerdict(_access, follower.Name, subject.Digest, follower.StartedMs, null, verdict.Policy, kept.GetValueOrDefault(follower.Name)), null));
        }
        return all;
    }
}

/// <param name="Seen">How many tags were looked at.</param>
/// <param name="Verdicts">What is taken, each with where to go on after it; null where that cannot be told.</param>
/// <param name="MoreGo">How many tags beside go that are not told.</param>
/// <param name="MoreKept">And how many of those are protected.</param>
internal sealed record PrunePage(int Seen, List<(PruneVerdict Verdict, PruneStep? Step)> Verdicts, int MoreGo, int MoreKept);

/// <summary>A place within a walk: after a tag, with what was counted up to it, or after a manifest.</summary>
internal sealed record PruneStep(long StartedMs, string? Tag, long[]? Counts, Digest? Manifest);
