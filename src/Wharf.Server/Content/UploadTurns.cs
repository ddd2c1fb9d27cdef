using System.Collections.Concurrent;

namespace Wharf.Server.Content;

/// <summary>
/// Within one process, one request at a time writes to a session. A newer request ends the older one and waits until it let go,
/// so that a client which lost its connection can resume at once; between processes the generation decides.
/// </summary>
internal sealed class UploadTurns
{
    private readonly ConcurrentDictionary<string, Turn> _active = new(StringComparer.Ordinal);

    public async Task<Turn> EnterAsync(string id, CancellationToken ct)
    {
        var mine = new Turn(this, id, ct);
        while (true)
        {
            var holder = _active.GetOrAdd(id, mine);
            if (ReferenceEquals(holder, mine))
                return mine;
            await holder.EndAsync(ct);
        }
    }

    internal sealed class Turn(UploadTurns turns, string id, CancellationToken request) : IDisposable
    {
        private readonly CancellationTokenSource _taken = CancellationTokenSource.CreateLinkedTokenSource(request);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Ends with the request, or when a newer one takes over.</summary>
        public CancellationToken Token => _taken.Token;

        /// <summary>A newer request has taken over (and not: the client went away).</summary>
        public bool Lost => _taken.IsCancellationRequested && !request.IsCancellationRequested;

        public async Task EndAsync(CancellationToken ct)
        {
            try
            {
                await _taken.CancelAsync();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself just now.
            }
            await _ended.Task.WaitAsync(ct);
        }

        public void Dispose()
        {
            turns._active.TryRemove(new(id, this));
            _ended.TrySetResult();
            _taken.Dispose();
        }
    }
}
