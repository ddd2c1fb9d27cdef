using Wharf.Server.Data;

namespace Wharf.Server.PullStatistics;

/// <summary>Writes what was counted every now and then, and once more at the end. What cannot be written waits, within a bound.</summary>
internal sealed partial class PullWriter(PullCounter counter, PullStore store, PullStatisticsOptions options, TimeProvider clock, ILogger<PullWriter> logger) : BackgroundService
{
    private const int Chunk = 1000;
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    // What is not written yet, the last one first.
    private readonly List<PullRow> _waiting = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await counter.WaitAsync(stoppingToken);
                if (!await WriteAsync(stoppingToken))
                    await Task.Delay(s_pause, clock, stoppingToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        // A database that does not answer must not hold up the end.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_last);
        await WriteAsync(limit.Token);
    }

    private async Task<bool> WriteAsync(CancellationToken ct)
    {
        try
        {
            await WriteWaitingAsync(ct);
            if (_waiting.Count < options.Kept)
            {
                Take();
                await WriteWaitingAsync(ct);
            }
            return true;
        }
        catch (Exception e) when (e is DatabaseException or OperationCanceledException)
        {
            Log.Failed(logger, _waiting.Count, e);
            return false;
        }
    }

    // In one order on every replica, so that no two wait for each other's rows.
    private void Take()
    {
        foreach (var (key, tally) in counter.Take())
        {
            _waiting.Add(new PullRow(key.NamespaceId, key.RepositoryId, "", key.Digest.ToArray(), key.AccountId, tally.Pulls, tally.At));
            if (key.Tag.Length > 0)
                _waiting.Add(new PullRow(key.NamespaceId, key.RepositoryId, key.Tag, [], key.AccountId, tally.Pulls, tally.At));
        }
        _waiting.Sort(static (a, b) => PullRow.Compare(b, a));
    }

    private async Task WriteWaitingAsync(CancellationToken ct)
    {
        while (_waiting.Count > 0)
        {
            var first = Math.Max(0, _waiting.Count - Chunk);
            await store.AddAsync(_waiting[first..], ct);
            _waiting.RemoveRange(first, _waiting.Count - first);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(700, LogLevel.Warning, "{Count} counts of pulls could not be written; they are tried again")]
        public static partial void Failed(ILogger logger, int count, Exception e);
    }
}
