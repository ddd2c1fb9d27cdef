using System.Globalization;
using Wharf.Oci;
using Wharf.Scanner.Indexing;
using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>
/// What is to be scanned. Pushes come by the outbox, all that was there before by <see cref="FillAsync"/>. Whoever takes a manifest counts the attempt first and
/// has it for half a minute, again and again while it is scanned: an image that ends the process is tried as often as any other, and never holds up the rest.
/// </summary>
internal sealed class ScanQueue(Database db, SecurityOptions options, TimeProvider clock)
{
    /// <summary>How often a turn is to be kept; it is another's after six times as long.</summary>
    public static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(5);

    private const int Page = 1000;
    // A turn that was not queued anew, nor taken by another, since it was taken.
    private const string Mine = "manifest = @manifest AND attempts = @attempt AND queued_ms = @queued AND due_ms IS NOT NULL";
    private static readonly long s_turnMs = (long)KeepEvery.TotalMilliseconds * 6;
    private static readonly TimeSpan s_shareIsGood = TimeSpan.FromSeconds(30);

    private Tuple<double, long>? _share;

    /// <summary>Puts what was pushed since the last call into the queue.</summary>
    public async Task FeedAsync(CancellationToken ct)
    {
        if (await db.OneAsync("SELECT position FROM scan_position", static r => (long?)r.GetInt64(0), ct) is not { } position)
        {
            await FillAsync(ct);
            return;
        }
        while (true)
        {
            var pushed = await db.ListAsync("SELECT seq, digest FROM event WHERE seq > @position AND kind = 'manifest.pushed' ORDER BY seq LIMIT @count",
                static r => (Seq: r.GetInt64(0), Digest: r.GetFieldValue<byte[]>(1)), ct, ("position", position), ("count", Page));
            if (pushed.Count == 0)
                return;
            await db.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync($"""
                    INSERT INTO scan (manifest, state, attempts, due_ms, version, queued_ms) SELECT DISTINCT value, 'queued', 0, now_ms(), 0, now_ms() FROM {db.RowsOfBytes("digests")} WHERE 1 = 1
                    ON CONFLICT (manifest) DO NOTHING
                    """, ("digests", pushed.ConvertAll(static p => p.Digest).ToArray()));
                // Another replica may have read further.
                return await tx.ExecuteAsync("UPDATE scan_position SET position = @position WHERE position < @position", ("position", pushed[^1].Seq));
            }, ct);
            position = pushed[^1].Seq;
        }
    }

    /// <summary>Puts everything into the queue that is not in it, and has the outbox read from now on.</summary>
    private Task<int> FillAsync(CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var last = await tx.OneAsync("SELECT coalesce(max(seq), 0) FROM event", static r => r.GetInt64(0));
        await tx.ExecuteAsync("""
            INSERT INTO scan (manifest, state, attempts, due_ms, version, queued_ms) SELECT digest, 'queued', 0, now_ms(), 0, now_ms() FROM manifest WHERE 1 = 1 ON CONFLICT (manifest) DO NOTHING
            """);
        return await tx.ExecuteAsync("INSERT INTO scan_position (one, position) VALUES (1, @last) ON CONFLICT (one) DO NOTHING", ("last", last));
    }, ct);

    /// <summary>Has what an older indexer made scanned anew, a batch at a time; it is shown as it is until then.</summary>
    public Task RenewAsync(CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("""
        UPDATE scan SET due_ms = now_ms(), attempts = 0
         WHERE manifest IN (SELECT manifest FROM scan WHERE version < @version AND version > 0 AND due_ms IS NULL ORDER BY version, manifest LIMIT 500)
        """, ("version", LayerIndexer.Version)), ct);

    /// <summary>Has one scanned anew.</summary>
    public async Task<bool> AgainAsync(Digest manifest, CancellationToken ct) => await db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE scan SET due_ms = now_ms(), queued_ms = now_ms(), attempts = 0, state = CASE WHEN state = 'scanned' THEN state ELSE 'queued' END WHERE manifest = @manifest", ("manifest", manifest.ToArray())), ct) > 0;

    /// <summary>Forgets what was scanned of manifests that are gone.</summary>
    public async Task<bool> SweepAsync(CancellationToken ct)
    {
        var gone = await db.ListAsync("SELECT s.manifest FROM scan s WHERE NOT EXISTS (SELECT 1 FROM manifest m WHERE m.digest = s.manifest) LIMIT 200", static r => r.GetFieldValue<byte[]>(0), ct);
        foreach (var manifest in gone)
            await ForgetAsync(new Digest(manifest), ct);
        return gone.Count > 0;
    }

    public Task ForgetAsync(Digest manifest, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await tx.ExecuteAsync("DELETE FROM manifest_component WHERE manifest = @manifest", ("manifest", manifest.ToArray()));
        return await tx.ExecuteAsync("DELETE FROM scan WHERE manifest = @manifest", ("manifest", manifest.ToArray()));
    }, ct);

    /// <summary>Takes the one that is due longest; null when none is.</summary>
    public async Task<ScanTurn?> TakeAsync(CancellationToken ct)
    {
        // Nearly always there is nothing, which a read tells.
        if (await db.OneAsync("SELECT 1 FROM scan WHERE due_ms <= now_ms() LIMIT 1", static r => r.GetInt32(0), ct) == 0)
            return null;
        return await db.WriteAsync(tx => tx.OneAsync($"""
            UPDATE scan SET attempts = attempts + 1, due_ms = now_ms() + @turn
             WHERE manifest = (SELECT manifest FROM scan WHERE due_ms <= now_ms() ORDER BY due_ms LIMIT 1 {db.ForUpdateSkipLocked})
            RETURNING manifest, attempts, queued_ms
            """, static r => new ScanTurn(new Digest(r.GetFieldValue<byte[]>(0)), (int)r.GetInt64(1), r.GetInt64(2)), ("turn", s_turnMs)), ct);
    }

    /// <summary>Keeps a turn that takes longer.</summary>
    /// <exception cref="InvalidOperationException">It is another's by now.</exception>
    public async Task KeepAsync(ScanTurn turn, CancellationToken ct)
    {
        if (await db.WriteAsync(tx => tx.ExecuteAsync($"UPDATE scan SET due_ms = now_ms() + @turn WHERE {Mine}",
            ("turn", s_turnMs), ("manifest", turn.Manifest.ToArray()), ("attempt", (long)turn.Attempt), ("queued", turn.QueuedMs)), ct) == 0)
            throw new InvalidOperationException($"{turn} is another's by now.");
    }

    /// <summary>Gives a turn back that counts for nothing: the server stops.</summary>
    public Task GiveBackAsync(ScanTurn turn, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        $"UPDATE scan SET attempts = attempts - 1, due_ms = now_ms() WHERE {Mine}", ("manifest", turn.Manifest.ToArray()), ("attempt", (long)turn.Attempt), ("queued", turn.QueuedMs)), ct);

    /// <summary>Ends a turn without a result.</summary>
    /// <param name="state">What is so for good, or <see cref="ScanState.Queued"/> for another attempt.</param>
    public Task EndAsync(ScanTurn turn, string state, string reason, CancellationToken ct)
    {
        var again = state == ScanState.Queued && turn.Attempt < options.Attempts;
        var ends = again ? ScanState.Queued : state == ScanState.Queued ? ScanState.Failed : state;
        // Tried again after half a minute, and then after two.
        return db.WriteAsync(async tx =>
        {
            var mine = await tx.ExecuteAsync($"""
                UPDATE scan SET state = @state, reason = @reason, version = CASE WHEN @again = 1 THEN version ELSE @version END, due_ms = CASE WHEN @again = 1 THEN now_ms() + @pause ELSE NULL END, scanned_ms = now_ms()
                 WHERE {Mine}
                """, ("state", ends), ("reason", reason), ("again", again ? 1L : 0L), ("version", (long)LayerIndexer.Version), ("pause", 30_000L * turn.Attempt * turn.Attempt),
                ("manifest", turn.Manifest.ToArray()), ("attempt", (long)turn.Attempt), ("queued", turn.QueuedMs));
            if (!again && mine > 0)
                await ScanNews.AddAsync(tx, turn.Manifest);
            return mine;
        }, ct);
    }

    /// <summary>How much of all manifests is done with, from 0 to 1; asked for by anybody, so counted each half minute at most.</summary>
    public async Task<double> ShareAsync(CancellationToken ct)
    {
        if (_share is var (known, at) && clock.GetElapsedTime(at) < s_shareIsGood)
            return known;
        var share = await db.OneAsync("SELECT (SELECT count(*) FROM scan WHERE due_ms IS NULL), (SELECT count(*) FROM manifest)", static r => r.GetInt64(1) == 0 ? 1 : Math.Min(1, r.GetInt64(0) / (double)r.GetInt64(1)), ct);
        _share = Tuple.Create(share, clock.GetTimestamp());
        return share;
    }

    /// <summary>How many there are in each state.</summary>
    public async Task<Dictionary<string, long>> CountAsync(CancellationToken ct) =>
        (await db.ListAsync("SELECT state, count(*) FROM scan GROUP BY state", static r => (r.GetString(0), r.GetInt64(1)), ct)).ToDictionary(static s => s.Item1, static s => s.Item2);
}

/// <param name="Attempt">From 1 on.</param>
/// <param name="QueuedMs">When it was queued: what is queued anew while it is scanned is scanned once more.</param>
internal sealed record ScanTurn(Digest Manifest, int Attempt, long QueuedMs)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Manifest} (attempt {Attempt})");
}
