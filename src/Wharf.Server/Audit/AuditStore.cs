using System.Globalization;
using Wharf.Server.Data;

namespace Wharf.Server.Audit;

/// <summary>The trail's rows: batches and their lines in, and in order out again.</summary>
internal sealed class AuditStore(AuditDatabase audit)
{
    private const string BatchColumns = "writer, n, day, count, from_ms, to_ms, prev, root, hash";
    private static readonly string[] s_columns = ["day", "writer", "n", "i", "at_ms", "class", "kind", "namespace_id", "repository_id", "performer_id", "about_id", "digest_key", "line"];
    private int _readyDay = -1;

    private Database Db => audit.Value;

    /// <summary>Makes the day's partition. Called before the day's first batch.</summary>
    public async ValueTask PrepareAsync(int day, CancellationToken ct)
    {
        if (_readyDay == day || !audit.HasPartitions)
            return;
        var (name, next) = (PartitionName(day), day + 1);
        if (await Db.OneAsync("SELECT 1 FROM pg_class WHERE relname = @name", static r => r.GetInt32(0), ct, ("name", name)) != 1)
            await Db.WriteAsync(async tx =>
            {
                // Replicas come to a new day at the same moment.
                await tx.ExecuteAsync("SELECT pg_advisory_xact_lock(7301234501)");
                return await tx.ExecuteAsync(string.Create(CultureInfo.InvariantCulture, $"CREATE TABLE IF NOT EXISTS {name} PARTITION OF audit_entry FOR VALUES FROM ({day}) TO ({next})"));
            }, ct);
        _readyDay = day;
    }

    /// <summary>Writes a batch in one transaction.</summary>
    /// <param name="persons">Those whose rows are not there yet.</param>
    /// <param name="advance">A cursor that goes on with it, from where it was read; null for none.</param>
    /// <returns>False when the cursor was moved by somebody else: then nothing was written.</returns>
    public Task<bool> AppendAsync(AuditBatch batch, IReadOnlyList<(AuditEntry Entry, byte[] Line)> entries, IReadOnlyList<AuditPersonRow> persons, CursorMove? advance, CancellationToken ct) => Db.WriteAsync(async tx =>
    {
        if (advance is { } move && await tx.ExecuteAsync("UPDATE audit_cursor SET position = @to WHERE name = @name AND position = @from", ("name", move.Name), ("from", move.From), ("to", move.To)) == 0)
            return false;
        if (batch.Count == 0)
            return true;
        foreach (var person in persons)
            await tx.ExecuteAsync("INSERT INTO audit_person (ref, account_id, salt, value) VALUES (@ref, @account, @salt, @value) ON CONFLICT (ref) DO NOTHING",
                ("ref", person.Ref), ("account", person.AccountId), ("salt", person.Salt), ("value", person.Value));
        var rows = new object?[entries.Count][];
        for (var i = 0; i < rows.Length; i++)
        {
            var (entry, line) = entries[i];
            rows[i] = [batch.Day, batch.Writer, batch.N, i, entry.AtMs, (short)entry.Class, entry.Kind, entry.NamespaceId, entry.RepositoryId, entry.Who.AccountId, entry.About?.AccountId, AuditLine.KeyOf(entry.Digest), line];
        }
        await tx.AppendAsync("audit_entry", s_columns, rows);
        await tx.ExecuteAsync($"INSERT INTO audit_batch ({BatchColumns}) VALUES (@writer, @n, @day, @count, @from, @to, @prev, @root, @hash)",
            ("writer", batch.Writer), ("n", batch.N), ("day", batch.Day), ("count", batch.Count), ("from", batch.FromMs), ("to", batch.ToMs), ("prev", batch.Prev), ("root", batch.Root), ("hash", batch.Hash));
        await tx.ExecuteAsync("INSERT INTO audit_head (writer, n, hash) VALUES (@writer, @n, @hash) ON CONFLICT (writer) DO UPDATE SET n = excluded.n, hash = excluded.hash",
            ("writer", batch.Writer), ("n", batch.N), ("hash", batch.Hash));
        return true;
    }, ct);

    /// <summary>The position of a cursor; a new one starts at 0.</summary>
    public async ValueTask<long> CursorAsync(string name, CancellationToken ct)
    {
        if (await Db.OneAsync("SELECT position FROM audit_cursor WHERE name = @name", static r => (long?)r.GetInt64(0), ct, ("name", name)) is { } position)
            return position;
        await Db.WriteAsync(tx => tx.ExecuteAsync("INSERT INTO audit_cursor (name, position) VALUES (@name, 0) ON CONFLICT (name) DO NOTHING", ("name", name)), ct);
        return 0;
    }

    /// <summary>Moves a cursor by itself.</summary>
    public Task<int> MoveCursorAsync(CursorMove move, CancellationToken ct) => Db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE audit_cursor SET position = @to WHERE name = @name AND position = @from", ("name", move.Name), ("from", move.From), ("to", move.To)), ct);

    /// <summary>The newest batch of every writer.</summary>
    public ValueTask<List<(long Writer, long N, byte[] Hash)>> HeadsAsync(CancellationToken ct) => Db.ListAsync(
        "SELECT writer, n, hash FROM audit_head", static r => (r.GetInt64(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2)), ct);

    public ValueTask<List<long>> WritersAsync(CancellationToken ct) => Db.ListAsync(
        "SELECT writer FROM audit_batch UNION SELECT writer FROM audit_span UNION SELECT DISTINCT writer FROM audit_entry ORDER BY 1", static r => r.GetInt64(0), ct);

    /// <summary>Batches of a writer after one of them, in order.</summary>
    public ValueTask<List<AuditBatch>> BatchesAsync(long writer, long after, int count, CancellationToken ct) => Db.ListAsync(
        $"SELECT {BatchColumns} FROM audit_batch WHERE writer = @writer AND n > @after ORDER BY n LIMIT @count", ReadBatch, ct, ("writer", writer), ("after", after), ("count", count));

    /// <summary>Batches of a day after one of them, by writer and number.</summary>
    public ValueTask<List<AuditBatch>> BatchesOfDayAsync(int day, long afterWriter, long afterN, int count, CancellationToken ct) => Db.ListAsync(
        $"SELECT {BatchColumns} FROM audit_batch WHERE day = @day AND (writer, n) > (@writer, @n) ORDER BY writer, n LIMIT @count", ReadBatch, ct,
        ("day", day), ("writer", afterWriter), ("n", afterN), ("count", count));

    /// <summary>The rows of some batches of a writer, in order.</summary>
    public ValueTask<List<AuditRow>> RowsAsync(long writer, long first, long last, CancellationToken ct) => Db.ListAsync("""
        SELECT n, i, at_ms, class, kind, namespace_id, repository_id, performer_id, about_id, digest_key, line, day
          FROM audit_entry WHERE writer = @writer AND n BETWEEN @first AND @last ORDER BY n, i
        """, static r => new AuditRow(r.GetInt64(0), r.GetInt32(1), r.GetInt64(2), r.GetInt16(3), r.GetString(4), r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6),
            r.GetInt64(7), r.IsDBNull(8) ? null : r.GetInt64(8), r.IsDBNull(9) ? null : r.GetInt64(9), r.GetFieldValue<byte[]>(10), r.GetInt32(11)), ct, ("writer", writer), ("first", first), ("last", last));

    /// <summary>Days before one that still have batches here, the oldest first.</summary>
    public ValueTask<List<int>> DaysBeforeAsync(int day, CancellationToken ct) => Db.ListAsync(
        "SELECT DISTINCT day FROM audit_batch WHERE day < @day ORDER BY day", static r => r.GetInt32(0), ct, ("day", day));

    /// <summary>Puts a segment in the place of a day's rows.</summary>
    public Task<int> RotateAsync(AuditSegment segment, IReadOnlyList<AuditSpan> spans, CancellationToken ct) => Db.WriteAsync(async tx =>
    {
        var id = await tx.OneAsync("""
            INSERT INTO audit_segment (day, storage_key, digest, size, entries, made_ms) VALUES (@day, @key, @digest, @size, @entries, now_ms()) RETURNING id
            """, static r => r.GetInt64(0), ("day", segment.Day), ("key", segment.StorageKey), ("digest", segment.Digest), ("size", segment.Size), ("entries", segment.Entries));
        foreach (var span in spans)
            await tx.ExecuteAsync("INSERT INTO audit_span (segment_id, writer, first, last, prev, hash) VALUES (@id, @writer, @first, @last, @prev, @hash)",
                ("id", id), ("writer", span.Writer), ("first", span.First), ("last", span.Last), ("prev", span.Prev), ("hash", span.Hash));
        if (!audit.HasPartitions)
        {
            await tx.ExecuteAsync("DELETE FROM audit_entry WHERE (writer, n) IN (SELECT writer, n FROM audit_batch WHERE day = @day)", ("day", segment.Day));
            return await tx.ExecuteAsync("DELETE FROM audit_batch WHERE day = @day", ("day", segment.Day));
        }
        await tx.ExecuteAsync("DELETE FROM audit_batch WHERE day = @day", ("day", segment.Day));
        // Whoever reads the trail meanwhile ends first, or this is tried again later.
        await tx.ExecuteAsync("SET LOCAL lock_timeout = '5s'");
        return await tx.ExecuteAsync($"DROP TABLE IF EXISTS {PartitionName(segment.Day)}");
    }, ct);

    public ValueTask<List<(long Id, AuditSegment Segment)>> SegmentsAsync(CancellationToken ct) => Db.ListAsync(
        "SELECT id, day, storage_key, digest, size, entries FROM audit_segment ORDER BY day",
        static r => (r.GetInt64(0), new AuditSegment(r.GetInt32(1), r.GetString(2), r.GetFieldValue<byte[]>(3), r.GetInt64(4), r.GetInt64(5))), ct);

    public ValueTask<List<(long Segment, AuditSpan Span)>> SpansAsync(CancellationToken ct) => Db.ListAsync(
        "SELECT segment_id, writer, first, last, prev, hash FROM audit_span ORDER BY writer, first",
        static r => (r.GetInt64(0), new AuditSpan(r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetFieldValue<byte[]>(4), r.GetFieldValue<byte[]>(5))), ct);

    public ValueTask<AuditSeal?> LastSealAsync(CancellationToken ct) => Db.OneAsync("SELECT n, at_ms, heads, prev, mac FROM audit_seal ORDER BY n DESC LIMIT 1", ReadSeal, ct);

    public ValueTask<List<AuditSeal>> SealsAsync(long after, int count, CancellationToken ct) => Db.ListAsync(
        "SELECT n, at_ms, heads, prev, mac FROM audit_seal WHERE n > @after ORDER BY n LIMIT @count", static r => ReadSeal(r)!, ct, ("after", after), ("count", count));

    /// <returns>False when another one of that number is there.</returns>
    public async Task<bool> SealAsync(AuditSeal seal, CancellationToken ct) => await Db.WriteAsync(tx => tx.ExecuteAsync(
        "INSERT INTO audit_seal (n, at_ms, heads, prev, mac) VALUES (@n, @at, @heads, @prev, @mac) ON CONFLICT (n) DO NOTHING",
        ("n", seal.N), ("at", seal.AtMs), ("heads", seal.Heads), ("prev", seal.Prev), ("mac", seal.Mac)), ct) == 1;

    /// <summary>What the references stand for; those that were erased are not among them.</summary>
    public async ValueTask<Dictionary<string, AuditPersonRow>> PersonsAsync(IEnumerable<byte[]> references, CancellationToken ct)
    {
        var found = new Dictionary<string, AuditPersonRow>(StringComparer.Ordinal);
        foreach (var chunk in references.DistinctBy(Convert.ToHexStringLower).Chunk(100))
        {
            var args = chunk.Select(static (reference, i) => ($"r{i}", (object?)reference)).ToArray();
            foreach (var person in await Db.ListAsync($"SELECT ref, account_id, salt, value FROM audit_person WHERE ref IN ({string.Join(", ", args.Select(static a => "@" + a.Item1))})", ReadPerson, ct, args))
                found[Convert.ToHexStringLower(person.Ref)] = person;
        }
        return found;
    }

    public ValueTask<List<AuditPersonRow>> PersonsAsync(byte[] after, int count, CancellationToken ct) => Db.ListAsync(
        "SELECT ref, account_id, salt, value FROM audit_person WHERE ref > @after ORDER BY ref LIMIT @count", ReadPerson, ct, ("after", after), ("count", count));

    /// <summary>Forgets what names a person; the entries stay, and the chain stays whole.</summary>
    public Task<int> EraseAsync(long accountId, CancellationToken ct) => Db.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM audit_person WHERE account_id = @account", ("account", accountId)), ct);

    private static string PartitionName(int day) => string.Create(CultureInfo.InvariantCulture, $"audit_entry_{DateTimeOffset.UnixEpoch.AddDays(day):yyyyMMdd}");

    private static AuditBatch ReadBatch(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), r.GetInt64(1), r.GetInt32(2), r.GetInt32(3), r.GetInt64(4), r.GetInt64(5),
        r.GetFieldValue<byte[]>(6), r.GetFieldValue<byte[]>(7), r.GetFieldValue<byte[]>(8));

    private static AuditSeal? ReadSeal(System.Data.Common.DbDataReader r) => new(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetFieldValue<byte[]>(3), r.GetFieldValue<byte[]>(4));

    private static AuditPersonRow ReadPerson(System.Data.Common.DbDataReader r) => new(r.GetFieldValue<byte[]>(0), r.GetInt64(1), r.GetFieldValue<byte[]>(2), r.GetString(3));
}
