using System.Data.Common;
using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Content;

/// <summary>
/// Takes away what nothing needs any more (contract 2, docs/garbage-collection.md). Each call works off one batch of reviews in one
/// transaction: 1. It takes reviews that are due. 2. It locks what they are about, leaving out what somebody else has. 3. It judges in
/// the next statement, from scratch, so that whoever came before is seen and whoever comes later waits or finds it gone. 4. What is
/// needed leaves the queue, or waits for the end of a hold whose end is known; what is not is released first, and goes a grace later.
/// Bytes are deleted afterwards, outside of any transaction (<see cref="Garbage"/>).
/// </summary>
internal sealed partial class Collector(Database db, ContentStore content, IEnumerable<NamespacePurge> purges, LifetimeOptions options)
{
    /// <summary>What a backup holds while it copies: nothing that it may have seen in the database goes from the store.</summary>
    public const string Hold = "gc-hold";

    /// <summary>How long to wait for what somebody else has locked, or a backup holds.</summary>
    private const long AgainMs = 5000;

    private readonly long _graceMs = (long)options.Grace.TotalMilliseconds;
    private readonly long _condemnedMs = (long)options.RestoreWindow(db).TotalMilliseconds;

    /// <summary>The kinds of reviews, each before those that it may cause.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["namespace", "repository", "lifted", "manifest", "link", "blob", "content", "usage"];

    /// <summary>Works off one batch of reviews that are due.</summary>
    /// <returns>How many there were, and what became of them.</returns>
    public Task<Collected> ReviewAsync(string kind, int count, CancellationToken ct) => db.WriteAsync(tx => kind switch
    {
        "namespace" => ReviewNamespaceAsync(tx),
        "repository" => ReviewRepositoryAsync(tx, count),
        "lifted" => ReviewLiftedAsync(tx, count),
        "manifest" => ReviewBatchAsync(tx, kind, count, LockManifests, ReadManifests, Decide, CollectManifestsAsync),
        "link" => ReviewBatchAsync(tx, kind, count, LockLinks, ReadLinks, Decide, UnlinkAsync),
        "blob" => ReviewBatchAsync(tx, kind, count, LockBlobs, ReadBlobs, Decide, RemoveBlobsAsync),
        "content" => ReviewBatchAsync(tx, kind, count, LockContents, ReadContents, Decide, RemoveContentsAsync),
        "usage" => ReviewBatchAsync(tx, kind, count, LockUsages, ReadUsages, Decide, UncountAsync),
        _ => throw new ArgumentException($"There is no review of the kind {kind}.", nameof(kind)),
    }, ct);

    /// <summary>What the same would do with the reviews that are due now, from a number on; it changes nothing.</summary>
    public async Task<(Collected Would, long Last)> PreviewAsync(string kind, long after, int count, CancellationToken ct)
    {
        var due = await db.ListAsync("SELECT id FROM gc_review WHERE kind = @kind AND due_ms <= now_ms() AND id > @after ORDER BY id LIMIT @count",
            static r => r.GetInt64(0), ct, ("kind", kind), ("after", after), ("count", count));
        if (due.Count == 0)
            return (default, 0);
        var ids = ("ids", (object?)due.ToArray());
        var rows = kind switch
        {
            "manifest" => await db.ListAsync(ReadManifests, ReadState, ct, ids),
            "link" => await db.ListAsync(ReadLinks, ReadState, ct, ids),
            "blob" => await db.ListAsync(ReadBlobs, ReadState, ct, ids),
            "content" => await db.ListAsync(ReadContents, ReadState, ct, ids),
            "usage" => await db.ListAsync(ReadUsages, ReadState, ct, ids),
            _ => [],
        };
        var decisions = rows.ConvertAll(Decide);
        return (new Collected(due.Count, decisions.Count(static d => d.Verdict == Verdict.Release), decisions.Count(static d => d.Verdict == Verdict.Collect), decisions.Count(static d => d.Held)), due[^1]);
    }

    private async ValueTask<Collected> ReviewBatchAsync(
        Tx tx, string kind, int count, string lockSql, string readSql, Func<State, Decision> decide, Func<Tx, long[], ValueTask> collectAsync)
    {
        // 1.
        var due = await tx.ListAsync($"""
            SELECT id FROM gc_review WHERE kind = @kind AND due_ms <= now_ms() ORDER BY due_ms LIMIT @count {db.ForUpdateSkipLocked}
            """, static r => r.GetInt64(0), ("kind", kind), ("count", count));
        if (due.Count == 0)
            return default;
        var ids = ("ids", (object?)due.ToArray());
        // 2. Whoever sets a hold has been before, or comes after this transaction.
        if (db.ForKeyShare.Length > 0 && kind is "manifest" or "link")
            await tx.ListAsync($"SELECT n.id FROM namespace n WHERE n.id IN (SELECT v.namespace_id FROM gc_review v WHERE v.id {db.Among("ids")}) ORDER BY n.id {db.ForKeyShare}", static _ => 0, ids);
        var locked = await tx.ListAsync(lockSql, static r => r.GetInt64(0), ids);
        // 3. What is there but not locked belongs to somebody else now; what is not there any more needs no review.
        var states = await tx.ListAsync(readSql, ReadState, ids);
        var mine = locked.ToHashSet();
        var (done, kept, again, collect) = (due.ToHashSet(), new List<long>(), new List<(State State, long DueMs)>(), new List<long>());
        var release = new List<long>();
        foreach (var state in states)
        {
            var decision = mine.Contains(state.Id) ? decide(state) : new Decision(Verdict.Wait, state.NowMs + AgainMs);
            switch (decision.Verdict)
            {
                case Verdict.Collect:
                    collect.Add(state.Id);
                    break;
                case Verdict.Release:
                    release.Add(state.Id);
                    again.Add((state, decision.DueMs));
                    break;
                default:
                    if (decision.Verdict == Verdict.Wait)
                        again.Add((state, decision.DueMs));
                    if (decision.Verdict == Verdict.Keep || decision.Held)
                        kept.Add(state.Id);
                    break;
            }
        }
        // 4.
        if (release.Count > 0)
            await MarkAsync(tx, kind, [.. release], released: true);
        if (kept.Count > 0)
            await MarkAsync(tx, kind, [.. kept], released: false);
        if (collect.Count > 0)
            await collectAsync(tx, [.. collect]);
        if (again.Count > 0)
            await tx.AppendAsync("gc_review", ["kind", "namespace_id", "repository_id", "digest", "due_ms"],
                [.. again.Select(a => new object?[] { kind, a.State.NamespaceId, a.State.RepositoryId, a.State.Digest, a.DueMs })]);
        await tx.ExecuteAsync($"DELETE FROM gc_review WHERE id {db.Among("ids")}", ("ids", done.ToArray()));
        return new Collected(due.Count, release.Count, collect.Count, kept.Count);
    }

    /// <summary>Notes since when nothing needs it, or that something does after all.</summary>
    private ValueTask<int> MarkAsync(Tx tx, string kind, long[] ids, bool released) => kind switch
    {
        "manifest" or "link" => tx.ExecuteAsync($"""
            UPDATE {(kind == "link" ? "repository_blob" : "manifest_link")} AS l SET released_ms = {(released ? "now_ms()" : "NULL")} FROM gc_review v
             WHERE v.id {db.Among("ids")} AND l.namespace_id = v.namespace_id AND l.repository_id = v.repository_id AND l.digest = v.digest
               AND l.released_ms IS {(released ? "" : "NOT")} NULL
            """, ("ids", ids)),
        "blob" => tx.ExecuteAsync($"""
            UPDATE blob AS b SET state = {(released ? "'condemned'" : "'live'")}, condemned_until_ms = {(released ? "now_ms() + @time" : "NULL")} FROM gc_review v
             WHERE v.id {db.Among("ids")} AND b.digest = v.digest AND b.state = {(released ? "'live'" : "'condemned'")}
            """, released ? [("ids", ids), ("time", _condemnedMs)] : [("ids", ids)]),
        _ => new(0),
    };

    private static State ReadState(DbDataReader r) => new(r.GetInt64(0), r.GetInt64(1), r.GetInt64(2), r.GetFieldValue<byte[]>(3), Number(r, 4) == 1, Number(r, 5), Number(r, 6), Number(r, 7) == 1, Number(r, 8) ?? 0);

    private static long? Number(DbDataReader r, int column) => r.IsDBNull(column) ? null : Convert.ToInt64(r.GetValue(column), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>One rule for all kinds: what is held stays; what is not is released and, the grace (a blob's condemned time) later, goes.</summary>
    private Decision Decide(State state) =>
        state.Held ? new(Verdict.Keep, 0, true)
        : state.Forced ? new(Verdict.Collect, 0)
        : state.HeldUntilMs is { } until && until > state.NowMs ? new(Verdict.Wait, until, state.NamespaceId != 0)
        : state.ReleasedMs is not { } released ? new(Verdict.Release, state.NowMs + state.GraceMs(this))
        : released + state.GraceMs(this) > state.NowMs ? new(Verdict.Wait, released + state.GraceMs(this))
        : new(Verdict.Collect, 0);

    internal static async ValueTask CountAsync(Tx tx, int manifests, int links, int blobs, long bytes) => await tx.ExecuteAsync("""
        INSERT INTO gc_day (day_ms, manifests, links, blobs, bytes) SELECT now_ms() / 86400000 * 86400000, @manifests, @links, @blobs, @bytes WHERE 1 = 1
        ON CONFLICT (day_ms) DO UPDATE SET manifests = gc_day.manifests + excluded.manifests, links = gc_day.links + excluded.links, blobs = gc_day.blobs + excluded.blobs, bytes = gc_day.bytes + excluded.bytes
        """, ("manifests", (long)manifests), ("links", (long)links), ("blobs", (long)blobs), ("bytes", bytes));

    /// <summary>Tells other replicas, and the audit trail, what a repository has no more.</summary>
    private async ValueTask TellAsync(Tx tx, IEnumerable<(long Namespace, long Repository, byte[] Digest)> gone, string what)
    {
        foreach (var of in gone.GroupBy(static g => (g.Namespace, g.Repository)))
            foreach (var digests in of.Select(static g => new Digest(g.Digest)).Chunk(CollectedContent.MaxDigests))
            {
                await Events.AddAsync(tx, "content.collected", of.Key.Namespace, of.Key.Repository, null,
                    JsonSerializer.Serialize(new CollectedContent(what, digests.Length, [.. digests.Select(static d => d.ToString())]), PayloadJson.Default.CollectedContent));
                tx.OnCommit(() => content.Drop(of.Key.Repository, digests));
            }
    }

    /// <summary>What is judged, in the same form for all kinds.</summary>
    /// <param name="Held">By something without a known end.</param>
    /// <param name="HeldUntilMs">The last end of what has one; of a blob, until when it is condemned.</param>
    /// <param name="Forced">Whether it goes at once because its repository does.</param>
    private readonly record struct State(long Id, long NamespaceId, long RepositoryId, byte[] Digest, bool Held, long? HeldUntilMs, long? ReleasedMs, bool Forced, long NowMs)
    {
        public long GraceMs(Collector of) => NamespaceId == 0 ? of._condemnedMs : of._graceMs;
    }

    private readonly record struct Decision(Verdict Verdict, long DueMs, bool Held = false);

    private enum Verdict
    {
        Keep,
        Wait,
        Release,
        Collect,
    }
}

/// <summary>What became of a batch of reviews.</summary>
/// <param name="Reviewed">How many there were.</param>
/// <param name="Released">How many things nothing needs; they go later, unless somebody asks for them.</param>
/// <param name="Removed">How many went.</param>
/// <param name="Kept">How many something needs.</param>
internal readonly record struct Collected(int Reviewed, int Released, int Removed, int Kept);

/// <summary>How a slice takes away what it has about a namespace that is gone for good; registered as a singleton, run in the transaction that ends it.</summary>
internal sealed record NamespacePurge(Func<Tx, long, ValueTask> Run);
