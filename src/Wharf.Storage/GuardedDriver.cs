using System.Globalization;
using System.Runtime.CompilerServices;
using Polly;
using Polly.CircuitBreaker;

namespace Wharf.Storage;

/// <summary>
/// A driver that asks nothing of a place that does not answer: when at least half of ten calls or more failed within ten seconds, all fail at once for five seconds, and then one call
/// tells whether the place is back. So a request learns in microseconds what it would else wait a time limit for, and a place that struggles is left alone.
/// A place without room works, and so does one that does not know an upload.
/// </summary>
public sealed class GuardedDriver : IBlobDriver, IDisposable
{
    private const int FewestCalls = 10;

    private static readonly TimeSpan s_sample = TimeSpan.FromSeconds(10);

    private readonly IBlobDriver _inner;
    private readonly string _name;
    private readonly ResiliencePipeline _guard;
    private readonly CircuitBreakerStateProvider _state = new();

    /// <param name="name">Of the place, as the settings have it.</param>
    /// <param name="changed">Told when the place is given up (true), and when it is back.</param>
    /// <param name="pause">For how long it is given up.</param>
    public GuardedDriver(IBlobDriver inner, string name, Action<bool> changed, TimeSpan pause)
    {
        (_inner, _name, Pause) = (inner, name, pause);
        _guard = new ResiliencePipelineBuilder().AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = 0.5,
            MinimumThroughput = FewestCalls,
            SamplingDuration = s_sample,
            BreakDuration = pause,
            StateProvider = _state,
            ShouldHandle = new PredicateBuilder().Handle<StorageException>(static e => e is not (StorageFullException or UploadLostException or BlobsLockedException)),
            OnOpened = _ =>
            {
                changed(true);
                return default;
            },
            OnClosed = _ =>
            {
                changed(false);
                return default;
            },
        }).Build();
    }

    /// <summary>For how long a place that fails is given up.</summary>
    public TimeSpan Pause { get; }

    /// <summary>Whether it is given up now.</summary>
    public bool IsGivenUp => _state.CircuitState is CircuitState.Open or CircuitState.Isolated;

    public Task<IBlobWriter> BeginAsync(string key, CancellationToken ct) => CallAsync(async t => (IBlobWriter)new Writer(this, await _inner.BeginAsync(key, t)), ct);

    public Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct) =>
        CallAsync(async t => (IBlobWriter)new Writer(this, await _inner.ResumeAsync(key, state, attempt, t)), ct);

    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => CallAsync(t => _inner.AbortAsync(key, state, t), ct);

    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct) => CallAsync(t => _inner.OpenAsync(key, offset, length, t), ct);

    public Task<long?> StatAsync(string key, CancellationToken ct) => CallAsync(t => _inner.StatAsync(key, t), ct);

    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct) => CallAsync(t => _inner.DeleteAsync(keys, t), ct);

    public Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct) => CallAsync(t => _inner.DeleteForeignAsync(names, t), ct);

    // Nothing is asked of the place for it.
    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct) => _inner.PresignAsync(key, lifetime, ct);

    public Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct) =>
        CallAsync(t => _inner.TryCopyAsync(source is GuardedDriver other ? other._inner : source, from, to, t), ct);

    public IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct) => ListedAsync(_inner.ListAsync(prefix, ct), ct);

    public IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync(CancellationToken ct) => ListedAsync(_inner.ListUnfinishedAsync(ct), ct);

    public Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct) => CallAsync(t => _inner.PutFileAsync(name, content, t), ct);

    public Task<Stream?> OpenFileAsync(string name, CancellationToken ct) => CallAsync(t => _inner.OpenFileAsync(name, t), ct);

    public IAsyncEnumerable<StoredObject> ListFilesAsync(CancellationToken ct) => ListedAsync(_inner.ListFilesAsync(ct), ct);

    public Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct) => CallAsync(t => _inner.DeleteFilesAsync(names, t), ct);

    public IAsyncEnumerable<StoredObject> ListForeignAsync(CancellationToken ct) => ListedAsync(_inner.ListForeignAsync(ct), ct);

    public void Dispose() => (_inner as IDisposable)?.Dispose();

    private async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken ct)
    {
        try
        {
            return await _guard.ExecuteAsync(static (call, t) => new ValueTask<T>(call(t)), call, ct);
        }
        catch (BrokenCircuitException e)
        {
            throw new StorageException(string.Create(CultureInfo.InvariantCulture, $"The location {_name} has failed lately and is not asked for {Pause.TotalSeconds:0.#} s: {e.InnerException?.Message}"), e);
        }
    }

    private Task<bool> CallAsync(Func<CancellationToken, Task> call, CancellationToken ct) => CallAsync(async t =>
    {
        await call(t);
        return true;
    }, ct);

    private async IAsyncEnumerable<T> ListedAsync<T>(IAsyncEnumerable<T> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var row = rows.GetAsyncEnumerator(ct);
        while (await CallAsync(_ => row.MoveNextAsync().AsTask(), ct)) yield return row.Current;
    }

    private sealed class Writer(GuardedDriver driver, IBlobWriter inner) : IBlobWriter
    {
        public long Length => inner.Length;

        // Most writes only gather bytes; what they send shows at the next of the others.
        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct) => inner.WriteAsync(bytes, ct);

        public Task<byte[]> CheckpointAsync(CancellationToken ct) => driver.CallAsync(inner.CheckpointAsync, ct);

        public Task<StoredBlob> CompleteAsync(CancellationToken ct) => driver.CallAsync(inner.CompleteAsync, ct);

        public Task AbortAsync(CancellationToken ct) => inner.AbortAsync(ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
