using System.Data.Common;

namespace Wharf.Server.Data;

/// <summary>
/// One write transaction. It may be run again from the start (PostgreSQL, after a conflict), so the work given to
/// <see cref="Database.WriteAsync{T}"/> is SQL only; what must happen in this process goes to <see cref="OnCommit"/>.
/// </summary>
/// <param name="origin">From where the change was asked for (<see cref="Hosting.Origin"/>).</param>
internal abstract class Tx(string? origin)
{
    private List<Action>? _onCommit;

    /// <summary>From where the change was asked for, as JSON; null for the server's own work.</summary>
    public string? RequestedFrom => origin;

    public abstract ValueTask<int> ExecuteAsync(string sql, params (string Name, object? Value)[] args);

    /// <summary>The first row, or the default when there is none.</summary>
    public abstract ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args);

    public abstract ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] args);

    /// <summary>Inserts many rows at once: on PostgreSQL by COPY, for which each value has exactly the type of its column.</summary>
    public abstract ValueTask AppendAsync(string table, IReadOnlyList<string> columns, IReadOnlyList<object?[]> rows);

    /// <summary>Runs after the commit is durable and before the caller of the write goes on: caches are dropped here.</summary>
    public void OnCommit(Action action) => (_onCommit ??= []).Add(action);

    internal void Committed()
    {
        foreach (var action in _onCommit ?? [])
            action();
    }
}
