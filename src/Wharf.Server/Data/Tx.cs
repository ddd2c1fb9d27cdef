using System.Data.Common;

namespace Wharf.Server.Data;

/// <summary>
/// One write transaction. It may be run again from the start (PostgreSQL, after a conflict), so the work given to
/// <see cref="Database.WriteAsync{T}"/> is SQL only; what must happen in this process goes to <see cref="OnCommit"/>.
/// </summary>
internal abstract class Tx
{
    private List<Action>? _onCommit;

    public abstract ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args);

    /// <summary>The first row, or the default when there is none.</summary>
    public abstract ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args);

    public abstract ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args);

    /// <summary>Runs after the commit is durable and before the caller of the write goes on: caches are dropped here.</summary>
    public void OnCommit(Action action) => (_onCommit ??= []).Add(action);

    internal void Committed()
    {
        foreach (var action in _onCommit ?? [])
            action();
    }
}
