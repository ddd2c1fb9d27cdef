using Wharf.Storage;

namespace Wharf.Tests.Server.Lifetimes;

/// <summary>A store that fails the n-th of its calls, once.</summary>
internal sealed class FailingDriver(IBlobDriver inner) : IBlobDriver
{
    private int _calls;

    /// <summary>How many calls there were since <see cref="FailAt"/> was set.</summary>
    public int Calls => _calls;

    /// <summary>Which call from now on fails; 0 for none.</summary>
    public int FailAt
    {
        get => field;
        set
        {
            _calls = 0;
            field = value;
        }
    }

    public async Task<IBlobWriter> BeginAsync(string key, CancellationToken ct) => new Writer(this, await Call(() => inner.BeginAsync(key, ct)));

    public async Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => new Writer(this, await Call(() => inner.ResumeAsync(key, state, ct)));

    public Task<Stream?> OpenUnfinishedAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => Call(() => inner.OpenUnfinishedAsync(key, state, ct));

    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => Call(() => inner.AbortAsync(key, state, ct));

    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct) => Call(() => inner.OpenAsync(key, offset, length, ct));

    public Task<long?> StatAsync(string key, CancellationToken ct) => Call(() => inner.StatAsync(key, ct));

    public Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct) => Call(() => inner.DeleteAsync(keys, ct));

    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct) => Call(() => inner.PresignAsync(key, lifetime, ct));

    public Task CopyAsync(string from, string to, CancellationToken ct) => Call(() => inner.CopyAsync(from, to, ct));

    public IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct) => inner.ListAsync(prefix, ct);

    public IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync(CancellationToken ct) => inner.ListUnfinishedAsync(ct);

    private void Count()
    {
        if (++_calls == FailAt)
            throw new StorageException($"The call {_calls} of the store fails.");
    }

    private async Task<T> Call<T>(Func<Task<T>> call)
    {
        Count();
        return await call();
    }

    private async Task Call(Func<Task> call)
    {
        Count();
        await call();
    }

    private sealed class Writer(FailingDriver of, IBlobWriter inner) : IBlobWriter
    {
        public long Length => inner.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken ct)
        {
            of.Count();
            return inner.WriteAsync(chunk, ct);
        }

        public Task<byte[]> CheckpointAsync(CancellationToken ct) => of.Call(() => inner.CheckpointAsync(ct));

        public Task<long> CompleteAsync(CancellationToken ct) => of.Call(() => inner.CompleteAsync(ct));

        public Task AbortAsync(CancellationToken ct) => inner.AbortAsync(ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
