using Wharf.Oci;
using Wharf.Server.Data;

namespace Wharf.Server.Outbox;

/// <summary>
/// Reads what other replicas did, each second, and has every slice forget what that touches. While it hears nothing, nothing that
/// is remembered counts (<see cref="Freshness"/>).
/// </summary>
internal sealed partial class EventTail(Database db, IEnumerable<EventListener> listeners, TimeProvider clock, ILogger<EventTail> logger) : BackgroundService
{
    private const int Page = 1000;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(1);
    private readonly EventListener[] _listeners = [.. listeners];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        long? cursor = null;
        using var timer = new PeriodicTimer(s_every, clock);
        do
        {
            try
            {
                // The first position is taken before anything can have been remembered for longer than memory counts.
                cursor ??= await db.OneAsync("SELECT last FROM event_position", static r => r.GetInt64(0), stoppingToken);
                cursor = await ReadAsync(cursor.Value, stoppingToken);
                db.Freshness.Heard();
            }
            catch (DatabaseException e)
            {
                db.Freshness.NoAnswer();
                Log.Failed(logger, e);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
        while (await WaitAsync(timer, stoppingToken));
    }

    private async Task<long> ReadAsync(long cursor, CancellationToken ct)
    {
        while (true)
        {
            var events = await db.ListAsync("""
                SELECT e.seq, e.kind, e.namespace_id, e.repository_id, n.name, r.name, e.digest, e.payload
                  FROM event e
                  LEFT JOIN namespace n ON n.id = e.namespace_id
                  LEFT JOIN repository r ON r.id = e.repository_id
                 WHERE e.seq > @cursor ORDER BY e.seq LIMIT @count
                """, static r => new OutboxEvent(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3),
                    !r.IsDBNull(4) && !r.IsDBNull(5) && RepositoryName.TryParse($"{r.GetString(4)}/{r.GetString(5)}", null, out var name) ? name : null,
                    r.IsDBNull(6) ? default : new Digest(r.GetFieldValue<byte[]>(6)), r.GetString(7)), ct, ("cursor", cursor), ("count", Page));
            foreach (var happened in events)
            {
                foreach (var listener in _listeners)
                    listener.On(happened);
                cursor = happened.Seq;
            }
            if (events.Count < Page)
                return cursor;
        }
    }

    private static async ValueTask<bool> WaitAsync(PeriodicTimer timer, CancellationToken ct)
    {
        try
        {
            return await timer.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(311, LogLevel.Warning, "Other replicas' changes could not be read; tried again in a second")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
