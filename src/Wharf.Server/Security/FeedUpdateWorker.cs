using Wharf.Server.Work;

namespace Wharf.Server.Security;

/// <summary>Asks publishers for news every so often, by itself: one replica for all.</summary>
internal sealed partial class FeedUpdateWorker : LeasedWorker
{
    private static readonly TimeSpan s_keep = TimeSpan.FromSeconds(5);

    private readonly FeedUpdate _update;
    private readonly FeedStore _store;
    private readonly TimeSpan _every;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;

    public FeedUpdateWorker(FeedUpdate update, FeedStore store, SecurityOptions options, Leases leases, TimeProvider clock, ILogger<FeedUpdateWorker> logger)
        : base("feeds.update", options.UpdateEvery, leases, clock, logger) =>
        (_update, _store, _every, _clock, _logger) = (update, store, options.UpdateEvery, clock, logger);

    protected override async Task<bool> RunAsync(CancellationToken ct)
    {
        // Each replica comes here in its turn; what another has just asked for is not due.
        var since = (_clock.GetUtcNow() - (_every / 2)).ToUnixTimeMilliseconds();
        var asked = (await _store.ListAsync(ct)).Where(r => r.CheckedMs > since).Select(static r => r.Name).ToHashSet(StringComparer.Ordinal);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var running = _update.RunAsync(_update.Wanted.Where(n => !asked.Contains(n)), force: false, static _ => { }, stop.Token);
        try
        {
            while (await Task.WhenAny(running, Task.Delay(s_keep, _clock, ct)) != running)
                await KeepAsync(ct);
        }
        finally
        {
            await stop.CancelAsync();
        }
        foreach (var outcome in await running)
        {
            if (outcome.Info is null)
                Log.Refused(_logger, outcome.Name, outcome.Problem);
            else if (outcome.IsNew)
                Log.Imported(_logger, outcome.Name, outcome.Info.Revision, outcome.Info.Statements);
        }
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(902, LogLevel.Information, "Feed {Feed} is at revision {Revision} with {Statements} statements")]
        public static partial void Imported(ILogger logger, string feed, string revision, long statements);

        [LoggerMessage(903, LogLevel.Warning, "Feed {Feed} stays as it is: {Problem}")]
        public static partial void Refused(ILogger logger, string feed, string? problem);
    }
}
