using Wharf.Server.Data;

namespace Wharf.Server.Content;

/// <summary>
/// The queue of what may have become garbage. Whoever takes a hold away (a tag ends, a lease, a manifest goes) adds a row in the same
/// transaction, due when the hold's time is over. Rows are only ever inserted by those who change content, so that they wait for nobody;
/// several for one thing are judged together (Collector).
/// </summary>
internal static class Reviews
{
    /// <summary>Has what a query finds looked at.</summary>
    /// <param name="rows">SQL that selects kind, namespace_id, repository_id, digest and due_ms.</param>
    public static ValueTask<int> AddAsync(Tx tx, string rows, params (string Name, object? Value)[] args) => tx.ExecuteAsync(Insert(rows), args);

    /// <inheritdoc cref="AddAsync"/>
    public static void Add<TRefusal>(Batch<TRefusal> batch, string rows, params (string Name, object? Value)[] args) where TRefusal : class => batch.Add(Insert(rows), args);

    /// <summary>SQL for when the window ends of what ends now in the namespace @ns.</summary>
    public const string AfterWindow = "now_ms() + (SELECT tag_expiration_s FROM namespace WHERE id = @ns) * 1000";

    private static string Insert(string rows) => $"INSERT INTO gc_review (kind, namespace_id, repository_id, digest, due_ms) {rows}";
}
