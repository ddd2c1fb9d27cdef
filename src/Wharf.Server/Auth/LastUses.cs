using System.Collections.Concurrent;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>
/// When accounts, robots, tokens and sessions were last used: collected in memory and written together now and then, so that no request
/// waits for it and a busy robot costs one write a minute.
/// </summary>
internal sealed partial class LastUses(Database db, SessionStore sessions, AuthOptions options, TimeProvider clock, ILogger<LastUses> logger) : BackgroundService
{
    private const int Chunk = 500;
    private static readonly TimeSpan s_last = TimeSpan.FromSeconds(3);
    private const long MinuteMs = 60_000;
    private ConcurrentDictionary<long, long> _people = new();
    private ConcurrentDictionary<long, long> _robots = new();
    private ConcurrentDictionary<string, long> _appTokens = new();
    private ConcurrentDictionary<string, long> _oauthTokens = new();
    private ConcurrentDictionary<string, long> _sessions = new();

    public void Note(Principal principal)
    {
        if (principal.IsAnonymous)
            return;
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds();
        (principal.IsRobot ? _robots : _people)[principal.AccountId] = now;
        if (principal.AppToken is { } token)
            _appTokens[token] = now;
        if (principal.OAuth is { } oauth)
            _oauthTokens[oauth.TokenId] = now;
    }

    public void Note(SessionState session, long nowMs)
    {
        _people[session.AccountId] = nowMs;
        if (nowMs - session.SeenMs >= MinuteMs)
            _sessions[session.Id] = nowMs;
    }

    /// <summary>Writes what was noted, and once more at the end.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(options.LastUsedSeconds), clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await FlushAsync(stoppingToken);
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
        await FlushAsync(limit.Token);
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        try
        {
            // In one order on every replica, so that no two wait for each other's rows.
            foreach (var chunk in Take(ref _people).OrderBy(static u => u.Key).Chunk(Chunk))
                await WriteAsync("account", "id", chunk, ct);
            foreach (var chunk in Take(ref _robots).OrderBy(static u => u.Key).Chunk(Chunk))
                await WriteAsync("robot", "id", chunk, ct);
            foreach (var chunk in Take(ref _appTokens).OrderBy(static u => u.Key, StringComparer.Ordinal).Chunk(Chunk))
                await WriteAsync("app_token", "token_id", chunk, ct);
            foreach (var chunk in Take(ref _oauthTokens).OrderBy(static u => u.Key, StringComparer.Ordinal).Chunk(Chunk))
                await WriteAsync("oauth_token", "token_id", chunk, ct);
            foreach (var chunk in Take(ref _sessions).OrderBy(static u => u.Key, StringComparer.Ordinal).Chunk(Chunk))
                await sessions.NoteUsesAsync([.. chunk.Select(static u => (u.Key, u.Value))], ct);
        }
        catch (Exception e) when (e is DatabaseException or OperationCanceledException)
        {
            // They are about the past minute only, and whoever is still there is noted again.
            Log.Failed(logger, e);
        }
    }

    private async Task WriteAsync<TKey>(string table, string key, KeyValuePair<TKey, long>[] uses, CancellationToken ct)
    {
        var batch = new Batch<object>();
        foreach (var (id, atMs) in uses)
            batch.Add($"UPDATE {table} SET last_used_ms = @at WHERE {key} = @id AND (last_used_ms IS NULL OR last_used_ms < @at)", ("id", id), ("at", atMs));
        await db.RunAsync(batch, ct);
    }

    private static ConcurrentDictionary<TKey, long> Take<TKey>(ref ConcurrentDictionary<TKey, long> uses) where TKey : notnull => Interlocked.Exchange(ref uses, new());

    private static partial class Log
    {
        [LoggerMessage(320, LogLevel.Warning, "When accounts were last used could not be written")]
        public static partial void Failed(ILogger logger, Exception e);
    }
}
