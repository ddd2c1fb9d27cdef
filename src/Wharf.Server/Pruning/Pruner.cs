using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Content;
using Wharf.Server.QuayApi;

namespace Wharf.Server.Pruning;

/// <summary>Applies policies to namespaces and their repositories, and tells beforehand what that would do.</summary>
internal sealed class Pruner(ContentStore content, PrunePolicyStore store, PruningOptions options, TimeProvider clock) : IDisposable
{
    /// <summary>How many tags a preview looks at; more would keep the database busy for one answer.</summary>
    public const long MaxSeen = 3_000_000;

    // A batch that takes longer than this is followed by a smaller one.
    private static readonly TimeSpan s_longBatch = TimeSpan.FromMilliseconds(25);
    private const int SmallestBatch = 50;

    // What a preview costs is the database's and one core's time: the others wait.
    private readonly SemaphoreSlim _previews = new(2);

    /// <summary>The registry's policy for every repository, or null.</summary>
    private readonly AppliedPolicy? _default = options.DefaultPolicy.Length > 0 && PrunePolicy.TryRead(options.DefaultPolicy, out var policy, out _) ? new AppliedPolicy(null, policy) : null;

    /// <summary>How many tags are read at once.</summary>
    public int PageSize { get; init; } = 20_000;

    public bool HasDefault => _default is not null;

    /// <summary>Applies the policies in force to the repositories of a namespace, or to one of them.</summary>
    /// <param name="keepAsync">Called after each batch; null for who waits for the end: then it is done at full speed.</param>
    public async Task<PruneTotals> RunAsync(long namespaceId, string ns, long? repositoryId, Func<CancellationToken, Task>? keepAsync, CancellationToken ct)
    {
        var totals = new PruneTotals();
        var inForce = await InForceAsync(namespaceId, repositoryId, ct);
        await foreach (var repository in RepositoriesAsync(namespaceId, ns, repositoryId, "", ct))
            if (inForce(repository.RepositoryId) is { Count: > 0 } policies)
                totals += await RunAsync(repository, policies, keepAsync, ct);
        return totals;
    }

    private async Task<PruneTotals> RunAsync(RepositoryAccess repository, List<AppliedPolicy> policies, Func<CancellationToken, Task>? keepAsync, CancellationToken ct)
    {
        var size = keepAsync is null ? ContentStore.PruneBatch : SmallestBatch;
        var totals = new PruneTotals();
        var walk = new PruneWalk(content, repository, policies, await content.NowAsync(ct), null, PageSize);
        await foreach (var page in walk.PagesAsync(null, ct))
        {
            totals += new PruneTotals(page.Seen, 0, 0, page.Verdicts.Count(static v => v.Verdict.ProtectedBy is not null));
            var goes = page.Verdicts.Where(static v => v.Verdict.ProtectedBy is null).Select(static v => v.Verdict).ToList();
            for (var at = 0; at < goes.Count;)
            {
                // A page has either tags or manifests.
                var batch = goes.GetRange(at, Math.Min(size, goes.Count - at));
                at += batch.Count;
                var began = clock.GetTimestamp();
                if (batch[0].Tag is not null)
                {
                    var (ended, refusal) = await content.PruneTagsAsync(repository, [.. batch.Where(static v => !v.Follows).Select(static v => new JudgedTag(v.Tag!, v.SinceMs, v.Policy.Uuid))],
                        [.. batch.Where(static v => v.Follows).Select(static v => new FollowingTag(v.Tag!, v.Digest!.Value, v.Policy.Uuid))], ct);
                    totals += new PruneTotals(0, ended, 0, 0);
                    if (refusal is not null)
                        return totals;
                }
                else
                    foreach (var manifest in batch)
                        if (await content.PruneManifestAsync(repository, manifest.Digest!.Value, manifest.SinceMs, manifest.Policy.Uuid, ct))
                            totals += new PruneTotals(0, 0, 1, 0);
                if (keepAsync is null)
                    continue;
                var took = clock.GetElapsedTime(began);
                size = took > s_longBatch ? Math.Max(SmallestBatch, size / 2) : took < s_longBatch / 2 ? Math.Min(ContentStore.PruneBatch, size * 2) : size;
                await PauseAsync(took, batch.Count, ct);
                await keepAsync(ct);
            }
            if (keepAsync is not null)
                await keepAsync(ct);
        }
        return totals;
    }

    // So that the database has its time for others, and the rate is kept.
    private Task PauseAsync(TimeSpan took, int done, CancellationToken ct)
    {
        var rest = took * (100.0 / options.Duty - 1);
        var rate = TimeSpan.FromSeconds((double)done / options.PerSecond) - took;
        var pause = rest > rate ? rest : rate;
        return pause > TimeSpan.Zero ? Task.Delay(pause, clock, ct) : Task.CompletedTask;
    }

    /// <summary>What the policies would take now, and what they would leave.</summary>
    /// <param name="tried">A policy to look at in place of those in force; null for those.</param>
    /// <param name="from">Goes on there, without counting anew; null from the beginning.</param>
    public async Task<PrunePreview> PreviewAsync(long namespaceId, string ns, long? repositoryId, PrunePolicy? tried, PreviewPlace? from, int limit, CancellationToken ct)
    {
        await _previews.WaitAsync(ct);
        try
        {
            var inForce = tried is not null ? _ => [new AppliedPolicy(null, tried)] : await InForceAsync(namespaceId, repositoryId, ct);
            var now = await content.NowAsync(ct);
            return await PreviewAsync(namespaceId, ns, repositoryId, inForce, from, from is null ? now : Math.Min(from.NowMs, now), limit, ct);
        }
        finally
        {
            _previews.Release();
        }
    }

    private async Task<PrunePreview> PreviewAsync(long namespaceId, string ns, long? repositoryId, Func<long, List<AppliedPolicy>> inForce, PreviewPlace? from, long now, int limit, CancellationToken ct)
    {
        var preview = new PrunePreview { NowMs = now };
        PreviewPlace? last = null;
        await foreach (var repository in RepositoriesAsync(namespaceId, ns, repositoryId, from?.Repository ?? "", ct))
        {
            preview.Repositories++;
            if (inForce(repository.RepositoryId) is not { Count: > 0 } policies)
                continue;
            var here = from is not null && repository.Name.Name == from.Repository ? from : null;
            var skip = here?.Skip ?? 0;
            var walk = new PruneWalk(content, repository, policies, now, skip + limit - preview.Verdicts.Count + 1, PageSize);
            var (seen, goes, index) = (0L, 0L, 0L);
            await foreach (var page in walk.PagesAsync(here?.Step, ct))
            {
                seen += page.Seen;
                goes += page.MoreGo;
                preview.Count(page.MoreGo, page.MoreKept);
                foreach (var (verdict, step) in page.Verdicts)
                {
                    preview.Count(verdict);
                    goes += verdict is { Tag: not null, ProtectedBy: null } ? 1 : 0;
                    if (++index <= skip)
                        continue;
                    if (preview.Verdicts.Count < limit)
                    {
                        preview.Verdicts.Add(verdict);
                        last = PreviewPlace.After(now, repository.Name.Name, step, index);
                    }
                    else
                        preview.Next = last;
                }
                if ((from is not null && preview.Next is not null) || preview.Seen + seen >= MaxSeen)
                    break;
            }
            preview.Seen += seen;
            preview.Emptied += seen > 0 && goes == seen ? 1 : 0;
            preview.Complete = preview.Seen < MaxSeen;
            if ((from is not null && preview.Next is not null) || !preview.Complete)
                break;
        }
        return preview;
    }

    /// <summary>A preview as the API shows it: with what the tags name, and when that was pulled last.</summary>
    public async Task<ShownPreview> ShowAsync(PrunePreview preview, bool counted, CancellationToken ct)
    {
        var found = new Dictionary<(long, string), (Digest Digest, long? LastPulledMs)>();
        foreach (var here in preview.Verdicts.Where(static v => v.Tag is not null).GroupBy(static v => v.Access.RepositoryId))
            foreach (var (name, tag) in await content.FindLiveTagsAsync(here.First().Access, [.. here.Select(static v => v.Tag!)], ct))
                found[(here.Key, name)] = tag;
        return new ShownPreview(QuayDate.Format(preview.NowMs)!,
            counted ? new ShownCounts(preview.Repositories, preview.Seen, preview.Tags, preview.Manifests, preview.Protected, preview.Stay, preview.Complete) : null, counted ? preview.Warning : null,
            preview.Verdicts.ConvertAll(v =>
            {
                var (digest, pulled) = v.Tag is null ? (v.Digest!.Value, v.LastPulledMs) : found.GetValueOrDefault((v.Access.RepositoryId, v.Tag));
                return new ShownVerdict(v.Access.Name.ToString(), v.Tag, digest == default ? null : digest.ToString(), QuayDate.Format(v.SinceMs)!, QuayDate.Format(pulled), v.Policy.Uuid, v.Reason, v.ProtectedBy);
            }),
            preview.Next?.ToToken());
    }

    private async Task<Func<long, List<AppliedPolicy>>> InForceAsync(long namespaceId, long? repositoryId, CancellationToken ct)
    {
        var policies = await store.ListInForceAsync(namespaceId, repositoryId, ct);
        var everywhere = (_default is null ? [] : new[] { _default }).Concat(policies.Where(static p => p.RepositoryId == 0).Select(static p => p.Policy)).ToArray();
        var own = policies.Where(static p => p.RepositoryId != 0).ToLookup(static p => p.RepositoryId, static p => p.Policy);
        return repository => [.. everywhere, .. own[repository]];
    }

    private async IAsyncEnumerable<RepositoryAccess> RepositoriesAsync(long namespaceId, string ns, long? only, string from, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            var page = await store.ListRepositoriesAsync(namespaceId, only, from, ct);
            foreach (var (id, name) in page)
                if (RepositoryName.TryParse($"{ns}/{name}", null, out var full))
                    yield return new RepositoryAccess(full, namespaceId, id, RepositoryRole.Admin);
            if (page.Count < PrunePolicyStore.RepositoryPage)
                yield break;
            // The next name in the order of bytes.
            from = page[^1].Name + "\u0001";
        }
    }

    public void Dispose() => _previews.Dispose();
}
