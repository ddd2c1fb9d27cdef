using System.Text.Json.Nodes;
using Wharf.Scanner;
using Wharf.Scanner.Feeds.Revisions;
using Wharf.Scanner.Matching;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Security;

/// <summary>
/// What a new revision of a feed changes. Only what it says otherwise than the one before is looked at: the components of those names, and for what is known of
/// CVEs besides, the findings of those. Changes are noted with the findings in one transaction, and told when all are in: one event for each manifest of each
/// repository. What a newer revision changes before that is told with it, as one change. Killed in between, it begins again and finds the rest. The first revision of a feed is told to nobody.
/// </summary>
internal sealed partial class FeedEvaluation(Database db, FeedStore store, FeedsInUse feeds, FindingStore findings, ILogger<FeedEvaluation> logger)
{
    private const int Names = 500;
    private const int Components = 1000;
    private const int Manifests = 500;
    private const int MaxTold = 20;

    /// <summary>Whether there is anything to do.</summary>
    public async Task<bool> IsDueAsync(CancellationToken ct) =>
        await db.OneAsync("SELECT 1 FROM feed WHERE evaluated_key IS NULL OR evaluated_key <> storage_key LIMIT 1", static r => r.GetInt32(0), ct) == 1
        || await db.OneAsync("SELECT 1 FROM finding_news LIMIT 1", static r => r.GetInt32(0), ct) == 1;

    /// <summary>Evaluates every feed whose findings rest on a former revision.</summary>
    /// <param name="keep">Called often: keeps the lease.</param>
    public async Task RunAsync(Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        foreach (var feed in await store.ListAsync(ct))
        {
            await TellAsync(feed.Name, keep, ct);
            if (feed.EvaluatedKey == feed.StorageKey)
                continue;
            await EvaluateAsync(feed, keep, ct);
            await TellAsync(feed.Name, keep, ct);
        }
    }

    private async Task EvaluateAsync(FeedRow feed, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        var began = TimeProvider.System.GetTimestamp();
        using var lease = await feeds.UseAsync(ct);
        using var now = await feeds.OpenAsync(feed.StorageKey, ct);
        using var before = feed.EvaluatedKey is { } key ? await FormerAsync(key, ct) : null;
        var matcher = new Matcher(lease.Feeds);
        var (names, components, changes) = (0, 0, 0);
        var isSilent = feed.EvaluatedKey is null;
        // Of what a revision spoke whose file is gone, or that was given up in the middle, is not known any more: it may be more than what the new one speaks of.
        var isLost = (before is null && feed.EvaluatedKey is not null) || (feed.EvaluatingKey is { } begun && begun != feed.StorageKey);
        await store.EvaluatingAsync(feed.Name, isLost ? "" : feed.StorageKey, ct);
        if (isLost)
            await EvaluateAsync((after, count) => findings.ListComponentsAsync(after, count, ct));
        else
            foreach (var ecosystem in now.ChangesFrom(before).GroupBy(static c => c.Ecosystem))
                foreach (var page in ecosystem.Select(static c => c.Name).Chunk(Names))
                {
                    names += page.Length;
                    await EvaluateAsync((after, count) => ecosystem.Key == Scanner.Feeds.Ecosystem.Cve ? findings.ListComponentsWithAsync(page, after, count, ct) : findings.ListComponentsAsync(ecosystem.Key, page, after, count, ct));
                }
        await store.EvaluatedAsync(feed, ct);
        Log.Evaluated(logger, feed.Name, feed.Revision, names, components, changes, TimeProvider.System.GetElapsedTime(began).TotalSeconds);

        async Task EvaluateAsync(Func<long, int, ValueTask<List<(long Id, StoredComponent Component)>>> list)
        {
            for (var after = 0L; ;)
            {
                await keep(ct);
                var touched = await list(after, Components);
                if (touched.Count == 0)
                    return;
                components += touched.Count;
                changes += await ApplyAsync(feed.Name, touched.ConvertAll(t => (t.Id, matcher.Match(t.Component.ToInventory()))), isSilent, ct);
                after = touched[^1].Id;
            }
        }
    }

    // A newer one that was imported while this one was evaluated took its file along.
    private async Task<FeedRevision?> FormerAsync(string key, CancellationToken ct)
    {
        try
        {
            return await feeds.OpenAsync(key, ct);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private Task<int> ApplyAsync(string feed, List<(long Component, MatchResult Result)> matched, bool isSilent, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var had = (await FindingStore.ListAsync(db, tx, matched.ConvertAll(static m => m.Component))).ToDictionary(static f => (f.Component, f.Vulnerability));
        var found = new List<(long, Finding)>();
        var news = new List<FindingChange>();
        foreach (var (component, result) in matched)
        {
            foreach (var finding in result.Findings.Concat(result.Suppressed))
            {
                had.Remove((component, finding.Id), out var old);
                found.Add((component, finding));
                if (FindingChange.Between(component, old, finding) is { } change)
                    news.Add(change);
            }
        }
        news.AddRange(had.Values.Where(static f => f.Reason is null).Select(static f => new FindingChange(f.Component, f.Vulnerability, FindingChange.Removed, f.Severity)));
        await FindingStore.UpsertAsync(db, tx, found);
        await FindingStore.RemoveAsync(db, tx, [.. had.Keys]);
        if (!isSilent && news.Count > 0)
            await tx.ExecuteAsync($"""
                INSERT INTO finding_change (feed, component_id, vulnerability, kind, severity)
                SELECT @feed, component, vulnerability, kind, severity FROM {db.RowsOfJson("rows", "component", "vulnerability$", "kind$", "severity")} WHERE 1 = 1
                ON CONFLICT (feed, component_id, vulnerability) DO UPDATE SET severity = excluded.severity, kind = CASE
                    WHEN finding_change.kind = 'added' AND excluded.kind = 'removed' THEN 'undone' WHEN finding_change.kind = 'removed' AND excluded.kind = 'added' THEN 'changed'
                    WHEN finding_change.kind = 'added' AND excluded.kind = 'changed' THEN 'added' ELSE excluded.kind END
                """, ("feed", feed), ("rows", new JsonArray([.. news.Select(static n => (JsonNode)new JsonArray(n.Component, n.Vulnerability, n.Kind, (int)n.Severity))]).ToJsonString()));
        return news.Count;
    }, ct);

    /// <summary>Tells of what was noted of a feed, a page of manifests at a time.</summary>
    private async Task TellAsync(string name, Func<CancellationToken, Task> keep, CancellationToken ct)
    {
        while (await db.WriteAsync(tx => TellPageAsync(tx, name), ct))
            await keep(ct);
    }

    private async ValueTask<bool> TellPageAsync(Tx tx, string name)
    {
        var revision = await tx.OneAsync("SELECT revision FROM feed WHERE name = @feed AND evaluated_key = storage_key", static r => r.GetString(0), ("feed", name));
        // Not before all of its changes are in.
        if (revision is null)
            return false;
        var manifests = await tx.ListAsync($"SELECT manifest FROM finding_news WHERE feed = @feed ORDER BY manifest LIMIT {Manifests} {db.ForUpdateSkipLocked}", static r => r.GetFieldValue<byte[]>(0), ("feed", name));
        if (manifests.Count == 0)
        {
            await tx.ExecuteAsync("DELETE FROM finding_change WHERE feed = @feed AND NOT EXISTS (SELECT 1 FROM finding_news WHERE feed = @feed)", ("feed", name));
            return false;
        }
        var changes = (await tx.ListAsync($"""
            SELECT mc.manifest, ch.component_id, ch.vulnerability, ch.kind, ch.severity, c.name
              FROM manifest_component mc JOIN finding_change ch ON ch.component_id = mc.component_id AND ch.feed = @feed AND ch.kind <> 'undone' JOIN component c ON c.id = mc.component_id
             WHERE mc.manifest {db.AmongBytes("manifests")}
            """, static r => (Manifest: Convert.ToHexString(r.GetFieldValue<byte[]>(0)), Change: new FindingChange(r.GetInt64(1), r.GetString(2), r.GetString(3), (Severity)r.GetInt64(4)), Package: r.GetString(5)),
            ("feed", name), ("manifests", manifests.ToArray()))).ToLookup(static c => c.Manifest);
        var links = await tx.ListAsync($"""
            SELECT l.namespace_id, l.repository_id, l.digest FROM manifest_link l JOIN repository r ON r.id = l.repository_id
             WHERE l.digest {db.AmongBytes("manifests")} AND l.deleted_ms IS NULL AND r.deleted_ms IS NULL ORDER BY l.namespace_id, l.repository_id, l.digest
            """, static r => (Namespace: r.GetInt64(0), Repository: r.GetInt64(1), Digest: r.GetFieldValue<byte[]>(2)), ("manifests", manifests.ToArray()));
        var events = new List<(long, long, byte[], string)>();
        foreach (var (ns, repository, digest) in links)
        {
            var mine = changes[Convert.ToHexString(digest)].OrderBy(static c => c.Change.Kind, StringComparer.Ordinal).ThenByDescending(static c => c.Change.Severity).ToList();
            if (mine.Count == 0)
                continue;
            var payload = new JsonObject
            {
                ["feed"] = name,
                ["revision"] = revision,
                [FindingChange.Added] = mine.Count(static c => c.Change.Kind == FindingChange.Added),
                [FindingChange.Removed] = mine.Count(static c => c.Change.Kind == FindingChange.Removed),
                [FindingChange.Changed] = mine.Count(static c => c.Change.Kind == FindingChange.Changed),
                ["changes"] = new JsonArray([.. mine.Take(MaxTold).Select(static c => (JsonNode)new JsonObject
                {
                    ["kind"] = c.Change.Kind,
                    ["id"] = c.Change.Vulnerability,
                    ["severity"] = c.Change.Severity.ToString(),
                    ["package"] = c.Package,
                })]),
            };
            events.Add((ns, repository, digest, payload.ToJsonString()));
        }
        await Events.AddAsync(db, tx, "manifest.vulnerabilities", events);
        return await tx.ExecuteAsync($"DELETE FROM finding_news WHERE feed = @feed AND manifest {db.AmongBytes("manifests")}", ("feed", name), ("manifests", manifests.ToArray())) > 0;
    }

    private static partial class Log
    {
        [LoggerMessage(900, LogLevel.Information, "Feed {Feed} is at revision {Revision}: {Names} names changed, {Components} components were matched again, {Changes} findings changed ({Seconds:0.0} s)")]
        public static partial void Evaluated(ILogger logger, string feed, string revision, int names, int components, int changes, double seconds);
    }
}
