using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Live;

/// <summary>Reads the outbox on SQLite, where nothing else does, while somebody listens.</summary>
internal sealed partial class LiveTail(EventReader reader, LiveEvents live, TimeProvider clock, ILogger<LiveTail> logger) : BackgroundService
{
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await live.WaitAsync(stoppingToken);
                while (live.IsHeard)
                {
                    await ReadAsync(stoppingToken);
                    await Task.Delay(s_every, clock, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server is stopping.
        }
    }

    private async Task ReadAsync(CancellationToken ct)
    {
        try
        {
            while (true)
            {
                var events = await reader.AfterAsync(live.Position, EventReader.Page, ct);
                foreach (var happened in events)
                    live.Hear(happened);
                if (events.Count < EventReader.Page)
                    return;
            }
        }
        catch (DatabaseException e)
        {
            Log.Failed(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(395, LogLevel.Warning, "Events could not be read for those who listen; tried again")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
