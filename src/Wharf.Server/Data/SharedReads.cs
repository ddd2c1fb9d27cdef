namespace Wharf.Server.Data;

/// <summary>
/// Lets callers that ask the same question at the same time share one query. Nobody gets an answer that is older than the question:
/// whoever comes while a query is under way shares the next one. A thousand nodes that pull one tag cost two queries at a time.
/// </summary>
internal sealed class SharedReads<TKey, TValue> where TKey : notnull
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Flight> _flights = [];

    public Task<TValue> ReadAsync(TKey key, Func<Task<TValue>> read, CancellationToken ct)
    {
        Flight? flight;
        lock (_gate)
        {
            if (_flights.TryGetValue(key, out flight))
            {
                flight.Next ??= new TaskCompletionSource<TValue>(TaskCreationOptions.RunContinuationsAsynchronously);
                return flight.Next.Task.WaitAsync(ct);
            }
            _flights.Add(key, flight = new Flight());
        }
        var first = new TaskCompletionSource<TValue>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = FlyAsync(key, flight, first, read);
        return first.Task.WaitAsync(ct);
    }

    private async Task FlyAsync(TKey key, Flight flight, TaskCompletionSource<TValue>? waiting, Func<Task<TValue>> read)
    {
        while (waiting is not null)
        {
            try
            {
                waiting.SetResult(await read());
            }
            catch (Exception e)
            {
                waiting.SetException(e);
            }
            lock (_gate)
            {
                waiting = flight.Next;
                flight.Next = null;
                if (waiting is null)
                    _flights.Remove(key);
            }
        }
    }

    private sealed class Flight
    {
        public TaskCompletionSource<TValue>? Next { get; set; }
    }
}
