using System.Threading.Channels;
using Wharf.Server.Auth;

namespace Wharf.Server.Live;

/// <summary>One who listens, with what waits to be told.</summary>
internal sealed class LiveSubscription(Principal principal, LiveFilter filter)
{
    private const int Most = 256;
    private readonly Channel<LiveEvent> _waiting = Channel.CreateBounded<LiveEvent>(new BoundedChannelOptions(Most) { SingleReader = true });
    private int _missed;
    private int _stale;

    public Principal Principal => principal;

    public LiveFilter Filter => filter;

    /// <summary>What the caller belongs to, where the filter does not say it.</summary>
    public LiveInterests.Of? Interests { get; set; }

    public ChannelReader<LiveEvent> Waiting => _waiting.Reader;

    /// <summary>Takes an event that may concern the caller. What does not fit any more is not kept: all has to be looked at again then.</summary>
    public void Offer(LiveEvent told)
    {
        if (Concerns(told) && !_waiting.Writer.TryWrite(told))
            Interlocked.Exchange(ref _missed, 1);
    }

    /// <summary>Whether something was missed since this was last asked.</summary>
    public bool TakeMissed() => Interlocked.Exchange(ref _missed, 0) == 1;

    /// <summary>Rights have changed: what was refused may be allowed now.</summary>
    public void Reconsider() => Interlocked.Exchange(ref _stale, 1);

    /// <summary>Whether rights have changed since this was last asked.</summary>
    public bool TakeStale() => Interlocked.Exchange(ref _stale, 0) == 1;

    /// <summary>Whether it is of what the caller wants to hear; what he may hear is another question.</summary>
    public bool Concerns(LiveEvent told)
    {
        var happened = told.Happened;
        if (told.Kind == LiveKind.Message)
            return true;
        if (told.Kind == LiveKind.Account)
            return happened.NamespaceId == principal.AccountId;
        if (filter.RepositoryId != 0)
            return happened.RepositoryId == filter.RepositoryId;
        if (filter.NamespaceId != 0)
            return happened.NamespaceId == filter.NamespaceId;
        return Interests is not { } of || of.Namespaces.Contains(happened.NamespaceId) || (happened.RepositoryId is { } id && of.Repositories.Contains(id));
    }
}
