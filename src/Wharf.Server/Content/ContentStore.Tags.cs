using System.Globalization;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    /// <summary>Quay's LABELED_EXPIRATION_MINIMUM: a tag lives at least this long.</summary>
    private const long MinTagLifeMs = 3_600_000;

    /// <summary>Quay's LABELED_EXPIRATION_MAXIMUM, counted from now: Quay counts from the tag's start, and would end an old tag at once.</summary>
    private const long MaxTagLifeMs = 104L * 7 * 24 * 3_600_000;

    private const string ThisTag = "namespace_id = @ns AND repository_id = @repo AND name = @name";
    private const string IsLive = "ended_ms IS NULL AND (expires_ms IS NULL OR expires_ms > now_ms())";
    private const string IsExpired = "ended_ms IS NULL AND expires_ms <= now_ms()";
    private const string ItsEnd = "CASE WHEN expires_ms <= now_ms() THEN expires_ms WHEN now_ms() > started_ms THEN now_ms() ELSE started_ms + 1 END";

    // What moving a tag does, in this order. A row that expired and was not swept yet ends at its expiry.
    private const string TurnsAway = $"{ThisTag} AND ended_ms IS NULL AND (digest <> @digest OR expires_ms <= now_ms())";
    private const string ReviewOfFormer = $"SELECT 'manifest', @ns, @repo, digest, {Reviews.AfterWindow} FROM tag WHERE {TurnsAway}";
    private const string EndFormer = $"UPDATE tag SET ended_ms = {ItsEnd}, ended_by = CASE WHEN expires_ms <= now_ms() THEN NULL ELSE @by END WHERE {TurnsAway}";
    private const string Begin = $"""
        INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms, started_by, reversion, immutable)
        SELECT @ns, @repo, @name, @digest, (
               SELECT max(at) FROM (
                      SELECT now_ms() AS at
                      UNION ALL SELECT max(started_ms) + 1 FROM tag WHERE {ThisTag}
                      UNION ALL SELECT max(ended_ms) FROM tag WHERE {ThisTag}) candidates), @by, @reversion,
               CASE WHEN @immutable = 1 OR EXISTS (SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND immutable = 1) THEN 1 ELSE 0 END
         WHERE {IsNews}
        """;
    private const string IsNews = $"NOT EXISTS (SELECT 1 FROM tag WHERE {ThisTag} AND ended_ms IS NULL)";
    // What is immutable does not end by itself, as in Quay.
    private const string ExpireAsLabelled = $"""
        UPDATE tag SET expires_ms = now_ms() + (
               SELECT expires_after_ms FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest)
         WHERE {ThisTag} AND ended_ms IS NULL AND immutable = 0 AND EXISTS (
               SELECT 1 FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest = @digest AND expires_after_ms IS NOT NULL)
        """;

    /// <summary>Ends a tag; its history and what it named stay.</summary>
    public Task<Refusal?> EndTagAsync(Principal by, RepositoryAccess access, string tag, CancellationToken ct) =>
        ChangeAsync(new Change(ChangeKind.EndTag, by, access) { Tags = [tag] }, async (tx, _) =>
    {
        if (await EndLiveAsync(tx, access, tag, by) is not { } ended)
            return new Refusal(RefusalKind.TagUnknown);
        await Reviews.AddAsync(tx, $"SELECT 'manifest', @ns, @repo, @digest, {Reviews.AfterWindow}", ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", ended));
        await Events.AddAsync(tx, "tag.ended", access.NamespaceId, access.RepositoryId, ended, $$"""{"by":{{by.AccountId}},"tag":"{{tag}}"}""");
        return null;
    }, ct);

    /// <summary>Changes one tag of a repository that may be changed, under the lock of the tag and on the terms of all rules.</summary>
    private Task<Refusal?> ChangeAsync(Change change, Func<Tx, Terms, ValueTask<Refusal?>> make, CancellationToken ct) => rules.ApplyAsync(change, terms => db.WriteAsync(async tx =>
    {
        await LockTagAsync(tx, change.Access, change.Tags[0]);
        return await CheckRepositoryAsync(tx, change.Access) ?? await terms.CheckAsync(tx) ?? await make(tx, terms);
    }, ct), ct);

    /// <summary>Points a tag at a manifest of the repository, which may be one of the time machine, and says when the tag is to end.</summary>
    public Task<Refusal?> ChangeTagAsync(Principal by, RepositoryAccess access, string tag, TagChange change, CancellationToken ct) =>
        ChangeAsync(new Change(change.Digest is null ? ChangeKind.ExpireTag : ChangeKind.MoveTag, by, access) { Tags = [tag], Digest = change.Digest, SetsExpiry = change.SetsExpiry }, async (tx, terms) =>
    {
        if (change.SetsExpiry && change.ExpiresMs <= await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0)))
            return new Refusal(RefusalKind.ExpiryPassed);
        // The manifest stays locked as it is: whoever deletes it meanwhile ends this tag too.
        if (change.Digest is { } wanted && (await ReviveAsync(tx, access, [wanted.ToArray()])).Count > 0)
            return new Refusal(RefusalKind.ManifestUnknown, wanted);
        var live = await FindLiveAsync(tx, access, tag);
        var to = change.Digest is { } other && other != live?.Digest ? other : default;
        if (await CheckImmutabilityAsync(tx, access, tag, live, to, change, terms) is { } forbidden)
            return forbidden;
        if (!to.IsDefault)
        {
            await MoveTagAsync(tx, access, tag, to, by, change.IsRestoration, terms);
            var kind = change.IsRestoration ? "tag.restored" : live is null ? "tag.created" : "tag.moved";
            var former = live is { } was ? $",\"original_manifest_digest\":\"{was.Digest}\"" : "";
            await Events.AddAsync(tx, kind, access.NamespaceId, access.RepositoryId, to.ToArray(),
                $$"""{"by":{{by.AccountId}},"tag":"{{tag}}","manifest_digest":"{{to}}"{{former}}}""");
            live = await FindLiveAsync(tx, access, tag);
        }
        if (live is not { } row)
            return new Refusal(RefusalKind.TagUnknown);
        if (change.SetsExpiry)
            await SetExpiryAsync(tx, access, tag, row, change.ExpiresMs, by);
        if (change.Immutable is { } immutable)
            await SetImmutableAsync(tx, access, tag, row, immutable, by);
        return null;
    }, ct);

    /// <summary>
    /// Takes what a tag named out of the time machine: neither these rows of its history nor, where nothing else holds it, the manifest
    /// can be had back. What the tag names now is ended first when <paramref name="digest"/> is null.
    /// </summary>
    /// <param name="withChildren">The manifests of an index go with it, although they were pushed by their digests.</param>
    public Task<Refusal?> PurgeTagAsync(Principal by, RepositoryAccess access, string tag, Digest? digest, bool withChildren, CancellationToken ct) =>
        ChangeAsync(new Change(ChangeKind.PurgeTag, by, access) { Tags = [tag], Digest = digest }, async (tx, _) =>
    {
        var (ns, repo, name) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("name", (object?)tag));
        if ((digest?.ToArray() ?? await EndLiveAsync(tx, access, tag, by)) is not { } raw)
            return new Refusal(RefusalKind.TagUnknown);
        await tx.ExecuteAsync($"UPDATE tag SET ended_ms = expires_ms WHERE {ThisTag} AND digest = @digest AND {IsExpired}", ns, repo, name, ("digest", raw));
        if (await tx.ExecuteAsync($"UPDATE tag SET collected_ms = now_ms() WHERE {ThisTag} AND digest = @digest AND ended_ms IS NOT NULL AND collected_ms IS NULL", ns, repo, name, ("digest", raw)) == 0)
            return new Refusal(RefusalKind.ManifestUnknown, new Digest(raw));
        byte[][] gone = [raw, .. withChildren ? await ChildrenAsync(tx, access, raw) : []];
        // Locked first, so that a tag that is pointed at one of them at the same moment is seen by the next statement.
        await tx.ListAsync($"SELECT digest FROM manifest_link WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")} ORDER BY digest {db.ForUpdate}",
            static r => 0, ns, repo, ("digests", gone));
        const string Tags = "SELECT 1 FROM tag t WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.digest = manifest_link.digest";
        await tx.ExecuteAsync($"""
            UPDATE manifest_link SET pinned_ms = 0
             WHERE namespace_id = @ns AND repository_id = @repo AND digest {db.AmongBytes("digests")}
               AND NOT EXISTS ({Tags} AND t.ended_ms IS NULL) AND NOT EXISTS ({Tags} AND t.ended_ms IS NOT NULL AND t.collected_ms IS NULL)
            """, ns, repo, ("digests", gone));
        await Reviews.AddAsync(tx, $"SELECT 'manifest', @ns, @repo, value, now_ms() FROM {db.RowsOfBytes("digests")}", ns, repo, ("digests", gone));
        await Events.AddAsync(tx, "tag.purged", access.NamespaceId, access.RepositoryId, raw,
            $$"""{"by":{{by.AccountId}},"tag":"{{tag}}","manifest_digest":"{{new Digest(raw)}}","is_alive":{{(digest is null ? "true" : "false")}}}""");
        return null;
    }, ct);

    /// <summary>Ends tags whose time is over; returns how many it looked at.</summary>
    public async Task<int> EndExpiredAsync(int count, CancellationToken ct)
    {
        var expired = await db.ListAsync($"SELECT namespace_id, repository_id, name, started_ms, digest FROM tag WHERE {IsExpired} ORDER BY expires_ms LIMIT @count",
            static r => (Ns: r.GetInt64(0), Repo: r.GetInt64(1), Name: r.GetString(2), StartedMs: r.GetInt64(3), Digest: r.GetFieldValue<byte[]>(4)), ct, ("count", count));
        if (expired.Count == 0)
            return 0;
        var batch = new Batch<Refusal>();
        // In the order in which a push takes them.
        foreach (var tag in expired.OrderBy(static t => t.Repo).ThenBy(static t => t.Name, StringComparer.Ordinal))
        {
            var (ns, repo, name, started) = (("ns", (object?)tag.Ns), ("repo", (object?)tag.Repo), ("name", (object?)tag.Name), ("started", (object?)tag.StartedMs));
            // Under the lock whoever moved it, or gave it more time, has been before or comes after; the next statements see which.
            if (db.LockTag is { } takeTurn)
                batch.Add(takeTurn, repo, name);
            var stillThere = $"FROM tag WHERE {ThisTag} AND started_ms = @started AND {IsExpired}";
            Reviews.Add(batch, $"SELECT 'manifest', @ns, @repo, digest, expires_ms + (SELECT tag_expiration_s FROM namespace WHERE id = @ns) * 1000 {stillThere}", ns, repo, name, started);
            Events.Add(batch, "tag.expired", tag.Ns, tag.Repo, tag.Digest, $$"""{"by":0,"tag":"{{tag.Name}}","manifest_digest":"{{new Digest(tag.Digest)}}"}""",
                $"EXISTS (SELECT 1 {stillThere})", name, started);
            batch.Add($"UPDATE tag SET ended_ms = expires_ms WHERE {ThisTag} AND started_ms = @started AND {IsExpired}", ns, repo, name, started);
        }
        await db.RunAsync(batch, ct);
        return expired.Count;
    }

    /// <summary>Forgets history whose content has been gone for as long as history is shown; returns how many rows.</summary>
    public Task<int> ForgetHistoryAsync(int count, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var old = $"t.collected_ms IS NOT NULL AND t.collected_ms < now_ms() - @history AND NOT {LegalHolds.OnTag("t")}";
        (string, object?)[] args = [("history", (long)lifetimes.History.TotalMilliseconds), ("count", count)];
        // What is of a namespace without a new hold.
        var shared = await tx.ListAsync($"SELECT n.id FROM namespace n WHERE n.id IN (SELECT t.namespace_id FROM tag t WHERE {old} ORDER BY t.collected_ms LIMIT @count) ORDER BY n.id {db.ForKeyShare}",
            static r => r.GetInt64(0), args);
        if (shared.Count == 0)
            return 0;
        var gone = await tx.ListAsync($"""
            DELETE FROM tag WHERE (namespace_id, repository_id, name, started_ms) IN (
                   SELECT t.namespace_id, t.repository_id, t.name, t.started_ms FROM tag t WHERE {old} AND t.namespace_id {db.Among("shared")} ORDER BY t.collected_ms LIMIT @count)
            RETURNING namespace_id, repository_id, name
            """, static r => (Ns: r.GetInt64(0), Repo: r.GetInt64(1), Name: r.GetString(2)), [.. args, ("shared", shared.ToArray())]);
        // How often it was pulled is forgotten with the last that there was of a tag.
        foreach (var of in gone.GroupBy(static t => (t.Ns, t.Repo)))
            await tx.ExecuteAsync($"""
                DELETE FROM pull_count WHERE namespace_id = @ns AND repository_id = @repo AND tag {db.Among("names")} AND tag <> ''
                   AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name = pull_count.tag)
                """, ("ns", of.Key.Ns), ("repo", of.Key.Repo), ("names", of.Select(static t => t.Name).Distinct().ToArray()));
        return gone.Count;
    }, ct);

    /// <summary>
    /// Points a tag at a manifest, for a caller who holds the tag's lock. Intervals are half-open and never overlap: a start is later than the former start, and not before
    /// the former end (contract 6). A tag that names the manifest already stays as it is, but for a lifetime that the manifest asks for.
    /// </summary>
    private static void MoveTag(Batch<Refusal> batch, RepositoryAccess access, string tag, Digest digest, Principal by, Terms terms)
    {
        var (ns, repo, name, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("name", (object?)tag), ("digest", (object?)digest.ToArray()));
        Reviews.Add(batch, ReviewOfFormer, ns, repo, name, raw);
        batch.Add(EndFormer, ("by", by.AccountId), ns, repo, name, raw);
        var immutable = terms.Immutable.Contains(tag);
        if (immutable)
            Events.Add(batch, MadeImmutable, access.NamespaceId, access.RepositoryId, digest.ToArray(), MadeImmutablePayload(tag, by), IsNews, name);
        batch.Add(Begin, ns, repo, name, raw, ("by", by.AccountId), ("reversion", 0L), ("immutable", immutable ? 1L : 0L));
        batch.Add(ExpireAsLabelled, ns, repo, name, raw);
    }

    /// <inheritdoc cref="MoveTag"/>
    private static async ValueTask MoveTagAsync(Tx tx, RepositoryAccess access, string tag, Digest digest, Principal by, bool isRestoration, Terms terms)
    {
        var (ns, repo, name, raw) = (("ns", (object?)access.NamespaceId), ("repo", (object?)access.RepositoryId), ("name", (object?)tag), ("digest", (object?)digest.ToArray()));
        await Reviews.AddAsync(tx, ReviewOfFormer, ns, repo, name, raw);
        await tx.ExecuteAsync(EndFormer, ("by", by.AccountId), ns, repo, name, raw);
        var immutable = terms.Immutable.Contains(tag);
        if (immutable)
            await Events.AddAsync(tx, MadeImmutable, access.NamespaceId, access.RepositoryId, digest.ToArray(), MadeImmutablePayload(tag, by));
        await tx.ExecuteAsync(Begin, ns, repo, name, raw, ("by", by.AccountId), ("reversion", isRestoration ? 1L : 0L), ("immutable", immutable ? 1L : 0L));
        await tx.ExecuteAsync(ExpireAsLabelled, ns, repo, name, raw);
    }

    private async ValueTask LockTagAsync(Tx tx, RepositoryAccess access, string tag)
    {
        if (db.LockTag is { } takeTurn)
            await tx.ExecuteAsync(takeTurn, ("repo", access.RepositoryId), ("name", tag));
    }

    private static ValueTask<LiveTag?> FindLiveAsync(Tx tx, RepositoryAccess access, string tag) => tx.OneAsync(
        $"SELECT digest, started_ms, expires_ms, now_ms(), immutable FROM tag WHERE {ThisTag} AND {IsLive}",
        static r => new LiveTag(new Digest(r.GetFieldValue<byte[]>(0)), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt64(3), r.GetInt64(4) == 1),
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));

    private static ValueTask<byte[]?> EndLiveAsync(Tx tx, RepositoryAccess access, string tag, Principal by) => tx.OneAsync(
        $"UPDATE tag SET ended_ms = {ItsEnd}, ended_by = @by WHERE {ThisTag} AND {IsLive} RETURNING digest", static r => r.GetFieldValue<byte[]>(0),
        ("by", by.AccountId), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));

    private static async ValueTask SetExpiryAsync(Tx tx, RepositoryAccess access, string tag, LiveTag live, long? atMs, Principal by)
    {
        long? end = atMs is { } at ? Math.Min(Math.Max(at, live.StartedMs + MinTagLifeMs), live.NowMs + MaxTagLifeMs) : null;
        if (end == live.ExpiresMs)
            return;
        await tx.ExecuteAsync($"UPDATE tag SET expires_ms = {(end is null ? "NULL" : "@end")} WHERE {ThisTag} AND ended_ms IS NULL",
            [("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag), .. end is null ? [] : new (string, object?)[] { ("end", end) }]);
        await Events.AddAsync(tx, "tag.expiration", access.NamespaceId, access.RepositoryId, live.Digest.ToArray(),
            $$"""{"by":{{by.AccountId}},"tag":"{{tag}}","expiration_date":{{Date(end)}},"old_expiration_date":{{Date(live.ExpiresMs)}}}""");

        static string Date(long? ms) => ms is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at).ToString("'\"'yyyy-MM-dd'T'HH:mm:ss'Z\"'", CultureInfo.InvariantCulture) : "null";
    }

    /// <summary>The manifests that an index names, and those that they name.</summary>
    private static ValueTask<List<byte[]>> ChildrenAsync(Tx tx, RepositoryAccess access, byte[] index) => tx.ListAsync("""
        WITH RECURSIVE below (digest) AS (
            SELECT digest FROM manifest_ref WHERE namespace_id = @ns AND repository_id = @repo AND manifest = @digest AND kind = 'child'
            UNION
            SELECT r.digest FROM below b JOIN manifest_ref r ON r.namespace_id = @ns AND r.repository_id = @repo AND r.manifest = b.digest AND r.kind = 'child')
        SELECT digest FROM below
        """, static r => r.GetFieldValue<byte[]>(0), ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", index));

    private sealed record LiveTag(Digest Digest, long StartedMs, long? ExpiresMs, long NowMs, bool IsImmutable);
}
