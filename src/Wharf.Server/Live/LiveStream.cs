using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Wharf.Server.Auth;
using Wharf.Server.Outbox;

namespace Wharf.Server.Live;

/// <summary>
/// One open stream in the format of server-sent events (WHATWG HTML 9.2). Each event's <c>id</c> is its place in the outbox, from which a
/// browser goes on when the connection broke.
/// </summary>
internal sealed class LiveStream(LiveSubscription subscription, Caller caller, Authenticator authenticator, Permissions permissions, LiveInterests interests, EventReader reader, PipeWriter to, TimeProvider clock)
{
    /// <summary>After which time without a word proxies take a connection for dead, with a margin.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(15);

    // Two heartbeats: what ends without an event is noticed by then.
    private static readonly TimeSpan s_recheck = TimeSpan.FromSeconds(30);

    // So often at most is something written; what repeats within it is told once.
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<long> _refused = [];
    private readonly Principal _principal = caller.Principal;
    private long _last;

    /// <summary>Goes on until the caller goes away, may see no more, or the server stops.</summary>
    /// <param name="after">The last event that the caller had before; null for none.</param>
    public async Task RunAsync(long? after, CancellationToken ct)
    {
        // What was handed out since the subscription began waits in it, and is told from here on.
        var now = _last = await reader.LastAsync(ct);
        Write("retry: 3000\n\n");
        if (after is not null)
        {
            if (!await ReplayAsync(after.Value, ct))
                Resync(now);
        }
        else
            Write(string.Create(CultureInfo.InvariantCulture, $"id: {now}\nevent: hello\ndata: {{}}\n\n"));
        await to.FlushAsync(ct);

        var checkedAt = clock.GetTimestamp();
        using var timer = new PeriodicTimer(s_heartbeat, clock);
        var tick = timer.WaitForNextTickAsync(ct).AsTask();
        var news = subscription.Waiting.WaitToReadAsync(ct).AsTask();
        while (true)
        {
            await Task.WhenAny(tick, news);
            ct.ThrowIfCancellationRequested();
            if (tick.IsCompleted)
            {
                Write(":\n\n");
                tick = timer.WaitForNextTickAsync(ct).AsTask();
                if (clock.GetElapsedTime(checkedAt) >= s_recheck)
                {
                    if (!await MayListenAsync(ct))
                        return;
                    checkedAt = clock.GetTimestamp();
                }
            }
            if (news.IsCompleted)
            {
                if (!await authenticator.IsStillGoodAsync(caller, ct))
                    return;
                if (subscription.TakeStale() && !await MayListenAsync(ct))
                    return;
                if (!await TellAsync(ct))
                    return;
                await to.FlushAsync(ct);
                await Task.Delay(s_pause, clock, ct);
                news = subscription.Waiting.WaitToReadAsync(ct).AsTask();
            }
            await to.FlushAsync(ct);
        }
    }

    /// <returns>False when the stream's own subject is not the caller's to see any more.</returns>
    private async ValueTask<bool> TellAsync(CancellationToken ct)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        while (subscription.Waiting.TryRead(out var one))
        {
            if (one.Happened.Seq <= _last)
                continue;
            if (await MaySeeAsync(one, ct))
                Write(one, told);
            else if (one.Happened.RepositoryId is { } id && id == subscription.Filter.RepositoryId)
                return false;
        }
        if (subscription.TakeMissed())
            Resync(await reader.LastAsync(ct));
        return true;
    }

    /// <summary>Tells what happened since the caller was last here.</summary>
    /// <returns>False when that is too much, or not known any more.</returns>
    private async ValueTask<bool> ReplayAsync(long after, CancellationToken ct)
    {
        if (!await reader.HasAsync(after, ct))
            return false;
        var events = await reader.AfterAsync(after, EventReader.Page, ct);
        if (events.Count == EventReader.Page)
            return false;
        _last = after;
        var before = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in events)
            if (LiveEvent.Of(one) is { } told && subscription.Concerns(told) && await MaySeeAsync(told, ct))
                Write(told, before);
        return true;
    }

    private async ValueTask<bool> MaySeeAsync(LiveEvent told, CancellationToken ct)
    {
        var happened = told.Happened;
        if (told.Kind is LiveKind.Message or LiveKind.Account)
            return true;
        if (told.Kind == LiveKind.Namespace)
            return happened.Namespace is { } ns && await MaySeeAsync(ns, ct);
        if (happened.Kind.StartsWith("repository.", StringComparison.Ordinal))
            _refused.Remove(happened.RepositoryId!.Value);
        if (_refused.Contains(happened.RepositoryId!.Value) || happened.Repository is not { } name)
            return false;
        var access = await permissions.DecideAsync(_principal, name, RepositoryRole.Read, ct);
        // That it is gone is told to who had it before him, and to who could make it anew.
        var isSeen = access.RepositoryId == happened.RepositoryId ? access.Role >= RepositoryRole.Read
            : subscription.Filter.RepositoryId == happened.RepositoryId || (!access.Exists && access.Role >= RepositoryRole.Read);
        if (!isSeen)
            _refused.Add(happened.RepositoryId.Value);
        return isSeen;
    }

    private async ValueTask<bool> MaySeeAsync(string ns, CancellationToken ct) => await permissions.DecideAsync(_principal, ns, ct) is { Exists: true } access
        && (access.NamespaceId == _principal.AccountId || access.NamespaceId == _principal.RobotOf || Permissions.Allows(_principal, access, Permission.SeeOrganization));

    /// <summary>Looks at everything again that was remembered of the caller's rights.</summary>
    private async ValueTask<bool> MayListenAsync(CancellationToken ct)
    {
        _refused.Clear();
        if (!await authenticator.IsStillGoodAsync(caller, ct))
            return false;
        if (subscription.Filter.Repository is { } repository)
            return await permissions.DecideAsync(_principal, repository, RepositoryRole.Read, ct) is { Exists: true, Role: >= RepositoryRole.Read };
        if (subscription.Filter.Namespace is { } ns)
            return await MaySeeAsync(ns, ct);
        subscription.Interests = await interests.ReadAsync(_principal, ct);
        return true;
    }

    private void Write(LiveEvent told, HashSet<string> before)
    {
        var data = Encoding.UTF8.GetString(told.Data());
        _last = told.Happened.Seq;
        if (before.Add(data))
            Write(string.Create(CultureInfo.InvariantCulture, $"id: {_last}\nevent: {told.Kind.ToString().ToLowerInvariant()}\ndata: {data}\n\n"));
    }

    // Whatever the page shows has to be asked for again.
    private void Resync(long now)
    {
        _last = Math.Max(_last, now);
        Write(string.Create(CultureInfo.InvariantCulture, $"id: {now}\nevent: resync\ndata: {{}}\n\n"));
    }

    private void Write(string text) => to.Write(Encoding.UTF8.GetBytes(text));
}
