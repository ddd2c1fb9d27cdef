using System.Data.Common;
using Wharf.Oci;
using Wharf.Server.Data;

namespace Wharf.Server.Scrub;

/// <summary>The walks and what they found.</summary>
internal sealed class ScrubStore(Database db)
{
    /// <summary>How many findings of a walk are kept; the others are only counted.</summary>
    private const int MostFindings = 10_000;

    // Of how many walks.
    private const int MostRuns = 20;

    private const string Columns = "id, started_ms, ended_ms, by_hand, hashes, phase, place, blobs, manifests, bytes, unnamed, unnamed_bytes, findings, repaired";

    /// <summary>The worker's walk that is not ended.</summary>
    public ValueTask<ScrubRun?> OpenAsync(CancellationToken ct) => db.OneAsync($"SELECT {Columns} FROM scrub_run WHERE ended_ms IS NULL AND by_hand = 0 ORDER BY id DESC LIMIT 1", Read, ct);

    /// <summary>The newest walk that is ended, or that is not.</summary>
    public ValueTask<ScrubRun?> LastAsync(bool ended, CancellationToken ct) =>
        db.OneAsync($"SELECT {Columns} FROM scrub_run WHERE ended_ms IS {(ended ? "NOT" : "")} NULL ORDER BY id DESC LIMIT 1", Read, ct);

    public ValueTask<long> SinceLastMsAsync(CancellationToken ct) => db.OneAsync("SELECT coalesce(now_ms() - max(started_ms), now_ms()) FROM scrub_run WHERE by_hand = 0", static r => r.GetInt64(0), ct);

    public Task<ScrubRun> BeginAsync(bool byHand, bool hashes, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        // One that was asked for and did not come to its end will not go on.
        await tx.ExecuteAsync("UPDATE scrub_run SET ended_ms = now_ms(), phase = 'aborted' WHERE ended_ms IS NULL AND by_hand = 1");
        var run = (await tx.OneAsync($"INSERT INTO scrub_run (started_ms, by_hand, hashes, phase, place) VALUES (now_ms(), @hand, @hashes, 'blobs', '') RETURNING {Columns}", Read,
            ("hand", byHand ? 1L : 0L), ("hashes", hashes ? 1L : 0L)))!;
        await tx.ExecuteAsync($"DELETE FROM scrub_finding WHERE run_id <= @id - {MostRuns}", ("id", run.Id));
        await tx.ExecuteAsync($"DELETE FROM scrub_run WHERE id <= @id - {MostRuns}", ("id", run.Id));
        return run;
    }, ct);

    public Task SaveAsync(ScrubRun run, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("""
        UPDATE scrub_run SET phase = @phase, place = @place, blobs = @blobs, manifests = @manifests, bytes = @bytes, unnamed = @unnamed, unnamed_bytes = @unnamedBytes, findings = @findings, repaired = @repaired,
               ended_ms = CASE WHEN @phase = 'done' THEN now_ms() ELSE NULL END
         WHERE id = @id
        """, ("phase", run.Phase), ("place", run.Place), ("blobs", run.Blobs), ("manifests", run.Manifests), ("bytes", run.Bytes), ("unnamed", run.Unnamed), ("unnamedBytes", run.UnnamedBytes),
        ("findings", run.Findings), ("repaired", run.Repaired), ("id", run.Id)), ct);

    public Task AddAsync(ScrubRun run, string kind, Digest? digest, string name, string detail, string state, CancellationToken ct) => run.Findings >= MostFindings ? Task.CompletedTask : db.WriteAsync(tx => tx.ExecuteAsync(
        "INSERT INTO scrub_finding (run_id, kind, digest, name, detail, state, at_ms) VALUES (@run, @kind, @digest, @name, @detail, @state, now_ms())",
        ("run", run.Id), ("kind", kind), ("digest", digest?.ToArray()), ("name", name), ("detail", detail), ("state", state)), ct);

    /// <summary>What a walk found, after a number.</summary>
    public ValueTask<List<ScrubFinding>> FindingsAsync(long runId, long after, int count, CancellationToken ct) => db.ListAsync(
        "SELECT id, kind, digest, name, detail, state, at_ms FROM scrub_finding WHERE run_id = @run AND id > @after ORDER BY id LIMIT @count",
        static r => new ScrubFinding(r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? null : new Digest(r.GetFieldValue<byte[]>(2)).ToString(), r.GetString(3), r.GetString(4), r.GetString(5), r.GetInt64(6)), ct,
        ("run", runId), ("after", after), ("count", count));

    private static ScrubRun Read(DbDataReader r) => new(r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt64(3) == 1, r.GetInt64(4) == 1, r.GetString(5), r.GetString(6),
        r.GetInt64(7), r.GetInt64(8), r.GetInt64(9), r.GetInt64(10), r.GetInt64(11), r.GetInt64(12), r.GetInt64(13));
}
