using System.Runtime.CompilerServices;
using Wharf.Storage;

namespace Wharf.Tests.Storage;

/// <summary>A driver one of whose calls fails, the writers' calls and each read included, and that a test can look into.</summary>
internal sealed class FailingDriver(IBlobDriver inner) : IBlobDriver
{
    private long _calls;
    private long _failAt;
    private bool _down;

    private IBlobDriver Inner => inner;

    /// <summary>Called before a blob is looked for.</summary>
    public Func<string, Task>? OnStat { get; set; }

    /// <summary>Until when an object may not be deleted; null: it may, the earliest time there is: until nobody knows when.</summary>
    public Func<string, DateTimeOffset?>? LockedUntil { get; set; }

    /// <summary>Whether every call fails.</summary>
    public bool Down
    {
        get => Volatile.Read(ref _down);
        set
        {
            Volatile.Write(ref _down, value);
            Interlocked.Exchange(ref _calls, 0);
        }
    }

    /// <summary>The calls since the last <see cref="FailAt"/>, or since <see cref="Down"/> was set.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>Has the n-th call from now on fail; 0 for none.</summary>
    public void FailAt(long n)
    {
        Interlocked.Exchange(ref _failAt, n);
        Interlocked.Exchange(ref _calls, 0);
    }

    public async Task<IBlobWriter> BeginAsync(string key, CancellationToken ct)
    {
        Call();
        return new Writer(this, await inner.BeginAsync(key, ct));
    }

    public async Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct)
    {
        Call();
        return new Writer(this, await inner.ResumeAsync(key, state, attempt, ct));
    }

    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        Call();
        return inner.AbortAsync(key, state, ct);
    }

    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct)
    {
        Call();
        return inner.OpenAsync(key, offset, length, ct);
    }

    public async Task<long?> StatAsync(string key, CancellationToken ct)
    {
        Call();
        if (OnStat is { } look)
            await look(key);
        return await inner.StatAsync(key, ct);
    }

    public async Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        Call();
        var locked = keys.Where(k => LockedUntil?.Invoke(k) is not null).ToDictionary(static k => k, k => LockedUntil!(k) is { } until && until > DateTimeOffset.MinValue ? until : (DateTimeOffset?)null);
        await inner.DeleteAsync([.. keys.Where(k => !locked.ContainsKey(k))], ct);
        if (locked.Count > 0)
            throw new BlobsLockedException(locked);
    }

    public Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        Call();
        return inner.DeleteForeignAsync(names, ct);
    }

    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct) => inner.PresignAsync(key, lifetime, ct);

    public Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct)
    {
        Call();
        return inner.TryCopyAsync(source is FailingDriver other ? other.Inner : source, from, to, ct);
    }

    public IAsyncEnumerable<StoredObject> ListAsync(string? prefix, CancellationToken ct) => ListedAsync(inner.ListAsync(prefix, ct), ct);

    public IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync(CancellationToken ct) => ListedAsync(inner.ListUnfinishedAsync(ct), ct);

    public Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct)
    {
        Call();
        return inner.PutFileAsync(name, content, ct);
    }

    public Task<Stream?> OpenFileAsync(string name, CancellationToken ct)
    {
        Call();
        return inner.OpenFileAsync(name, ct);
    }

    public IAsyncEnumerable<StoredObject> ListFilesAsync(CancellationToken ct) => ListedAsync(inner.ListFilesAsync(ct), ct);

    public Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        Call();
        return inner.DeleteFilesAsync(names, ct);
    }

    public IAsyncEnumerable<StoredObject> ListForeignAsync(CancellationToken ct) => ListedAsync(inner.ListForeignAsync(ct), ct);

    private async IAsyncEnumerable<T> ListedAsync<T>(IAsyncEnumerable<T> rows, [EnumeratorCancellation] CancellationToken ct)
    {
        Call();
        await foreach (var row in rows.WithCancellation(ct))
            yield return row;
    }

    private void Call()
    {
        if (Interlocked.Increment(ref _calls) == Interlocked.Read(ref _failAt) || Down)
            throw new StorageException("Made to fail.");
    }

    private sealed class Writer(FailingDriver driver, IBlobWriter inner) : IBlobWriter
    {
        public long Length => inner.Length;

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
        {
            driver.Call();
            return inner.WriteAsync(bytes, ct);
        }

        public Task<byte[]> CheckpointAsync(CancellationToken ct)
        {
            driver.Call();
            return inner.CheckpointAsync(ct);
        }

        public Task<StoredBlob> CompleteAsync(CancellationToken ct)
        {
            driver.Call();
            return inner.CompleteAsync(ct);
        }

        public Task AbortAsync(CancellationToken ct) => inner.AbortAsync(ct);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
