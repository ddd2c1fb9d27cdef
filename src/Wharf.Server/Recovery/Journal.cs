using System.Security.Cryptography;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Hosting;

namespace Wharf.Server.Recovery;

/// <summary>
/// Writes the metadata into the blob storage (contract 12), so that a lost database can be made anew from there: now and then all of
/// it (a snapshot), and in between the present rows of what the outbox says was changed. Lines say what is, not what happened, so
/// that the last one about a row wins and none does harm twice.
/// <para>The number of a file is taken before its first row is read. A writer that was paused meanwhile and wakes therefore leaves at most
/// a file that later ones overrule.</para>
/// </summary>
internal sealed partial class Journal(Database db, Locations locations, DataDirectory data, RecoveryOptions options, ILogger<Journal> logger) : IDisposable
{
    // Events of one file of changes.
    private const int MaxEvents = 50_000;

    private readonly SemaphoreSlim _turn = new(1);

    // How many stored files of which locations the last file of changes told of. They are few, and no event tells of them.
    private List<(string Location, long Count, string First)>? _storedFiles;

    // Whether this process has seen a snapshot in the place.
    private bool _hasSnapshot;

    private string Position => db is PostgresDatabase ? "seq" : "id";

    // The position of the last event, also of one that was removed since.
    private string Newest => db is PostgresDatabase ? "SELECT last FROM event_position" : "SELECT seq FROM sqlite_sequence WHERE name = 'event'";

    public void Dispose() => _turn.Dispose();

    /// <summary>The last event whose change is in a file; 0 before the first snapshot.</summary>
    public ValueTask<long> WrittenAsync(CancellationToken ct) => db.OneAsync("SELECT position FROM journal_state WHERE snapshot_ms IS NOT NULL", static r => r.GetInt64(0), ct);

    /// <summary>Reads all files again; what is wrong with which.</summary>
    public async IAsyncEnumerable<(string Name, string Problem)> CheckAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        foreach (var file in await JournalName.ListAsync(locations.Primary.Driver, ct))
            // A file that went meanwhile was not needed any more.
            if ((await JournalReader.VerifyAsync(locations.Primary.Driver, file, ct)).Problem is { } problem && await locations.Primary.Driver.OpenFileAsync(file.Name, ct) is { } there)
            {
                await there.DisposeAsync();
                yield return (file.Name, problem);
            }
    }

    /// <summary>Writes the next file, where there is anything to tell.</summary>
    /// <param name="progress">Called now and then while that takes time.</param>
    /// <returns>Whether there is more to write at once.</returns>
    public async Task<bool> WriteAsync(Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            var state = await StateAsync(ct) ?? await BeginLifeAsync(ct);
            var (first, last, nowMs) = await db.OneAsync($"SELECT coalesce((SELECT min({Position}) FROM event), 0), coalesce(({Newest}), 0), now_ms()",
                static r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), ct);
            // After events were removed that this has not read, or the database was set back, only a snapshot tells the truth.
            // So is it in a place that has none yet of this life: blobs go elsewhere than before, or to another place of the same name.
            _hasSnapshot = _hasSnapshot || (await JournalName.ListAsync(locations.Primary.Driver, ct)).Exists(f => f.IsSnapshot && f.Number < state.NextFile);
            var whole = !_hasSnapshot || state.Location != locations.Primary.Name || state.SnapshotMs is not { } since || nowMs - since >= options.SnapshotEvery.TotalMilliseconds
                || last < state.Position || (last > state.Position && (first == 0 || first > state.Position + 1));
            return whole ? await WriteSnapshotAsync(state, last, nowMs, progress, ct) : last > state.Position && await WriteChangesAsync(state, nowMs, progress, ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<bool> WriteSnapshotAsync(State state, long to, long nowMs, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        var before = await JournalName.ListAsync(locations.Primary.Driver, ct);
        // A database that was set back to an earlier state by other means than a restore does not know the files that came after.
        if (before.Count > 0 && before[^1].Number >= state.NextFile)
            state = await BeginLifeAsync(ct);
        var lines = 0L;
        var name = await StoreAsync(state, true, to, nowMs, async writer =>
        {
            foreach (var table in JournalTable.All)
                await CopyAsync(writer, table, table.Where, progress, ct);
            lines = writer.Lines;
        }, ct);
        if (name is null)
            return true;
        _hasSnapshot = true;
        Log.Snapshot(logger, name.Value.Name, lines);
        // Two snapshots, so that one that cannot be read does no harm, and everything from the first of them on.
        var snapshots = before.Where(static f => f.IsSnapshot).ToList();
        if (snapshots.Count > 0)
            foreach (var old in before.Where(f => f.Number < snapshots[^1].Number).Chunk(1000))
                await locations.Primary.Driver.DeleteFilesAsync([.. old.Select(static f => f.Name)], ct);
        return false;
    }

    private async Task<bool> WriteChangesAsync(State state, long nowMs, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        var (changes, to) = (new Changes(), state.Position);
        while (to - state.Position < MaxEvents && await ReadEventsAsync(changes, to, ct) is > 0 and var last)
            to = last;
        await StoreAsync(state, false, to, nowMs, writer => CopyAsync(writer, changes, progress, ct), ct);
        return to - state.Position >= MaxEvents;
    }

    /// <returns>Null when the number is taken by a file of another life, after which a new life is begun; or when another writer was faster.</returns>
    private async Task<JournalName?> StoreAsync(State state, bool snapshot, long to, long nowMs, Func<JournalWriter, Task> write, CancellationToken ct)
    {
        var number = await db.WriteAsync(tx => tx.OneAsync("UPDATE journal_state SET next_file = next_file + 1 WHERE life = @life RETURNING next_file - 1", static r => r.GetInt64(0), ("life", state.Life)), ct);
        if (number == 0)
            return null;
        await using var file = new FileStream(data.File("journal.new"), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);
        await using (var writer = new JournalWriter(file))
        {
            await writer.WriteAsync(new JournalHeader(JournalHeader.CurrentVersion, state.Life, number, snapshot, snapshot ? 0 : state.Position, to, nowMs), ct);
            await write(writer);
            await writer.EndAsync(ct);
        }
        file.Position = 0;
        var name = JournalName.Of(number, snapshot, nowMs);
        if (!await locations.Primary.Driver.PutFileAsync(name.Name, file, ct))
        {
            Log.Taken(logger, name.Name);
            await BeginLifeAsync(ct);
            return null;
        }
        var moved = await db.WriteAsync(tx => tx.ExecuteAsync(
            "UPDATE journal_state SET position = @to, location = @location, snapshot_ms = CASE WHEN @snapshot = 1 THEN @now ELSE snapshot_ms END WHERE life = @life AND position = @from",
            ("to", to), ("location", locations.Primary.Name), ("snapshot", snapshot ? 1L : 0L), ("now", nowMs), ("life", state.Life), ("from", state.Position)), ct);
        return moved == 1 ? name : null;
    }

    private ValueTask<State?> StateAsync(CancellationToken ct) => db.OneAsync("SELECT life, next_file, position, snapshot_ms, location FROM journal_state",
        static r => (State?)new State(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3), r.GetString(4)), ct);

    // A life begins with a snapshot, whose number is larger than that of every file there.
    private async Task<State> BeginLifeAsync(CancellationToken ct)
    {
        var files = await JournalName.ListAsync(locations.Primary.Driver, ct);
        var (life, next) = (NewLife(), files.Count > 0 ? files[^1].Number + 1 : 1);
        await db.WriteAsync(tx => BeginLifeAsync(tx, life, next, 0), ct);
        return (await StateAsync(ct))!;
    }

    public static string NewLife() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    public static ValueTask<int> BeginLifeAsync(Tx tx, string life, long nextFile, long position) => tx.ExecuteAsync("""
        INSERT INTO journal_state (one, life, next_file, position, snapshot_ms) VALUES (1, @life, @next, @position, NULL)
        ON CONFLICT (one) DO UPDATE SET life = excluded.life, next_file = CASE WHEN excluded.next_file > journal_state.next_file THEN excluded.next_file ELSE journal_state.next_file END,
               position = excluded.position, snapshot_ms = NULL
        """, ("life", life), ("next", nextFile), ("position", position));

    /// <param name="Location">Where the last file went; empty when no file tells.</param>
    private sealed record State(string Life, long NextFile, long Position, long? SnapshotMs, string Location);

    private static partial class Log
    {
        [LoggerMessage(340, LogLevel.Information, "All metadata is in the blob storage: {Name}, {Lines} lines")]
        public static partial void Snapshot(ILogger logger, string name, long lines);

        [LoggerMessage(341, LogLevel.Warning, "There already is a file {Name} of the journal, of another database: this one goes on behind all files, with a snapshot")]
        public static partial void Taken(ILogger logger, string name);
    }
}
