using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Data.Postgres;

namespace Wharf.Server.Outbox;

/// <summary>Reads the outbox by position.</summary>
internal sealed class EventReader(Database db)
{
    /// <summary>So many events are read at once.</summary>
    public const int Page = 1000;

    // On SQLite the position is the row's own id, of which there is an index.
    private readonly string _position = db is PostgresDatabase ? "seq" : "id";
    private readonly string _last = db is PostgresDatabase ? "SELECT last FROM event_position" : "SELECT coalesce(max(id), 0) FROM event";

    /// <summary>The position of the last event that has one.</summary>
    public ValueTask<long> LastAsync(CancellationToken ct) => db.OneAsync(_last, static r => r.GetInt64(0), ct);

    /// <summary>The events behind a position, in order, at most so many.</summary>
    public ValueTask<List<OutboxEvent>> AfterAsync(long position, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT e.{_position}, e.kind, e.namespace_id, e.repository_id, n.name, r.name, e.digest, e.payload
          FROM event e
          LEFT JOIN namespace n ON n.id = e.namespace_id
          LEFT JOIN repository r ON r.id = e.repository_id
         WHERE e.{_position} > @position ORDER BY e.{_position} LIMIT @count
        """, static r => new OutboxEvent(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3),
            !r.IsDBNull(4) && !r.IsDBNull(5) && RepositoryName.TryParse($"{r.GetString(4)}/{r.GetString(5)}", null, out var name) ? name : null,
            r.IsDBNull(6) ? default : new Digest(r.GetFieldValue<byte[]>(6)), r.GetString(7), r.IsDBNull(4) ? null : r.GetString(4)), ct, ("position", position), ("count", count));

    /// <summary>Whether the event at a position is still there, so that nothing behind it is missing.</summary>
    public async ValueTask<bool> HasAsync(long position, CancellationToken ct) =>
        await db.OneAsync($"SELECT 1 FROM event WHERE {_position} = @position", static r => r.GetInt32(0), ct, ("position", position)) == 1;
}
