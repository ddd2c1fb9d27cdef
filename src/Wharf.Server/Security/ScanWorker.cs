using Wharf.Server.Data;
using Wharf.Server.Work;
using Wharf.Storage;

namespace Wharf.Server.Security;

/// <summary>Scans what is queued, one manifest after the other; any number of processes may do so.</summary>
internal sealed partial class ScanWorker(ScanQueue queue, ImageScanner scanner, TimeProvider clock, ILogger<ScanWorker> logger) : QueueWorker("scan", TimeSpan.FromSeconds(1), logger)
{
    private static readonly TimeSpan s_sweep = TimeSpan.FromHours(1);
    private long _swept = clock.GetTimestamp();

    protected override async Task<TimeSpan?> RunAsync(CancellationToken ct)
    {
        await queue.FeedAsync(ct);
        while (await queue.TakeAsync(ct) is { } turn)
        {
            try
            {
                await ScanAsync(turn, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                await queue.GiveBackAsync(turn, CancellationToken.None);
                throw;
            }
            catch (Exception e)
            {
                // A store or database that does not answer is no fault of the image.
                Log.Failed(logger, turn, e);
                await queue.EndAsync(turn, ScanState.Queued, e is StorageException or DatabaseException ? "The blob storage or the database did not answer." : "The scanner failed; the server's log says why.", ct);
            }
            await queue.FeedAsync(ct);
        }
        if (clock.GetElapsedTime(_swept) > s_sweep)
        {
            await queue.RenewAsync(ct);
            while (await queue.SweepAsync(ct))
            {
            }
            _swept = clock.GetTimestamp();
        }
        return null;
    }

    private async Task ScanAsync(ScanTurn turn, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var scanning = Task.Run(() => scanner.ScanAsync(turn, stop.Token), ct);
        try
        {
            while (await Task.WhenAny(scanning, Task.Delay(ScanQueue.KeepEvery, clock, ct)) != scanning)
                await queue.KeepAsync(turn, ct);
        }
        catch
        {
            await stop.CancelAsync();
            await Task.WhenAny(scanning);
            throw;
        }
        await scanning;
    }

    private static partial class Log
    {
        [LoggerMessage(901, LogLevel.Warning, "{Turn} could not be scanned; it is tried again a few times")]
        public static partial void Failed(ILogger logger, ScanTurn turn, Exception e);
    }
}
