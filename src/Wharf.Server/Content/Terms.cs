using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>On what terms a change may be made. They are judged after the tags are locked and before anything is written.</summary>
internal sealed class Terms
{
    private readonly List<(string Sql, (string Name, object? Value)[] Args, Refusal? Otherwise)> _steps = [];

    /// <summary>Those of the change's tags that cannot be changed once they are there.</summary>
    public HashSet<string> Immutable { get; } = new(StringComparer.Ordinal);

    /// <summary>A statement that must find a row.</summary>
    public void Require(Refusal otherwise, string sql, params (string Name, object? Value)[] args) => _steps.Add((sql, args, otherwise));

    /// <summary>A statement that takes locks, or makes the row that is locked. What depends on them is judged by a later one (contract 2).</summary>
    public void Lock(string sql, params (string Name, object? Value)[] args) => _steps.Add((sql, args, null));

    public void AddTo(Batch<Refusal> batch)
    {
        foreach (var (sql, args, otherwise) in _steps)
            if (otherwise is null)
                batch.Add(sql, args);
            else
                batch.Require(otherwise, sql, args);
    }

    /// <summary>The same for what is not changed yet: without locks.</summary>
    public async ValueTask<Refusal?> CheckAsync(Database db, CancellationToken ct)
    {
        foreach (var (sql, args, otherwise) in _steps)
            if (otherwise is not null && await db.OneAsync(sql, static _ => true, ct, args) == false)
                return otherwise;
        return null;
    }

    public async ValueTask<Refusal?> CheckAsync(Tx tx)
    {
        foreach (var (sql, args, otherwise) in _steps)
            if ((await tx.ListAsync(sql, static _ => 0, args)).Count == 0 && otherwise is not null)
                return otherwise;
        return null;
    }
}
