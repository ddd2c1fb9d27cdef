using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using Wharf.Server.Hosting;

namespace Wharf.Server.Data.Postgres;

/// <summary>
/// PostgreSQL, shared by replicas. A query is one round trip, and so is a batch; a unit of work costs one for each of its statements
/// and one for the commit. Units and batches run again when they met a conflict.
/// </summary>
internal sealed class PostgresDatabase : Database
{
    private const string Unmet = "WH000";
    private const int Attempts = 8;

    private static readonly Meter s_meter = new("Wharf.Database");
    private static readonly Counter<long> s_roundTrips = s_meter.CreateCounter<long>("wharf_database_round_trips", description: "Round trips to the database");

    // Texts of requirements, wrapped so that the server itself ends the batch.
    private readonly ConcurrentDictionary<(string Sql, int Step), string> _requirements = new();
    private readonly NpgsqlDataSource _source;

    private PostgresDatabase(NpgsqlDataSource source, TimeProvider clock)
    {
        _source = source;
        Freshness = new Freshness(clock);
    }

    public override bool AnswersAtOnce => false;

    public override Freshness Freshness { get; }

    public override string ForKeyShare => "FOR KEY SHARE";

    public override string ForShare => "FOR SHARE";

    public override string ForUpdate => "FOR UPDATE";

    public override string ForUpdateSkipLocked => "FOR UPDATE SKIP LOCKED";

    public override string Among(string parameter) => $"= ANY (@{parameter})";

    public override string AmongBytes(string parameter) => Among(parameter);

    public override string RowsOfBytes(string parameter) => $"unnest(@{parameter}) AS rows_of_{parameter} (value)";

    public override string RowsOfJson(string parameter, params string[] columns) => $"(SELECT {string.Join(", ", columns.Select(static (c, i) => c[^1] switch
    {
        '$' => $"(value ->> {i}) COLLATE \"C\" AS {c[..^1]}",
        '#' => $"decode(value ->> {i}, 'hex') AS {c[..^1]}",
        _ => $"(value ->> {i})::bigint AS {c}",
    }))} FROM json_array_elements(@{parameter}::json)) AS rows_of_{parameter}";

    // No tag has the empty name, so that stands for all of them. Those who move one share it.
    public override string? LockTag => "SELECT pg_advisory_xact_lock_shared(hashtextextended('', @repo)), pg_advisory_xact_lock(hashtextextended(@name, @repo))";

    public override string? LockTagsAmong => "SELECT pg_advisory_xact_lock_shared(hashtextextended('', @repo)), pg_advisory_xact_lock(hashtextextended(name, @repo)) FROM unnest(@names) AS one (name)";

    public override string? LockTags => "SELECT pg_advisory_xact_lock(hashtextextended('', @repo))";

    /// <summary>Connects and brings the schema up to date.</summary>
    /// <param name="connectionString">Npgsql's form: <c>Host=...;Username=...;Password=...;Database=...</c>.</param>
    public static async Task<PostgresDatabase> OpenAsync(string connectionString, TimeProvider clock, CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "wharf" };
        if (!settings.ContainsKey("Max Auto Prepare"))
            settings.MaxAutoPrepare = 200;
        if (!settings.ContainsKey("Auto Prepare Min Usages"))
            settings.AutoPrepareMinUsages = 2;
        // Without a logger: Npgsql tells each statement, and what fails comes back as an exception.
        var source = NpgsqlDataSource.Create(settings);
        try
        {
            await PostgresMigrations.ApplyAsync(source, ct);
        }
        catch (Exception e)
        {
            await source.DisposeAsync();
            if (IsFault(e))
                throw Fault(e);
            throw;
        }
        return new PostgresDatabase(source, clock);
    }

    public override async Task<T> WriteAsync<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct) => await RetryAsync(async () =>
    {
        await using var connection = await _source.OpenConnectionAsync(ct);
        // BEGIN travels with the first statement.
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var tx = new PostgresTx(connection);
        var result = await work(tx);
        s_roundTrips.Add(1);
        await transaction.CommitAsync(CancellationToken.None);
        tx.Committed();
        return result;
    }, ct);

    public override async Task<TRefusal?> RunAsync<TRefusal>(Batch<TRefusal> batch, CancellationToken ct) where TRefusal : class
    {
        try
        {
            await RetryAsync(async () =>
            {
                await using var commands = _source.CreateBatch();
                for (var i = 0; i < batch.Steps.Count; i++)
                {
                    var step = batch.Steps[i];
                    var command = new NpgsqlBatchCommand(step.Otherwise is null ? step.Sql : Requirement(step.Sql, step.IsQuery, i));
                    Bind(command.Parameters, step.Args);
                    commands.BatchCommands.Add(command);
                }
                s_roundTrips.Add(1);
                return await commands.ExecuteNonQueryAsync(ct);
            }, ct);
        }
        catch (PostgresException e) when (e.SqlState == Unmet)
        {
            return batch.Steps[int.Parse(e.MessageText, CultureInfo.InvariantCulture)].Otherwise;
        }
        batch.Committed();
        return null;
    }

    public override async ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args) where T : default
    {
        try
        {
            await using var command = Command(_source, sql, args);
            s_roundTrips.Add(1);
            await using var reader = await command.ExecuteReaderAsync(ct);
            return await reader.ReadAsync(ct) ? read(reader) : default;
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Fault(e);
        }
    }

    public override async ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args)
    {
        try
        {
            await using var command = Command(_source, sql, args);
            s_roundTrips.Add(1);
            await using var reader = await command.ExecuteReaderAsync(ct);
            var rows = new List<T>();
            while (await reader.ReadAsync(ct))
                rows.Add(read(reader));
            return rows;
        }
        catch (Exception e) when (IsFault(e))
        {
            throw Fault(e);
        }
    }

    public override ValueTask DisposeAsync() => _source.DisposeAsync();

    private static async Task<T> RetryAsync<T>(Func<Task<T>> run, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await run();
            }
            catch (PostgresException e) when (attempt < Attempts && e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.UniqueViolation)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(1, 5 << attempt)), ct);
            }
            catch (Exception e) when (IsFault(e) && e is not PostgresException { SqlState: Unmet })
            {
                throw Fault(e);
            }
        }
    }

    private string Requirement(string sql, bool isQuery, int step) => _requirements.GetOrAdd((sql, step), static (key, isQuery) => isQuery
        ? $"SELECT wharf_require((SELECT count(*) FROM ({key.Sql}) found), {key.Step})"
        : $"WITH found AS ({key.Sql} RETURNING 1) SELECT wharf_require(count(*), {key.Step}) FROM found", isQuery);

    private static NpgsqlCommand Command(NpgsqlDataSource source, string sql, (string Name, object? Value)[] args)
    {
        var command = source.CreateCommand(sql);
        Bind(command.Parameters, args);
        return command;
    }

    private static void Bind(NpgsqlParameterCollection parameters, (string Name, object? Value)[] args)
    {
        foreach (var (name, value) in args)
            parameters.Add(new NpgsqlParameter(name, value ?? DBNull.Value));
    }

    private static bool IsFault(Exception e) => e is NpgsqlException or SocketException or TimeoutException or IOException;

    private static DatabaseException Fault(Exception e) => e is PostgresException { SqlState: PostgresErrorCodes.DiskFull }
        ? new DatabaseException("The disk of the database is full.", e, full: true)
        : new DatabaseException("The database failed.", e);

    private sealed class PostgresTx(NpgsqlConnection connection) : Tx(Origin.Current?.ToString())
    {
        public override async ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args)
        {
            await using var command = Command(sql, args);
            return await command.ExecuteNonQueryAsync();
        }

        public override async ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args) where T : default
        {
            await using var command = Command(sql, args);
            await using var reader = await command.ExecuteReaderAsync();
            return await reader.ReadAsync() ? read(reader) : default;
        }

        public override async ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args)
        {
            await using var command = Command(sql, args);
            await using var reader = await command.ExecuteReaderAsync();
            var rows = new List<T>();
            while (await reader.ReadAsync())
                rows.Add(read(reader));
            return rows;
        }

        public override async ValueTask AppendAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
        {
            s_roundTrips.Add(1);
            await using var copy = await connection.BeginBinaryImportAsync($"COPY {table} ({string.Join(", ", columns)}) FROM STDIN (FORMAT BINARY)");
            foreach (var row in rows)
            {
                await copy.StartRowAsync();
                foreach (var value in row)
                    await (value switch
                    {
                        null => copy.WriteNullAsync(),
                        long number => copy.WriteAsync(number),
                        int number => copy.WriteAsync(number),
                        short number => copy.WriteAsync(number),
                        byte[] bytes => copy.WriteAsync(bytes),
                        string text => copy.WriteAsync(text),
                        _ => throw new ArgumentException($"COPY does not know {value.GetType()}.", nameof(rows)),
                    });
            }
            await copy.CompleteAsync();
        }

        private NpgsqlCommand Command(string sql, (string Name, object? Value)[] args)
        {
            s_roundTrips.Add(1);
#pragma warning disable CA2100 // Values are parameters; texts are literals of the stores
            var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            Bind(command.Parameters, args);
            return command;
        }
    }
}
