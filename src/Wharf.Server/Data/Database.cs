using System.Data.Common;

namespace Wharf.Server.Data;

/// <summary>
/// The metadata: reads at once, writes as short units of SQL (docs/architecture.md, contract 5). SQL is written once, in the
/// subset that both engines share, and <c>now_ms()</c> is the database's time in Unix milliseconds. Rows are materialised before a call returns.
/// </summary>
internal abstract class Database : IAsyncDisposable
{
    /// <summary>Runs one unit of work; the returned task ends when it is durable. The unit's exception rolls back only that unit.</summary>
    public abstract Task<T> WriteAsync<T>(Func<Tx, ValueTask<T>> work, CancellationToken ct);

    /// <summary>Whether a read comes out of this process's memory, in microseconds and without a round trip.</summary>
    public abstract bool AnswersAtOnce { get; }

    /// <summary>Whether what was read before may still be used.</summary>
    public abstract Freshness Freshness { get; }

    /// <summary>Runs a batch; the refusal of its first unmet requirement, or null when it is durable.</summary>
    public abstract Task<TRefusal?> RunAsync<TRefusal>(Batch<TRefusal> batch, CancellationToken ct) where TRefusal : class;

    /// <summary>
    /// What a query adds to keep its rows from being deleted or changed in their keys until the transaction ends. On SQLite the one
    /// writer is the lock.
    /// </summary>
    public abstract string ForKeyShare { get; }

    /// <summary>What a query adds to keep its rows from changing until the transaction ends.</summary>
    public abstract string ForShare { get; }

    /// <summary>What a query adds to have its rows to itself until the transaction ends.</summary>
    public abstract string ForUpdate { get; }

    /// <summary>As <see cref="ForUpdate"/>, but without the rows that others have to themselves.</summary>
    public abstract string ForUpdateSkipLocked { get; }

    /// <summary>What compares a column with the values of one parameter that is a <c>long[]</c> or <c>string[]</c>: <c>id {Among("ids")}</c>.</summary>
    public abstract string Among(string parameter);

    /// <summary>The same for a <c>byte[][]</c>.</summary>
    public abstract string AmongBytes(string parameter);

    /// <summary>A table with the one column <c>value</c>, of the values of a parameter that is a <c>byte[][]</c>.</summary>
    public abstract string RowsOfBytes(string parameter);

    /// <summary>A table of the rows of a parameter that is text: a JSON array of arrays of the same length.</summary>
    /// <param name="columns">Their names; '$' marks text, '#' bytes (hexadecimal digits), and the others are numbers.</param>
    public abstract string RowsOfJson(string parameter, params string[] columns);

    /// <summary>What takes turns on one tag (@repo, @name) until the transaction ends; null where writers take turns anyway.</summary>
    public abstract string? LockTag { get; }

    /// <summary>The same for several tags (@names, in the order in which they are given) in one statement.</summary>
    public abstract string? LockTagsAmong { get; }

    /// <summary>What takes a turn on all tags of a repository (@repo) at once, after everyone who has one on a single tag.</summary>
    public abstract string? LockTags { get; }

    /// <summary>The first row, or the default when there is none.</summary>
    public abstract ValueTask<T?> OneAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args);

    public abstract ValueTask<List<T>> ListAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params (string Name, object? Value)[] args);

    public abstract ValueTask DisposeAsync();
}
