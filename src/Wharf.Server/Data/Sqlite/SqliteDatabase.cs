using System.Collections.Concurrent;
using System.Data.Common;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using Wharf.Server.Hosting;

namespace Wharf.Server.Data.Sqlite;

/// <summary>
/// SQLite for one process. One thread writes: it drains the queue into one transaction, gives each unit a savepoint of its own
/// and completes the callers after the commit, so that concurrent pushes share an fsync and no client ever sees "database is locked".
/// </summary>
internal sealed partial class SqliteDatabase : Database
{
    /// <summary>How long one transaction may go on collecting units.</summary>
    private static readonly TimeSpan BatchTime = TimeSpan.FromMilliseconds(5);

    /// <summary>A write-ahead log of this size is copied into the database at once.</summary>
    private const long WalLimit = 64 << 20;

    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly Channel<Unit> _queue = Channel.CreateBounded<Unit>(new BoundedChannelOptions(4096) { SingleReader = true });
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private readonly SqliteSession _writer;
    private readonly Thread _writerThread;
    private readonly Thread _checkpointThread;
    private readonly SemaphoreSlim _checkpointWanted = new(0);
    private volatile bool _closing;

    /// <param name="migrations">The schema; null for the metadata's.</param>
    /// <param name="durable">Whether a commit survives a loss of power at once (synchronous FULL), and not only with the next checkpoint (NORMAL).</param>
    public SqliteDatabase(string path, TimeProvider clock, ILogger<SqliteDatabase> logger, IReadOnlyList<Migration>? migrations = null, bool durable = true)
    {
        _path = path;
        _clock = clock;
        _logger = logger;
        _writer = new SqliteSession(path, readOnly: false, clock);
        _writer.Run("PRAGMA journal_mode = WAL;");
        SqliteMigrations.Apply(_writer, path, migrations);
        if (!durable)
            _writer.Run("PRAGMA synchronous = NORMAL");
        _writerThread = new Thread(Write) { IsBackground = true, Name = "sqlite writer" };
        _writerThread.Start();
        _checkpointThread = new Thread(Checkpoint) { IsBackground = true, Name = "sqlite checkpoints" };
        _checkpointThread.Start();
    }

    public override async Task<T> WriteAsync<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct)
    {
        var unit = new Unit<T>(work, ct);
        try
        {
            await _queue.Writer.WriteAsync(unit, ct);
        }
        catch (ChannelClosedException e)
        {
            throw new DatabaseException("The server is shutting down.", e);
        }
        return await unit.Done.Task;
    }

    public override bool AnswersAtOnce => true;

    public override Freshness Freshness => Freshness.Always;

    public override string ForKeyShare => "";

    public override string ForShare => "";

    public override string ForUpdate => "";

    public override string ForUpdateSkipLocked => "";

    public override string Among(string parameter) => $"IN (SELECT value FROM json_each(@{parameter}))";

    public override string AmongBytes(string parameter) => $"IN (SELECT unhex(value) FROM json_each(@{parameter}))";

    public override string RowsOfBytes(string parameter) => $"(SELECT unhex(value) AS value FROM json_each(@{parameter}))";

    public override string RowsOfJson(string parameter, params string[] columns) => $"(SELECT {string.Join(", ", columns.Select(static (c, i) => c[^1] == '#'
        ? $"unhex(value ->> {i}) AS {c[..^1]}" : $"value ->> {i} AS {c.TrimEnd('$')}"))} FROM json_each(@{parameter})) AS rows_of_{parameter}";

    public override string? LockTag => null;

    public override string? LockTagsAmong => null;

    public override string? LockTags => null;

    public override async Task<TRefusal?> RunAsync<TRefusal>(Batch<TRefusal> batch, CancellationToken ct) where TRefusal : class
    {
        try
        {
            await WriteAsync<int>(async tx =>
            {
                foreach (var step in batch.Steps)
                {
                    var rows = step.IsQuery ? await tx.OneAsync(step.Sql, static _ => 1, step.Args) : await tx.ExecuteAsync(step.Sql, step.Args);
                    if (rows == 0 && step.Otherwise is { } refusal)
                        throw new Unmet(refusal);
                }
                tx.OnCommit(batch.Committed);
                return 0;
            }, ct);
            return null;
        }
        catch (Unmet unmet)
        {
            return (TRefusal)unmet.Refusal;
        }
    }

    public override ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args) where T : default =>
        Read((sql, read, args), static (session, s) => session.One(s.sql, s.read, s.args));

    public override ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args) =>
        Read((sql, read, args), static (session, s) => session.List(s.sql, s.read, s.args));

    // Point reads take microseconds out of memory, less than handing them to another thread would.
    private ValueTask<T> Read<S, T>(S state, Func<SqliteSession, S, T> read)
    {
        SqliteSession? session = null;
        try
        {
            if (!_readers.TryTake(out session))
                session = new SqliteSession(_path, readOnly: true, _clock);
            var result = read(session, state);
            _readers.Add(session);
            return ValueTask.FromResult(result);
        }
        catch (SqliteException e)
        {
            session?.Dispose();
            return ValueTask.FromException<T>(Fault(e));
        }
    }

    public override async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.Run(_writerThread.Join);
        _closing = true;
        _checkpointWanted.Release();
        await Task.Run(_checkpointThread.Join);
        foreach (var reader in _readers)
            reader.Dispose();
        _writer.Dispose();
        _checkpointWanted.Dispose();
    }

    private void Write()
    {
        var batch = new List<Unit>();
        while (WaitForWork())
        {
            batch.Clear();
            try
            {
                _writer.Run("BEGIN IMMEDIATE");
                var started = _clock.GetTimestamp();
                while (_queue.Reader.TryRead(out var unit))
                {
                    batch.Add(unit);
                    unit.Run(_writer);
                    if (_clock.GetElapsedTime(started) > BatchTime)
                        break;
                }
                _writer.Execute("COMMIT", []);
            }
            catch (Exception e)
            {
                Log.BatchFailed(_logger, batch.Count, e);
                TryRollback();
                var fault = Fault(e);
                foreach (var unit in batch)
                    unit.Fail(fault);
                // The unit that was never taken stays queued; one that met BEGIN's failure is answered too, or it would wait for ever.
                if (batch.Count == 0 && _queue.Reader.TryRead(out var first))
                    first.Fail(fault);
                continue;
            }
            foreach (var unit in batch)
                unit.Complete();
            if (WalLength() > WalLimit / 4 && _checkpointWanted.CurrentCount == 0)
                _checkpointWanted.Release();
        }
    }

    private bool WaitForWork()
    {
        var ready = _queue.Reader.WaitToReadAsync();
#pragma warning disable RS0030 // This thread is the one place that has nothing else to do than to wait
        return ready.IsCompletedSuccessfully ? ready.Result : ready.AsTask().GetAwaiter().GetResult();
#pragma warning restore RS0030
    }

    private void TryRollback()
    {
        try
        {
            _writer.Run("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite rolls back by itself on a full disk and then has no transaction to end.
        }
    }

    private void Checkpoint()
    {
        using var session = new SqliteSession(_path, readOnly: false, _clock);
        while (true)
        {
            _checkpointWanted.Wait();
            try
            {
                // PASSIVE never makes the writer wait; only a log that outgrew its bound, because readers kept it, is cut with force.
                session.Run(WalLength() > WalLimit || _closing ? "PRAGMA wal_checkpoint(TRUNCATE)" : "PRAGMA wal_checkpoint(PASSIVE)");
            }
            catch (SqliteException e)
            {
                Log.CheckpointFailed(_logger, e);
            }
            if (_closing)
                return;
        }
    }

    private long WalLength()
    {
        var wal = new FileInfo(_path + "-wal");
        return wal.Exists ? wal.Length : 0;
    }

    private static DatabaseException Fault(Exception e) => e switch
    {
        DatabaseException known => known,
        SqliteException { SqliteErrorCode: 13 /* SQLITE_FULL */ } => new DatabaseException("The disk of the database is full.", e, full: true),
        _ => new DatabaseException("The database failed.", e),
    };

    // Rolls back the unit's savepoint.
    private sealed class Unmet(object refusal) : Exception
    {
        public object Refusal => refusal;
    }

    private abstract class Unit
    {
        public abstract void Run(SqliteSession session);
        public abstract void Complete();
        public abstract void Fail(Exception e);
    }

    private sealed class Unit<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct) : Unit
    {
        // It runs on another thread than the request's.
        private readonly string? _origin = Origin.Current?.ToString();
        private SqliteTx? _tx;
        private T? _result;
        private Exception? _error;

        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override void Run(SqliteSession session)
        {
            if (ct.IsCancellationRequested)
            {
                _error = new OperationCanceledException(ct);
                return;
            }
            session.Execute("SAVEPOINT unit", []);
            _tx = new SqliteTx(session, _origin);
            try
            {
                var task = work(_tx);
                if (!task.IsCompleted)
                    throw new InvalidOperationException("A unit of work waited for something else than its transaction.");
                _result = task.GetAwaiter().GetResult();
                session.Execute("RELEASE unit", []);
            }
            catch (SqliteException e) when (e.SqliteErrorCode is 13 or 10 /* SQLITE_FULL, SQLITE_IOERR */)
            {
                // These may have ended the whole transaction: everyone in the batch must know.
                throw;
            }
            catch (Exception e)
            {
                _error = e;
                session.Execute("ROLLBACK TO unit", []);
                session.Execute("RELEASE unit", []);
            }
        }

        public override void Complete()
        {
            if (_error is null)
            {
                _tx!.Committed();
                Done.TrySetResult(_result!);
            }
            else if (_error is OperationCanceledException)
                Done.TrySetCanceled(ct);
            else
                Done.TrySetException(_error is SqliteException ? Fault(_error) : _error);
        }

        public override void Fail(Exception e) => Done.TrySetException(e);
    }

    private sealed class SqliteTx(SqliteSession session, string? origin) : Tx(origin)
    {
        public override ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args) =>
            ValueTask.FromResult(session.Execute(sql, args));

        public override ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args) where T : default =>
            ValueTask.FromResult(session.One(sql, read, args));

        public override ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args) =>
            ValueTask.FromResult(session.List(sql, read, args));

        public override ValueTask AppendAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows)
        {
            session.Append($"INSERT INTO {table} ({string.Join(", ", columns)}) VALUES ({string.Join(", ", columns.Select(static _ => "?"))})", rows);
            return ValueTask.CompletedTask;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Error, "A transaction of {Units} units was rolled back")]
        public static partial void BatchFailed(ILogger logger, int units, Exception e);

        [LoggerMessage(101, LogLevel.Warning, "A checkpoint of the write-ahead log failed; the next one tries again")]
        public static partial void CheckpointFailed(ILogger logger, Exception e);
    }
}
