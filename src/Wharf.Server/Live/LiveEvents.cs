using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Wharf.Server.Auth;
using Wharf.Server.Outbox;

namespace Wharf.Server.Live;

/// <summary>
/// Hands what is read from the outbox, once in this process, to the streams that it may concern. Whether a stream's caller may see it is
/// decided by the stream itself (<see cref="LiveStream"/>), so that none waits for another.
/// </summary>
internal sealed class LiveEvents : IDisposable
{
    private readonly EventReader _reader;
    private readonly LiveOptions _options;
    private readonly ConcurrentDictionary<LiveSubscription, byte> _all = [];
    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _woken = new(0);
    private readonly Meter _meter = new("Wharf.Live");
    private long _position;

    public LiveEvents(EventReader reader, LiveOptions options)
    {
        (_reader, _options) = (reader, options);
        _meter.CreateObservableGauge("wharf.live.streams", () => _all.Count, description: "Open streams of events.");
    }

    /// <summary>Whether anybody listens.</summary>
    public bool IsHeard => !_all.IsEmpty;

    /// <summary>The last event that was handed out, or behind which somebody began to listen.</summary>
    public long Position => Interlocked.Read(ref _position);

    /// <summary>Begins to listen; null when there are too many who do.</summary>
    public async ValueTask<LiveSubscription?> SubscribeAsync(Principal principal, LiveFilter filter, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            if (_all.Count >= _options.Streams || _all.Keys.Count(s => s.Principal.AccountId == principal.AccountId) >= _options.StreamsOfOne)
                return null;
            if (_all.IsEmpty)
                Interlocked.Exchange(ref _position, await _reader.LastAsync(ct));
            var subscription = new LiveSubscription(principal, filter);
            _all.TryAdd(subscription, 0);
            if (_woken.CurrentCount == 0)
                _woken.Release();
            return subscription;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Unsubscribe(LiveSubscription subscription) => _all.TryRemove(subscription, out _);

    /// <summary>Waits until somebody listens; it may also be that nobody does any more.</summary>
    public Task WaitAsync(CancellationToken ct) => _woken.WaitAsync(ct);

    /// <summary>Hands out an event.</summary>
    public void Hear(OutboxEvent happened)
    {
        Interlocked.Exchange(ref _position, Math.Max(happened.Seq, Position));
        if (_all.IsEmpty)
            return;
        var changesRights = happened.Kind.StartsWith("team.", StringComparison.Ordinal) || happened.Kind == "robot.deleted" || Permissions.ConcernsNamespace(happened.Kind);
        var told = LiveEvent.Of(happened);
        foreach (var (subscription, _) in _all)
        {
            if (changesRights)
                subscription.Reconsider();
            if (told is not null)
                subscription.Offer(told);
        }
    }

    public void Dispose()
    {
        _meter.Dispose();
        _turn.Dispose();
        _woken.Dispose();
    }
}
