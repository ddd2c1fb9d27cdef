using Wharf.Server.Data;

namespace Wharf.Server.Outbox;

/// <summary>
/// Reads what other replicas did, each second, and has every slice forget what that touches. While it hears nothing, nothing that
/// is remembered counts (<see cref="Freshness"/>).
/// </summary>
internal sealed partial class EventTail(Database db, EventReader reader, IEnumerable<EventListener> listeners, TimeProvider clock, ILogger<EventTail> logger) : BackgroundService
{
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
                cursor ??= await reader.LastAsync(stoppingToken);
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
            var events = await reader.AfterAsync(cursor, EventReader.Page, ct);
            foreach (var happened in events)
            {
                foreach (var listener in _listeners)
                    listener.On(happened);
                cursor = happened.Seq;
            }
            if (events.Count < EventReader.Page)
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
