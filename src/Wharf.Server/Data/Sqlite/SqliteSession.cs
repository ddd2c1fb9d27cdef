using System.Data.Common;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Wharf.Server.Data.Sqlite;

/// <summary>One SQLite connection with its prepared commands. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;

    // Texts are literals, so the string's identity hash would do; equality on content keeps built texts right too.
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    public SqliteSession(string path, bool readOnly, TimeProvider clock)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = readOnly ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        _connection.Open();
        _connection.CreateFunction("now_ms", () => clock.GetUtcNow().ToUnixTimeMilliseconds());
        // synchronous=FULL makes each commit durable; checkpoints are made by a session of their own (SqliteDatabase).
        // The kernel keeps the file in memory anyway; a reader needs only what one query touches.
        Run($"PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = {(readOnly ? -1024 : -4096)}; PRAGMA wal_autocheckpoint = 0;");
    }

    /// <summary>Runs statements that are not worth keeping prepared.</summary>
    public void Run(string sql)
    {
        using var command = _connection.CreateCommand();
#pragma warning disable CA2100 // The text is ours: migrations and pragmas
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Copies the database as it is now to a new file, beside readers and writers; durable when it returns.</summary>
    public void CopyTo(string path)
    {
        // VACUUM INTO does not sync.
        Run($"VACUUM INTO '{path.Replace("'", "''", StringComparison.Ordinal)}'");
        using var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    public int Execute(string sql, (string Name, object? Value)[] args) => Prepare(sql, args).ExecuteNonQuery();

    /// <summary>Runs one insertion for each row, without what a command costs beside it.</summary>
    /// <param name="sql">With a question mark for each value.</param>
    public void Append(string sql, IReadOnlyList<object?[]> rows)
    {
        Check(raw.sqlite3_prepare_v2(_connection.Handle, sql, out var statement));
        using (statement)
            foreach (var row in rows)
            {
                for (var i = 0; i < row.Length; i++)
                    Check(row[i] switch
                    {
                        null => raw.sqlite3_bind_null(statement, i + 1),
                        long number => raw.sqlite3_bind_int64(statement, i + 1, number),
                        int number => raw.sqlite3_bind_int64(statement, i + 1, number),
                        short number => raw.sqlite3_bind_int64(statement, i + 1, number),
                        byte[] bytes => raw.sqlite3_bind_blob(statement, i + 1, bytes),
                        string text => raw.sqlite3_bind_text(statement, i + 1, text),
                        var other => throw new ArgumentException($"No column is of {other.GetType()}.", nameof(rows)),
                    });
                var result = raw.sqlite3_step(statement);
                // The reset of a failed statement tells the failure again.
                _ = raw.sqlite3_reset(statement);
                Check(result);
            }

        void Check(int result)
        {
            if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
                throw new SqliteException(raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), result, raw.sqlite3_extended_errcode(_connection.Handle));
        }
    }

    public T? One<T>(string sql, Func<DbDataReader, T> read, (string Name, object? Value)[] args)
    {
        using var reader = Prepare(sql, args).ExecuteReader();
        if (!reader.Read())
            return default;
        var row = read(reader);
        // A statement that writes is finished only when it was stepped to its end.
        while (reader.Read())
        {
        }
        return row;
    }

    public List<T> List<T>(string sql, Func<DbDataReader, T> read, (string Name, object? Value)[] args)
    {
        using var reader = Prepare(sql, args).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private SqliteCommand Prepare(string sql, (string Name, object? Value)[] args)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
#pragma warning disable CA2100 // Values are parameters; texts are literals of the stores
            command.CommandText = sql;
#pragma warning restore CA2100
            foreach (var (name, _) in args)
                command.Parameters.Add(new SqliteParameter { ParameterName = "@" + name });
            _commands.Add(sql, command);
        }
        for (var i = 0; i < args.Length; i++)
        {
            // The same text may come from two places that give its values in another order.
            var parameter = command.Parameters[i];
            if (!parameter.ParameterName.AsSpan(1).SequenceEqual(args[i].Name))
                parameter = command.Parameters["@" + args[i].Name];
            parameter.Value = args[i].Value switch
            {
                null => DBNull.Value,
                // SQLite has no arrays; json_each makes rows of them (Database.Among).
                long[] numbers => $"[{string.Join(',', numbers)}]",
                string[] texts => $"[{string.Join(',', texts.Select(static t => $"\"{JsonEncodedText.Encode(t)}\""))}]",
                byte[][] texts => texts.Length == 0 ? "[]" : $"[\"{string.Join("\",\"", texts.Select(Convert.ToHexString))}\"]",
                var value => value,
            };
        }
        return command;
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        _connection.Dispose();
    }
}
