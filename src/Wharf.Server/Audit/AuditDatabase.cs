using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;

namespace Wharf.Server.Audit;

/// <summary>Where the trail is: on PostgreSQL beside the metadata, embedded in a database of its own.</summary>
internal sealed class AuditDatabase : IAsyncDisposable
{
    private Database? _database;
    private bool _owned;

    public Database Value => _database ?? throw new InvalidOperationException("The trail is opened by the startup step of that name.");

    /// <summary>Whether days are partitions.</summary>
    public bool HasPartitions => Value is PostgresDatabase;

    public void Open(Database database, bool owned) => (_database, _owned) = (database, owned);

    public ValueTask DisposeAsync() => _owned && _database is { } own ? own.DisposeAsync() : ValueTask.CompletedTask;
}
