using System.Runtime.CompilerServices;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>How many tags are pruned in one transaction at most.</summary>
    public const int PruneBatch = 500;

    public const int ManifestPage = 1000;
    private const int MaxPayload = 7 << 10;

    private const string LiveHere = "t.namespace_id = @ns AND t.repository_id = @repo AND t.ended_ms IS NULL AND (t.expires_ms IS NULL OR t.expires_ms > now_ms())";

    // Names that follow another manifest begin so; '.' comes after '-'.
    private const string MayFollow = "t.name >= 'sha256-' AND t.name < 'sha512.' AND (t.name < 'sha256.' OR t.name >= 'sha512-')";

    /// <summary>The database's time.</summary>
    public ValueTask<long> NowAsync(CancellationToken ct) => db.OneAsync("SELECT now_ms()", static r => r.GetInt64(0), ct);

    /// <summary>The live tags of a repository, the newest first and those of one time by their names, page by page out of an index that has all that is asked.</summary>
    /// <param name="withPulls">Whether to tell when they were pulled last.</param>
    /// <param name="count">How many at a time. A constant: it is part of the SQL, since PostgreSQL plans for a tenth of all rows where it does not know it.</param>
    public async IAsyncEnumerable<List<LiveTagName>> ListLiveTagsAsync(RepositoryAccess access, (long StartedMs, string Name)? after, bool withPulls, int count, [EnumeratorCancellation] CancellationToken ct)
    {
        (string, object?)[] here = [("ns", access.NamespaceId), ("repo", access.RepositoryId)];
        while (true)
        {
            List<LiveTagName> page;
            if (after is not var (ms, name))
                page = await PageAsync("", "t.started_ms DESC, t.name", here);
            else
            {
                // Two ranges of the index; as one condition it would be read from the newest on, and one after the other they need no sorting.
                page = await PageAsync("AND t.started_ms = @ms AND t.name > @after", "t.name", [.. here, ("ms", ms), ("after", name)]);
                if (page.Count < count)
                    page.AddRange(await PageAsync("AND t.started_ms < @ms", "t.started_ms DESC, t.name", [.. here, ("ms", ms)]));
            }
            yield return page;
            if (page.Count < count)
                yield break;
            after = (page[^1].StartedMs, page[^1].Name);
        }

        ValueTask<List<LiveTagName>> PageAsync(string range, string order, (string, object?)[] args) => withPulls
            ? db.ListAsync($"""
                SELECT t.name, t.started_ms, {LastPulls.Last}
                  FROM (SELECT t.name, t.started_ms, t.namespace_id, t.repository_id, t.digest FROM tag t WHERE {LiveHere} {range} ORDER BY {order} LIMIT {count}) t {LastPulls.Join}
                 ORDER BY {order}
                """, static r => new LiveTagName(r.GetString(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2)), ct, args)
            : db.ListAsync($"SELECT t.name, t.started_ms FROM tag t WHERE {LiveHere} {range} ORDER BY {order} LIMIT {count}", static r => new LiveTagName(r.GetString(0), r.GetInt64(1), null), ct, args);
    }

    /// <summary>Why nothing in the repository is pruned; null where something may be.</summary>
    public async Task<string?> FindPruneRefusalAsync(RepositoryAccess access, CancellationToken ct) =>
        await rules.AdmitAsync(db, new Change(ChangeKind.Prune, Principal.Anonymous, access), ct) is { } refusal ? refusal.Message ?? refusal.Kind.ToString() : null;

    /// <summary>The live tags that no policy ends, and why.</summary>
    public async Task<Dictionary<string, string>> ListProtectedTagsAsync(RepositoryAccess access, CancellationToken ct)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var sql in s_protections)
            foreach (var (name, why) in await db.ListAsync(sql, static r => (r.GetString(0), r.GetString(1)), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId)))
                found.TryAdd(name, why);
        return found;
    }

    // The same as Unprotected says, each from where there are few.
    private static readonly string[] s_protections =
    [
        $"SELECT t.name, 'immutable' FROM tag t WHERE {LiveHere} AND t.immutable = 1",
        $"""
        SELECT t.name, 'legal hold' FROM legal_hold h JOIN tag t ON t.namespace_id = h.namespace_id AND t.repository_id = h.repository_id AND t.name = h.tag
         WHERE h.lifted_ms IS NULL AND h.namespace_id = @ns AND h.repository_id = @repo AND h.tag <> '' AND {LiveHere}
        """,
        $"""
        SELECT t.name, 'lease of ' || min(d.holder)
          FROM digest_lease d JOIN tag t ON t.namespace_id = d.namespace_id AND t.repository_id = d.repository_id AND t.digest = d.digest
         WHERE d.namespace_id = @ns AND d.repository_id = @repo AND d.expires_ms > now_ms() AND {LiveHere}
         GROUP BY t.name
        """,
    ];

    private static readonly string s_unprotected = $"""
        t.immutable = 0 AND NOT {LegalHolds.OnTag("t")}
           AND NOT EXISTS (SELECT 1 FROM digest_lease d WHERE d.namespace_id = @ns AND d.repository_id = @repo AND d.digest = t.digest AND d.expires_ms > now_ms())
        """;

    /// <summary>
    /// Ends tags that a policy takes. One that has been moved since it was judged stays, and so does what is protected or what a rule refuses.
    /// </summary>
    /// <param name="tags">At most <see cref="PruneBatch"/>.</param>
    /// <param name="followers">Tags that end with the last tag of their subject, if no tag names that then.</param>
    /// <returns>How many ended, followers too; or why nothing in this repository can.</returns>
    public async Task<(int Ended, Refusal? Refusal)> PruneTagsAsync(
        RepositoryAccess access, IReadOnlyList<JudgedTag> tags, IReadOnlyList<FollowingTag> followers, CancellationToken ct)
    {
        var ended = 0;
        var change = new Change(ChangeKind.Prune, Principal.Anonymous, access) { Tags = [.. tags.Select(static t => t.Name), .. followers.Select(static f => f.Name)] };
        var refusal = change.Tags.Count == 0 ? null : await rules.ApplyAsync(change, terms => db.WriteAsync(async tx =>
        {
            (var refused, ended) = await PruneTagsAsync(tx, access, tags, followers, terms);
            return refused;
        }, ct), ct);
        if (refusal is null || refusal.Kind is RefusalKind.NamespaceGone or RefusalKind.ReadOnly or RefusalKind.RuleChanged)
            return (refusal is null ? ended : 0, refusal);
        // A rule refuses one of them or more. Without those the others go.
        if (change.Tags.Count == 1)
            return (0, null);
        var half = (change.Tags.Count + 1) / 2;
        var (first, why) = await PruneTagsAsync(access, [.. tags.Take(half)], [.. followers.Take(half - Math.Min(half, tags.Count))], ct);
        if (why is not null)
            return (first, why);
        (var second, why) = await PruneTagsAsync(access, [.. tags.Skip(half)], [.. followers.Skip(half - Math.Min(half, tags.Count))], ct);
        return (first + second, why);
    }

    private async ValueTask<(Refusal? Refusal, int Ended)> PruneTagsAsync(
        Tx tx, RepositoryAccess access, IReadOnlyList<JudgedTag> tags, IReadOnlyList<FollowingTag> followers, Terms terms)
    {
        var (ns, repo) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId));
        var judged = tags.Select(static t => t.Name).ToArray();
        // In the order in which a push takes them.
        if (db.LockTagsAmong is { } takeTurns)
            await tx.ExecuteAsync(takeTurns, repo, ("names", judged.Concat(followers.Select(static f => f.Name)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray()));
        if ((await CheckRepositoryAsync(tx, access) ?? await terms.CheckAsync(tx)) is { } refusal)
            return (refusal, 0);
        // It would be enough that name and start are the same; the name alone is what an index finds.
        var ended = await tx.ListAsync($"""
            UPDATE tag AS t SET ended_ms = {ItsEnd}, ended_by = NULL
             WHERE {LiveHere} AND t.name {db.Among("names")} AND t.name || ' ' || t.started_ms {db.Among("judged")} AND {s_unprotected}
            RETURNING name, digest
            """, static r => (Name: r.GetString(0), Digest: r.GetFieldValue<byte[]>(1)), ns, repo, ("names", judged), ("judged", tags.Select(static t => string.Create(null, $"{t.Name} {t.StartedMs}")).ToArray()));
        if (followers.Count > 0)
        {
            var tagged = (await tx.ListAsync($"SELECT t.digest FROM tag t WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.ended_ms IS NULL AND t.digest {db.AmongBytes("subjects")}",
                static r => new Digest(r.GetFieldValue<byte[]>(0)), ns, repo, ("subjects", followers.Select(static f => f.Subject).Distinct().Select(static d => d.ToArray()).ToArray()))).ToHashSet();
            ended.AddRange(await tx.ListAsync($"""
                UPDATE tag AS t SET ended_ms = {ItsEnd}, ended_by = NULL
                 WHERE {LiveHere} AND t.name {db.Among("names")} AND {s_unprotected}
                RETURNING name, digest
                """, static r => (r.GetString(0), r.GetFieldValue<byte[]>(1)), ns, repo, ("names", followers.Where(f => !tagged.Contains(f.Subject)).Select(static f => f.Name).ToArray())));
        }
        if (ended.Count == 0)
            return (null, 0);
        await Reviews.AddAsync(tx, $"SELECT 'manifest', @ns, @repo, value, {Reviews.AfterWindow} FROM {db.RowsOfBytes("digests")}",
            ns, repo, ("digests", ended.Select(static e => new Digest(e.Digest)).Distinct().Select(static d => d.ToArray()).ToArray()));
        var policies = tags.Select(static t => (t.Name, t.Policy)).Concat(followers.Select(static f => (f.Name, f.Policy))).ToDictionary(static t => t.Name, static t => t.Policy, StringComparer.Ordinal);
        foreach (var names in ended.Select(static e => e.Name).GroupBy(n => policies[n]))
            await AddPrunedAsync(tx, access, [.. names], names.Key);
        return (null, ended.Count);
    }

    // One event for as many names as fit into one; one for each would be most of what a pruning writes.
    private static async ValueTask AddPrunedAsync(Tx tx, RepositoryAccess access, List<string> names, string? policy)
    {
        var by = policy is null ? "" : $",\"policy_uuid\":\"{policy}\"";
        for (var at = 0; at < names.Count;)
        {
            var (from, length) = (at, 0);
            while (at < names.Count && (at == from || length + names[at].Length + 3 <= MaxPayload))
                length += names[at++].Length + 3;
            // Tags have no letter that JSON would have otherwise.
            await Events.AddAsync(tx, "tag.pruned", access.NamespaceId, access.RepositoryId, null,
                $$"""{"by":0,"performer":"autoprune worker","pruned":["{{string.Join("\",\"", names[from..at])}}"]{{by}}}""");
        }
    }

    /// <summary>Whether the repository has tags that follow another manifest.</summary>
    public async Task<bool> HasFollowersAsync(RepositoryAccess access, CancellationToken ct) =>
        await db.OneAsync($"SELECT 1 FROM tag t WHERE {LiveHere} AND {MayFollow} LIMIT 1", static r => r.GetInt32(0), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId)) == 1;

    /// <summary>Of the manifests that these tags name, those that other tags follow: by each name the manifest, which tags follow it, and how many name it.</summary>
    public async Task<Dictionary<string, FollowedManifest>> FindFollowedAsync(RepositoryAccess access, string[] tags, CancellationToken ct)
    {
        (string, object?)[] here = [("ns", access.NamespaceId), ("repo", access.RepositoryId)];
        var named = await db.ListAsync($"SELECT t.name, t.digest FROM tag t WHERE {LiveHere} AND t.name {db.Among("names")}",
            static r => (Name: r.GetString(0), Digest: new Digest(r.GetFieldValue<byte[]>(1))), ct, [.. here, ("names", tags)]);
        var candidates = named.Select(static n => n.Digest).Distinct().SelectMany(FollowerTag.Of).ToArray();
        var followers = await db.ListAsync($"SELECT t.name, t.started_ms FROM tag t WHERE {LiveHere} AND t.name {db.Among("names")} ORDER BY t.name",
            static r => new LiveTagName(r.GetString(0), r.GetInt64(1), null), ct, [.. here, ("names", candidates)]);
        var bySubject = followers.ToLookup(static f => FollowerTag.TryParse(f.Name, out var subject) ? subject : default);
        var counts = (await db.ListAsync($"SELECT t.digest, count(*) FROM tag t WHERE {LiveHere} AND t.digest {db.AmongBytes("digests")} GROUP BY t.digest",
            static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Count: r.GetInt64(1)), ct,
            [.. here, ("digests", bySubject.Select(static g => g.Key.ToArray()).ToArray())])).ToDictionary(static c => c.Digest, static c => c.Count);
        return named.Where(n => counts.ContainsKey(n.Digest)).ToDictionary(static n => n.Name, n => new FollowedManifest(n.Digest, counts[n.Digest], [.. bySubject[n.Digest]]), StringComparer.Ordinal);
    }

    // A manifest that no tag names, no index and no lease, and that is not about another one.
    private static string Untagged(string row) => $"""
        {row}.namespace_id = @ns AND {row}.repository_id = @repo AND {row}.deleted_ms IS NULL AND {row}.subject IS NULL
           AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.digest = {row}.digest AND t.ended_ms IS NULL)
           AND NOT EXISTS (SELECT 1 FROM manifest_ref c JOIN manifest_link i ON i.namespace_id = c.namespace_id AND i.repository_id = c.repository_id AND i.digest = c.manifest AND i.deleted_ms IS NULL
                            WHERE c.namespace_id = @ns AND c.repository_id = @repo AND c.digest = {row}.digest AND c.kind = 'child')
        """;

    // Since when: it was pushed, or asked for without a tag, or its last tag ended.
    private static string UntaggedSince(string row) => $"""
        (SELECT max(x.at) FROM (
                SELECT {row}.linked_ms AS at UNION ALL SELECT coalesce({row}.pinned_ms, 0)
                UNION ALL SELECT max(e.ended_ms) FROM tag e WHERE e.namespace_id = @ns AND e.repository_id = @repo AND e.digest = {row}.digest AND e.ended_ms IS NOT NULL) x)
        """;

    private const string LeasedManifest = "SELECT min(d.holder) FROM digest_lease d WHERE d.namespace_id = @ns AND d.repository_id = @repo AND d.digest = l.digest AND d.expires_ms > now_ms()";

    /// <summary>A page of the manifests that have no tag and belong to no other one, by their digests.</summary>
    public ValueTask<List<UntaggedManifest>> ListUntaggedAsync(RepositoryAccess access, Digest after, CancellationToken ct) => db.ListAsync($"""
        SELECT l.digest, {UntaggedSince("l")}, (SELECT p.last_ms FROM pull_count p WHERE p.namespace_id = @ns AND p.repository_id = @repo AND p.tag = '' AND p.digest = l.digest), ({LeasedManifest}), CASE WHEN {LegalHolds.OnManifest("l")} THEN 1 ELSE 0 END
          FROM manifest_link l
         WHERE {Untagged("l")} AND l.digest > @after
         ORDER BY l.digest LIMIT {ManifestPage}
        """, static r => new UntaggedManifest(new Digest(r.GetFieldValue<byte[]>(0)), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt32(4) == 1 ? "legal hold" : r.IsDBNull(3) ? null : $"lease of {r.GetString(3)}"), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("after", after.ToArray()));

    /// <summary>Takes a manifest without a tag out of the repository, if that is what it still is. Its time in the time machine is what it has been.</summary>
    /// <param name="sinceMs">Since when it has had no tag, as it was judged.</param>
    public async Task<bool> PruneManifestAsync(RepositoryAccess access, Digest digest, long sinceMs, string? policy, CancellationToken ct)
    {
        var (ns, repo, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("digest", (object?)digest.ToArray()));
        var refusal = await rules.ApplyAsync(new Change(ChangeKind.Prune, Principal.Anonymous, access) { Digest = digest }, terms => db.WriteAsync(async tx =>
        {
            // Whoever tags it, names it or takes a lease waits from here on, and finds it gone.
            await tx.ListAsync($"SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest {db.ForUpdate}", static r => 0, ns, repo, raw);
            if ((await CheckRepositoryAsync(tx, access) ?? await terms.CheckAsync(tx)) is { } forbidden)
                return forbidden;
            if (await tx.ExecuteAsync($"""
                UPDATE manifest_link AS l SET deleted_ms = now_ms() WHERE {Untagged("l")} AND l.digest = @digest AND {UntaggedSince("l")} <= @since AND ({LeasedManifest}) IS NULL AND NOT {LegalHolds.OnManifest("l")}
                """, ns, repo, raw, ("since", sinceMs)) == 0)
                return s_stays;
            await Reviews.AddAsync(tx, "SELECT 'manifest', @ns, @repo, @digest, now_ms()", ns, repo, raw);
            var by = policy is null ? "" : $",\"policy_uuid\":\"{policy}\"";
            await Events.AddAsync(tx, "manifest.deleted", access.NamespaceId, access.RepositoryId, digest.ToArray(), $$"""{"by":0,"performer":"autoprune worker","manifest_digest":"{{digest}}"{{by}}}""");
            tx.OnCommit(() => _manifests.Drop((access.RepositoryId, digest)));
            return null;
        }, ct), ct);
        return refusal is null;
    }

    private static readonly Refusal s_stays = new(RefusalKind.ManifestUnknown);

    /// <summary>What some tags name, and when that was pulled last.</summary>
    public async Task<Dictionary<string, (Digest Digest, long? LastPulledMs)>> FindLiveTagsAsync(RepositoryAccess access, string[] names, CancellationToken ct) => (await db.ListAsync(
        $"SELECT t.name, t.digest, {LastPulls.Last} FROM tag t {LastPulls.Join} WHERE {LiveHere} AND t.name {db.Among("names")}",
        static r => (Name: r.GetString(0), Digest: new Digest(r.GetFieldValue<byte[]>(1)), Pulled: r.IsDBNull(2) ? (long?)null : r.GetInt64(2)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("names", names))).ToDictionary(static t => t.Name, static t => (t.Digest, t.Pulled), StringComparer.Ordinal);

}

/// <param name="StartedMs">When it began to name what it was judged for.</param>
/// <param name="Policy">For the audit trail: the id of the policy that takes it, where it has one.</param>
internal readonly record struct JudgedTag(string Name, long StartedMs, string? Policy);

/// <summary>A tag that belongs to another manifest.</summary>
internal readonly record struct FollowingTag(string Name, Digest Subject, string? Policy);

/// <param name="LastPulledMs">Null: never, or it was not asked.</param>
internal readonly record struct LiveTagName(string Name, long StartedMs, long? LastPulledMs);

/// <param name="SinceMs">Since when it has had no tag.</param>
/// <param name="ProtectedBy">Why no policy takes it, or null.</param>
internal sealed record UntaggedManifest(Digest Digest, long SinceMs, long? LastPulledMs, string? ProtectedBy);

/// <param name="Tags">How many live tags name it.</param>
internal sealed record FollowedManifest(Digest Digest, long Tags, IReadOnlyList<LiveTagName> Followers);
