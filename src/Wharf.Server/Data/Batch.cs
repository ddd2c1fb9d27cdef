namespace Wharf.Server.Data;

/// <summary>
/// A write whose steps need no answer in between, so that PostgreSQL gets it in one round trip. Requirements are checked inside
/// the transaction: when one finds no row, nothing of the batch happened and its refusal is the outcome.
/// </summary>
/// <typeparam name="TRefusal">What the caller is told about an unmet requirement.</typeparam>
internal sealed class Batch<TRefusal> where TRefusal : class
{
    private readonly List<Action> _onCommit = [];

    public List<Step> Steps { get; } = [];

    /// <summary>A statement whose number of rows does not matter.</summary>
    public void Add(string sql, params (string Name, object? Value)[] args) => Steps.Add(new Step(sql, args, null));

    /// <summary>A query or a change that must find at least one row.</summary>
    public void Require(TRefusal otherwise, string sql, params (string Name, object? Value)[] args) => Steps.Add(new Step(sql, args, otherwise));

    /// <inheritdoc cref="Tx.OnCommit"/>
    public void OnCommit(Action action) => _onCommit.Add(action);

    public void Committed()
    {
        foreach (var action in _onCommit)
            action();
    }

    /// <param name="Otherwise">The refusal when the statement finds no row; null when it may find none.</param>
    internal readonly record struct Step(string Sql, (string Name, object? Value)[] Args, TRefusal? Otherwise)
    {
        public bool IsQuery => Sql.AsSpan().TrimStart().StartsWith("SELECT", StringComparison.Ordinal);
    }
}
