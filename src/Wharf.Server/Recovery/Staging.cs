using System.Globalization;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;
using Wharf.Server.Outbox;

namespace Wharf.Server.Recovery;

/// <summary>
/// Tables like those of the journal, without their constraints: lines of several moments meet there, of which some refer to what comes
/// later, or went. What fits together in the end is moved.
/// </summary>
internal sealed class Staging(Database db)
{
    // Numbers of rows that no line tells of any more, but that a token or an entry of the audit trail may still name.
    private const long NumbersAhead = 1000;

    // SQLite's for pages: 64 MiB, as many KiB below zero. The command ends after this.
    private const int LargeCache = -65536;

    private readonly Dictionary<string, string> _upserts = [];

    private bool IsPostgres => db is PostgresDatabase;

    public Task CreateAsync(CancellationToken ct) => db.WriteAsync(async tx =>
    {
        foreach (var table in JournalTable.All)
        {
            await tx.ExecuteAsync($"DROP TABLE IF EXISTS {Name(table)}");
            await tx.ExecuteAsync($"CREATE TABLE {Name(table)} AS SELECT {table.ColumnList} FROM {table.Name} WHERE 1 = 0");
        }
        return 0;
    }, ct);

    /// <summary>After the snapshot, whose rows all differ, and before the changes.</summary>
    public Task IndexAsync(CancellationToken ct) => db.WriteAsync(async tx =>
    {
        foreach (var table in JournalTable.All)
        {
            var keys = string.Join(", ", table.Keys);
            // A row that was renumbered while the snapshot was written would come twice.
            await tx.ExecuteAsync(IsPostgres
                ? $"DELETE FROM {Name(table)} a USING {Name(table)} b WHERE a.ctid < b.ctid AND {string.Join(" AND ", table.Keys.Select(static k => $"a.{k} = b.{k}"))}"
                : $"DELETE FROM {Name(table)} WHERE rowid NOT IN (SELECT max(rowid) FROM {Name(table)} GROUP BY {keys})");
            await tx.ExecuteAsync($"CREATE UNIQUE INDEX {Name(table)}_key ON {Name(table)} ({keys})");
            foreach (var column in table.Columns.Where(c => c.Name is "account_id" or "team_id" or "namespace_id" && c.Name != table.Keys[0]))
                await tx.ExecuteAsync($"CREATE INDEX {Name(table)}_{column.Name} ON {Name(table)} ({column.Name})");
        }
        return 0;
    }, ct);

    public async Task ApplyAsync(List<JournalEntry> entries, bool snapshot, CancellationToken ct)
    {
        if (entries.Count == 0)
            return;
        await db.WriteAsync(async tx =>
        {
            if (snapshot)
                foreach (var rows in entries.Where(static e => e.Row is not null).GroupBy(static e => e.Table))
                    await tx.AppendAsync(Name(rows.Key), [.. rows.Key.Columns.Select(static c => c.Name)], [.. rows.Select(static e => e.Row!)]);
            else
                foreach (var (table, row, cleared) in entries)
                    if (row is not null)
                        await tx.ExecuteAsync(Upsert(table), [.. table.Columns.Select((c, i) => (c.Name, row[i]))]);
                    else if (cleared is { Length: > 0 })
                        await tx.ExecuteAsync($"DELETE FROM {Name(table)} WHERE {string.Join(" AND ", cleared.Select(static c => $"{c.Column} = @{c.Column}"))}", [.. cleared.Select(static c => (c.Column, (object?)c.Value))]);
            return 0;
        }, ct);
    }

    /// <summary>Moves everything into the real tables; what of it was left out, in words.</summary>
    /// <param name="sealedPassword">What all people get for a password.</param>
    /// <param name="tokenMac">What all robots get for a token's keyed hash.</param>
    /// <param name="position">Behind which the positions of events go on.</param>
    public async ValueTask<List<string>> MoveAsync(Tx tx, byte[] sealedPassword, byte[] tokenMac, long position)
    {
        if (await tx.OneAsync("SELECT 1 FROM namespace LIMIT 1", static r => r.GetInt32(0)) == 1)
            throw new DatabaseException("The database is not empty any more.", null);
        // Rows come in the order of their keys; in the other indexes each would go to another page, which takes many times as long as building them anew.
        var indexes = await tx.ListAsync(IsPostgres
            ? "SELECT indexname, indexdef, tablename FROM pg_indexes WHERE schemaname = current_schema() AND indexdef NOT LIKE 'CREATE UNIQUE %'"
            : "SELECT name, sql, tbl_name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE %'",
            static r => (Name: r.GetString(0), Sql: r.GetString(1), Table: r.GetString(2)));
        indexes.RemoveAll(static i => JournalTable.Find(i.Table) is null);
        foreach (var index in indexes)
            await tx.ExecuteAsync($"DROP INDEX {index.Name}");
        if (!IsPostgres)
            await tx.ExecuteAsync($"PRAGMA cache_size = {LargeCache}");
        // An interval that a later file ended may be open here when that file is missing.
        await tx.ExecuteAsync("""
            UPDATE recovered_tag SET ended_ms = (SELECT min(n.started_ms) FROM recovered_tag n
                    WHERE n.namespace_id = recovered_tag.namespace_id AND n.repository_id = recovered_tag.repository_id AND n.name = recovered_tag.name AND n.started_ms > recovered_tag.started_ms)
             WHERE ended_ms IS NULL AND EXISTS (SELECT 1 FROM recovered_tag n
                    WHERE n.namespace_id = recovered_tag.namespace_id AND n.repository_id = recovered_tag.repository_id AND n.name = recovered_tag.name AND n.started_ms > recovered_tag.started_ms)
            """);
        var left = new List<string>();
        foreach (var table in JournalTable.All)
        {
            var (more, values) = table.Name switch
            {
                "account" => (", sealed_password, credential", ", @password, 1"),
                // No token begins so.
                "robot" => (", token_id, token_mac, credential", ", '-' || s.id, @mac, 1"),
                "blob" => (", state", ", 'live'"),
                _ => ("", ""),
            };
            var needs = table.Needs.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(static need => need.Split('.', '=')).Select(static n => $" AND EXISTS (SELECT 1 FROM {n[0]} x WHERE x.{n[1]} = s.{n[2]})");
            var (staged, moved) = (await tx.OneAsync($"SELECT count(*) FROM {Name(table)}", static r => r.GetInt64(0)), await tx.ExecuteAsync($"""
                INSERT INTO {table.Name} ({table.ColumnList}{more}) {(table.HasIdentity && IsPostgres ? "OVERRIDING SYSTEM VALUE" : "")}
                SELECT {string.Join(", ", table.Columns.Select(static c => $"s.{c.Name}"))}{values} FROM {Name(table)} s WHERE 1 = 1{string.Concat(needs)}
                 ORDER BY {string.Join(", ", table.Keys.Select(static k => $"s.{k} DESC"))}
                ON CONFLICT DO NOTHING
                """, table.Name switch { "account" => [("password", sealedPassword)], "robot" => [("mac", tokenMac)], _ => [] }));
            if (staged != moved)
                left.Add(string.Create(CultureInfo.InvariantCulture, $"{staged - moved} rows of {table.Name} belong to nothing that is there, and were left out."));
            if (table.HasIdentity && IsPostgres)
                await tx.OneAsync($"SELECT setval(pg_get_serial_sequence('{table.Name}', 'id'), (SELECT coalesce(max(id), 0) + {NumbersAhead} FROM {table.Name}))", static r => r.GetInt64(0));
            else if (table.HasIdentity)
                await tx.ExecuteAsync($"UPDATE sqlite_sequence SET seq = seq + {NumbersAhead} WHERE name = '{table.Name}'");
            await tx.ExecuteAsync($"DROP TABLE {Name(table)}");
        }
        foreach (var index in indexes)
            await tx.ExecuteAsync(index.Sql);
        // A robot's name without a robot: it was deleted in a change that is missing.
        await tx.ExecuteAsync("UPDATE namespace SET deleted_ms = now_ms() WHERE kind = 'robot' AND deleted_ms IS NULL AND NOT EXISTS (SELECT 1 FROM robot r WHERE r.id = namespace.id)");
        if (IsPostgres)
        {
            await tx.OneAsync("SELECT setval(pg_get_serial_sequence('event', 'id'), @position)", static r => r.GetInt64(0), ("position", position));
            await tx.ExecuteAsync("UPDATE event_position SET last = @position", ("position", position));
        }
        else
        {
            await tx.ExecuteAsync("DELETE FROM sqlite_sequence WHERE name = 'event'");
            await tx.ExecuteAsync("INSERT INTO sqlite_sequence (name, seq) VALUES ('event', @position)", ("position", position));
        }
        await Events.AddAsync(tx, "registry.recovered", 0, null, null, """{"by":0}""");
        return left;
    }

    private string Upsert(JournalTable table)
    {
        if (!_upserts.TryGetValue(table.Name, out var sql))
        {
            var others = table.Columns.Select(static c => c.Name).Except(table.Keys, StringComparer.Ordinal).Select(static c => $"{c} = excluded.{c}").ToList();
            _upserts.Add(table.Name, sql = $"""
                INSERT INTO {Name(table)} ({table.ColumnList}) VALUES ({string.Join(", ", table.Columns.Select(static c => "@" + c.Name))})
                ON CONFLICT ({string.Join(", ", table.Keys)}) DO {(others.Count == 0 ? "NOTHING" : $"UPDATE SET {string.Join(", ", others)}")}
                """);
        }
        return sql;
    }

    private static string Name(JournalTable table) => "recovered_" + table.Name;
}
