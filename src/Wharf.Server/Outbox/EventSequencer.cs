using Wharf.Server.Data;
using Wharf.Server.Work;

namespace Wharf.Server.Outbox;

/// <summary>
/// Gives committed events their position, on PostgreSQL, where rows appear in another order than their ids: a consumer that reads
/// by id loses the row of a slow transaction (contract 7). One replica at a time, told apart by its fence.
/// </summary>
internal sealed partial class EventSequencer(Database db, Leases leases, TimeProvider clock, ILogger<EventSequencer> logger) : BackgroundService
{
    private const string Lease = "event-sequencer";
    private const int Batch = 1000;
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_busy = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_idle = TimeSpan.FromMilliseconds(500);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (pause, renewed, fence) = (s_busy, 0L, (long?)null);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (fence is null || clock.GetElapsedTime(renewed) > s_lease / 3)
                {
                    fence = await leases.TryTakeAsync(Lease, s_lease, stoppingToken);
                    renewed = clock.GetTimestamp();
                }
                var moved = fence is { } mine ? await SequenceAsync(db, mine, stoppingToken) : 0;
                if (moved is null)
                    fence = null;
                pause = moved > 0 ? s_busy : pause * 2 < s_idle ? pause * 2 : s_idle;
                if (moved != Batch)
                    await Task.Delay(pause, clock, stoppingToken);
            }
            catch (DatabaseException e)
            {
                Log.Failed(logger, e);
                fence = null;
                await Task.WhenAny(Task.Delay(s_idle * 2, clock, stoppingToken));
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>One batch; how many events got a position, or null when another holder has taken the lease.</summary>
    internal static async Task<int?> SequenceAsync(Database db, long fence, CancellationToken ct)
    {
        if (await db.OneAsync("SELECT 1 FROM event WHERE seq IS NULL LIMIT 1", static r => r.GetInt32(0), ct) == 0)
            return 0;
        return await db.WriteAsync<int?>(async tx => !await Leases.HoldsAsync(db, tx, Lease, fence) ? null : await tx.ExecuteAsync($"""
            WITH picked AS (
                     SELECT id, row_number() OVER (ORDER BY id) AS place FROM event WHERE seq IS NULL ORDER BY id LIMIT {Batch}),
                 moved AS (
                     UPDATE event_position SET last = last + (SELECT count(*) FROM picked) RETURNING last - (SELECT count(*) FROM picked) AS base)
            UPDATE event SET seq = moved.base + picked.place FROM picked, moved WHERE event.id = picked.id
            """), ct);
    }

    private static partial class Log
    {
        [LoggerMessage(310, LogLevel.Warning, "Events could not be sequenced; tried again in a second")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
