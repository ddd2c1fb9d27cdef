using System.Data.Common;

namespace Wharf.Server.Data;

/// <summary>
/// The metadata: reads at once, writes as short units of SQL (docs/architecture.md, contract 5). SQL is written once, in the
/// subset that both engines share. Rows are materialised before a call returns.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Runs one unit of work; the returned task ends when it is durable. The unit's exception rolls back only that unit.</summary>
    public abstract Task<T> WriteAsync<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct);

    /// <summary>The first row, or the default when there is none.</summary>
    public abstract ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args);

    public abstract ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args);

    /// <summary>The database's time in Unix milliseconds, for reads that must agree with what writers stored.</summary>
    public abstract long NowMs { get; }

    public abstract ValueTask DisposeAsync();
}
