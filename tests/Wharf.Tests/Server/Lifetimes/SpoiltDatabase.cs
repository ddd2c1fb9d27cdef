using System.Data.Common;
using Wharf.Server.Data;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>A database whose SQL is spoilt in one place, to see whether a test notices what that place is for.</summary>
/// <param name="find">A part of the SQL; null spoils nothing.</param>
internal sealed class SpoiltDatabase(Database inner, string? find, string replace) : Database
{
    /// <summary>How often the place was met.</summary>
    public int Met { get; private set; }

    public override bool AnswersAtOnce => inner.AnswersAtOnce;

    public override Freshness Freshness => inner.Freshness;

    public override string ForKeyShare => inner.ForKeyShare;

    public override string ForShare => inner.ForShare;

    public override string ForUpdate => inner.ForUpdate;

    public override string ForUpdateSkipLocked => inner.ForUpdateSkipLocked;

    public override string? LockTag => inner.LockTag;
    public override string? LockTagsAmong => inner.LockTagsAmong;

    public override string? LockTags => inner.LockTags;

    public override string Among(string parameter) => inner.Among(parameter);

    public override string AmongBytes(string parameter) => inner.AmongBytes(parameter);

    public override string RowsOfBytes(string parameter) => inner.RowsOfBytes(parameter);

    public override string RowsOfJson(string parameter, params string[] columns) => inner.RowsOfJson(parameter, columns);

    public override Task<T> WriteAsync<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct) => inner.WriteAsync(tx => find is null ? work(tx) : work(new SpoiltTx(this, tx)), ct);

    public override Task<TRefusal?> RunAsync<TRefusal>(Batch<TRefusal> batch, CancellationToken ct) where TRefusal : class
    {
        if (find is not null)
            for (var i = 0; i < batch.Steps.Count; i++)
                batch.Steps[i] = batch.Steps[i] with { Sql = Spoil(batch.Steps[i].Sql) };
        return inner.RunAsync(batch, ct);
    }

    public override ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args) where T : default =>
        inner.OneAsync(Spoil(sql), read, ct, args);

    public override ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args) =>
        inner.ListAsync(Spoil(sql), read, ct, args);

    public override ValueTask DisposeAsync() => inner.DisposeAsync();

    private string Spoil(string sql)
    {
        if (find is null || !sql.Contains(find, StringComparison.Ordinal))
            return sql;
        Met++;
        return sql.Replace(find, replace, StringComparison.Ordinal);
    }

    private sealed class SpoiltTx(SpoiltDatabase of, Tx inner) : Tx(inner.RequestedFrom)
    {
        public override ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args) => inner.ExecuteAsync(of.Spoil(sql), args);

        public override ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args) where T : default => inner.OneAsync(of.Spoil(sql), read, args);

        public override ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args) => inner.ListAsync(of.Spoil(sql), read, args);

        public override ValueTask AppendAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows) => inner.AppendAsync(table, columns, rows);
    }
}
