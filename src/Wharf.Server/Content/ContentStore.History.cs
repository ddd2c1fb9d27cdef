using System.Data.Common;
using Wharf.Oci;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

internal sealed partial class ContentStore
{
    private const int MostMissing = 100;

    // A tag is a row of its history for each time that it named something, from the start up to, and without, the end. A row that was
    // deleted for good counts as if it had never been.
    private static string At(string row, string time) => $"""
        {row}.namespace_id = @ns AND {row}.repository_id = @repo AND {row}.collected_ms IS NULL AND {row}.started_ms <= @{time}
           AND ({row}.ended_ms IS NULL OR {row}.ended_ms > @{time}) AND ({row}.expires_ms IS NULL OR {row}.expires_ms > @{time})
        """;

    private static string End(string row) => $"CASE WHEN {row}.ended_ms IS NULL OR {row}.expires_ms < {row}.ended_ms THEN {row}.expires_ms ELSE {row}.ended_ms END";

    /// <summary>How far back the repository can be seen.</summary>
    public ValueTask<Window> WindowAsync(RepositoryAccess access, CancellationToken ct) => db.OneAsync(
        "SELECT now_ms(), tag_expiration_s FROM namespace WHERE id = @ns", static r => new Window(new(r.GetInt64(0)), r.GetInt64(1)), ct, ("ns", access.NamespaceId));

    /// <summary>The manifest that a tag named at a time, also when it was deleted since; null when there was none or it is gone.</summary>
    public ValueTask<(Digest Digest, ManifestEntry Manifest)?> FindManifestAsync(RepositoryAccess access, string tag, Moment at, CancellationToken ct) => db.OneAsync($"""
        SELECT t.digest, l.media_type, m.content
          FROM tag t
          JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest
          JOIN manifest m ON m.digest = l.digest
         WHERE {At("t", "at")} AND t.name = @name
        """, static r => ((Digest, ManifestEntry)?)(new Digest(r.GetFieldValue<byte[]>(0)), new ManifestEntry(r.GetString(1), r.GetFieldValue<byte[]>(2), 0)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag), ("at", at.Ms));

    /// <summary>A manifest as of a time: one that was deleted later is still there.</summary>
    public ValueTask<ManifestEntry?> FindManifestAsync(RepositoryAccess access, Digest digest, Moment at, CancellationToken ct) => db.OneAsync("""
        SELECT l.media_type, m.content
          FROM manifest_link l JOIN manifest m ON m.digest = l.digest
         WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = @digest AND (l.deleted_ms IS NULL OR l.deleted_ms > @at)
        """, static r => new ManifestEntry(r.GetString(0), r.GetFieldValue<byte[]>(1), 0), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("digest", digest.ToArray()), ("at", at.Ms));

    /// <summary>What a tag named that is no more, if that can be had back.</summary>
    public ValueTask<Digest?> FindDeadTagAsync(RepositoryAccess access, string tag, CancellationToken ct) => db.OneAsync($"""
        SELECT t.digest
          FROM tag t JOIN namespace n ON n.id = t.namespace_id
          JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest
         WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name = @name AND t.collected_ms IS NULL
           AND {End("t")} > now_ms() - n.tag_expiration_s * 1000
         ORDER BY t.started_ms DESC LIMIT 1
        """, static r => (Digest?)new Digest(r.GetFieldValue<byte[]>(0)), ct, ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("name", tag));

    /// <summary>Where the tags were at a time, after <paramref name="last"/> in ASCII order.</summary>
    public ValueTask<List<PastTag>> ListTagsAsync(RepositoryAccess access, Moment at, string last, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT t.name, t.digest, l.media_type, t.started_ms, {End("t")}
          FROM tag t
          LEFT JOIN manifest_link l ON l.namespace_id = t.namespace_id AND l.repository_id = t.repository_id AND l.digest = t.digest
         WHERE {At("t", "at")} AND t.name > @last
         ORDER BY t.name LIMIT @count
        """, static r => new PastTag(r.GetString(0), new Digest(r.GetFieldValue<byte[]>(1)), r.IsDBNull(2) ? null : r.GetString(2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetInt64(4)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("at", at.Ms), ("last", last), ("count", count));

    /// <summary>The tags that were elsewhere, or not there, at one of two times, after <paramref name="last"/> in ASCII order.</summary>
    public ValueTask<List<TagDifference>> CompareAsync(RepositoryAccess access, Moment from, Moment to, string last, int count, CancellationToken ct) => db.ListAsync($"""
        WITH changed AS (
            SELECT DISTINCT t.name FROM tag t
             WHERE t.namespace_id = @ns AND t.repository_id = @repo AND t.name > @last AND t.collected_ms IS NULL
               AND ((t.started_ms > @from AND t.started_ms <= @to) OR (t.ended_ms > @from AND t.ended_ms <= @to) OR (t.expires_ms > @from AND t.expires_ms <= @to)))
        SELECT p.name, p.was, p.becomes, CASE WHEN p.becomes IS NULL THEN {End("e")} ELSE e.started_ms END, w.name
          FROM (SELECT c.name, a.digest AS was, b.digest AS becomes
                  FROM changed c
                  LEFT JOIN tag a ON {At("a", "from")} AND a.name = c.name
                  LEFT JOIN tag b ON {At("b", "to")} AND b.name = c.name
                 WHERE a.digest IS DISTINCT FROM b.digest
                 ORDER BY c.name LIMIT @count) p
          JOIN tag e ON e.namespace_id = @ns AND e.repository_id = @repo AND e.name = p.name AND e.started_ms = (
               SELECT max(x.started_ms) FROM tag x WHERE x.namespace_id = @ns AND x.repository_id = @repo AND x.name = p.name AND x.collected_ms IS NULL AND x.started_ms <= @to)
          LEFT JOIN namespace w ON w.id = CASE WHEN p.becomes IS NULL THEN e.ended_by ELSE e.started_by END
         ORDER BY p.name
        """, static r => new TagDifference(r.GetString(0), DigestOrNone(r, 1), DigestOrNone(r, 2), r.GetInt64(3), r.IsDBNull(4) ? null : r.GetString(4)), ct,
        ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("from", from.Ms), ("to", to.Ms), ("last", last), ("count", count));

    /// <summary>What a rewind would do.</summary>
    public async ValueTask<Rewind> PlanRewindAsync(RepositoryAccess access, Moment at, CancellationToken ct)
    {
        var args = Args(access, at);
        var missing = await db.ListAsync($"""
            SELECT DISTINCT t.digest FROM tag t
             WHERE {At("t", "at")}
               AND NOT EXISTS (SELECT 1 FROM manifest_link l WHERE l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = t.digest)
             ORDER BY t.digest LIMIT {MostMissing}
            """, static r => new Digest(r.GetFieldValue<byte[]>(0)), ct, args);
        return Count(Turns(await db.ListAsync(ThenAndNow, Read, ct, args)), missing);
    }

    /// <summary>
    /// Puts every tag where it was at a time and ends those that were not there, all or nothing. One statement does a step for all tags,
    /// under one lock for all of them: 100,000 single ones do not fit into PostgreSQL's table of locks.
    /// </summary>
    public async Task<(Refusal? Refusal, Rewind Done)> RewindAsync(Principal by, RepositoryAccess access, Moment at, CancellationToken ct)
    {
        // The rules are told which tags it would be; where it turns out that others are among them, they are told anew.
        for (var attempt = 1; ; attempt++)
        {
            var planned = Turns(await db.ListAsync(ThenAndNow, Read, ct, Args(access, at))).ConvertAll(static t => t.Name);
            var (refusal, done) = await RewindAsync(by, access, at, planned, ct);
            if (!ReferenceEquals(refusal, s_otherTags) || attempt == MaxRewinds)
                return (refusal, done);
        }
    }

    private const int MaxRewinds = 30;
    private static readonly Refusal s_otherTags = new(RefusalKind.RuleChanged);

    private async Task<(Refusal? Refusal, Rewind Done)> RewindAsync(Principal by, RepositoryAccess access, Moment at, List<string> planned, CancellationToken ct)
    {
        var done = new Rewind(0, 0, 0, []);
        var refusal = await rules.ApplyAsync(new Change(ChangeKind.Rewind, by, access) { Tags = planned }, async terms =>
        {
            try
            {
                done = await db.WriteAsync(tx => RewindTagsAsync(tx, by, access, at, [.. planned], terms), ct);
                return null;
            }
            catch (NotRewoundException e)
            {
                done = new Rewind(0, 0, 0, [.. e.Missing.Take(MostMissing)]);
                return e.Refusal;
            }
        }, ct);
        return (refusal, done);
    }

    private async ValueTask<Rewind> RewindTagsAsync(Tx tx, Principal by, RepositoryAccess access, Moment at, HashSet<string> planned, Terms terms)
    {
        var args = Args(access, at);
        // Lock order: tags, manifests (contract 2). All that the tags named then, also where one names it now: it may have been deleted.
        if (db.LockTags is { } takeTurn)
            await tx.ExecuteAsync(takeTurn, ("repo", access.RepositoryId));
        var digests = await tx.ListAsync($"SELECT DISTINCT t.digest FROM tag t WHERE {At("t", "at")}", static r => r.GetFieldValue<byte[]>(0), args);
        if (await ReviveAsync(tx, access, [.. digests]) is { Count: > 0 } gone)
            throw new NotRewoundException(null, gone);
        if (await CheckRepositoryAsync(tx, access) is { } refusal)
            throw new NotRewoundException(refusal, []);
        var turns = Turns(await tx.ListAsync(ThenAndNow, Read, args));
        if (!turns.TrueForAll(t => planned.Contains(t.Name)))
            throw new NotRewoundException(s_otherTags, []);
        if (await terms.CheckAsync(tx) is { } forbidden)
            throw new NotRewoundException(forbidden, []);

        var left = await tx.ListAsync($"""
            UPDATE tag SET ended_ms = {ItsEnd}, ended_by = CASE WHEN expires_ms <= now_ms() THEN NULL ELSE @by END
             WHERE namespace_id = @ns AND repository_id = @repo AND ended_ms IS NULL AND name {db.Among("names")}
            RETURNING digest
            """, static r => r.GetFieldValue<byte[]>(0), [.. args, ("by", by.AccountId), ("names", turns.Where(static t => t.Ends).Select(static t => t.Name).ToArray())]);
        await Reviews.AddAsync(tx, $"SELECT DISTINCT 'manifest', @ns, @repo, value, {Reviews.AfterWindow} FROM {db.RowsOfBytes("left")}",
            ("ns", access.NamespaceId), ("repo", access.RepositoryId), ("left", left.DistinctBy(static d => new Digest(d)).ToArray()));
        // The row that started last ended last. A tag's end that lies ahead comes along; where it has passed, the tag lives as long as
        // one that is pointed at its manifest now.
        await tx.ExecuteAsync($"""
            INSERT INTO tag (namespace_id, repository_id, name, digest, started_ms, expires_ms, started_by, reversion, immutable)
            SELECT t.namespace_id, t.repository_id, t.name, t.digest, (
                   SELECT CASE WHEN now_ms() > x.started_ms AND now_ms() >= x.ended_ms THEN now_ms() WHEN x.ended_ms > x.started_ms THEN x.ended_ms ELSE x.started_ms + 1 END
                     FROM tag x WHERE x.namespace_id = @ns AND x.repository_id = @repo AND x.name = t.name ORDER BY x.started_ms DESC LIMIT 1),
                   CASE WHEN l.immutable = 1 OR t.name {db.Among("immutable")} THEN NULL
                        WHEN t.expires_ms IS NULL OR t.expires_ms > now_ms() THEN t.expires_ms
                        ELSE now_ms() + l.expires_after_ms END, @by, 1, CASE WHEN l.immutable = 1 OR t.name {db.Among("immutable")} THEN 1 ELSE 0 END
              FROM tag t
              LEFT JOIN manifest_link l ON l.namespace_id = @ns AND l.repository_id = @repo AND l.digest = t.digest
             WHERE {At("t", "at")} AND t.name {db.Among("names")}
            """, [.. args, ("by", by.AccountId), ("immutable", terms.Immutable.ToArray()), ("names", turns.Where(static t => t.Begins).Select(static t => t.Name).ToArray())]);
        var done = Count(turns, []);
        await Events.AddAsync(tx, "repository.rewound", access.NamespaceId, access.RepositoryId, null,
            $$"""{"by":{{by.AccountId}},"name":"{{access.Name}}","as_of":"{{at}}","added":{{done.Added}},"moved":{{done.Moved}},"removed":{{done.Removed}}}""");
        return done;
    }

    // Both rows of a tag, that of the time and the last one, where there are two. It is told here, and not by a join of the table with
    // itself, what is to be done: where a repository has most of the rows, PostgreSQL expects a few and would look at all for each.
    private static readonly string ThenAndNow = $"""
        SELECT t.name, t.digest, CASE WHEN {At("t", "at")} THEN 1 ELSE 0 END, CASE WHEN t.ended_ms IS NULL THEN 1 ELSE 0 END, CASE WHEN t.expires_ms <= now_ms() THEN 1 ELSE 0 END
          FROM tag t
         WHERE t.namespace_id = @ns AND t.repository_id = @repo AND (t.ended_ms IS NULL OR ({At("t", "at")}))
        """;

    private static TagRow Read(DbDataReader r) => new(r.GetString(0), new Digest(r.GetFieldValue<byte[]>(1)), r.GetInt32(2) == 1, r.GetInt32(3) == 1, r.GetInt32(4) == 1);

    private static List<Turn> Turns(List<TagRow> rows)
    {
        var turns = new List<Turn>();
        foreach (var tag in rows.GroupBy(static r => r.Name, StringComparer.Ordinal))
        {
            var (then, now) = (tag.FirstOrDefault(static r => r.IsOfThen), tag.FirstOrDefault(static r => r.IsLast));
            var isLive = now is { IsExpired: false };
            if (now is null ? then is not null : !isLive || now.Digest != then?.Digest)
                turns.Add(new Turn(tag.Key, now is not null, isLive, then is not null));
        }
        return turns;
    }

    private static Rewind Count(List<Turn> turns, IReadOnlyList<Digest> missing) => new(
        turns.Count(static t => t is { Begins: true, IsLive: false }), turns.Count(static t => t is { Begins: true, IsLive: true }), turns.Count(static t => t is { Begins: false, IsLive: true }), missing);

    private static (string, object?)[] Args(RepositoryAccess access, Moment at) => [("ns", access.NamespaceId), ("repo", access.RepositoryId), ("at", at.Ms)];

    /// <param name="IsOfThen">Whether the tag was there at the time.</param>
    /// <param name="IsLast">Whether nobody has ended it; it may have ended by itself.</param>
    private sealed record TagRow(string Name, Digest Digest, bool IsOfThen, bool IsLast, bool IsExpired);

    /// <summary>A tag that a rewind changes: its last row ends, or another begins, or both.</summary>
    private readonly record struct Turn(string Name, bool Ends, bool IsLive, bool Begins);

    private static Digest DigestOrNone(DbDataReader r, int column) => r.IsDBNull(column) ? default : new Digest(r.GetFieldValue<byte[]>(column));

    /// <summary>Takes back what the transaction has done so far.</summary>
    private sealed class NotRewoundException(Refusal? refusal, IReadOnlyList<Digest> missing) : Exception
    {
        public Refusal? Refusal => refusal;

        public IReadOnlyList<Digest> Missing => missing;
    }
}
