namespace Wharf.Storage.Parts;

/// <summary>The uploads of an object store: begins and resumes writers, and knows which this process has open.</summary>
internal sealed class PartUploads(IBlobDriver driver, IPartStore store)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, PartWriter> _writers = [];

    public Task<IBlobWriter> BeginAsync(string key, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        ct.ThrowIfCancellationRequested();
        return Task.FromResult<IBlobWriter>(Open(key, PartState.Empty, 0));
    }

    public async Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        var from = PartState.Parse(state);
        ct.ThrowIfCancellationRequested();
        Supersede(key);
        if (from.Session.Length > 0) await store.CheckAsync(from.KeyOf(key), from.Session, from.Parts, ct);
        foreach (var (number, size) in from.Tails)
        {
            if (await driver.StatAsync(StorageKey.Part(key, number), ct) != size) throw new UploadLostException("A part of the upload is not there.");
        }
        return Open(key, from, attempt);
    }

    public async Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct)
    {
        StorageKey.ThrowIfInvalid(key);
        var given = PartState.Parse(state);
        ct.ThrowIfCancellationRequested();
        Supersede(key);
        if (given.Session.Length > 0) await store.AbortAsync(given.KeyOf(key), given.Session, ct);
        string[] tails = [.. given.Tails.Select(t => StorageKey.Part(key, t.Number)), .. given.Spent.Select(n => StorageKey.Part(key, n))];
        if (tails.Length > 0) await driver.DeleteAsync(tails, ct);
    }

    /// <summary>Whether this process has a writer of the upload that the key belongs to.</summary>
    public bool IsOpen(string key)
    {
        lock (_gate) return _writers.ContainsKey(StorageKey.UploadOf(key));
    }

    internal void Forget(string key, PartWriter writer)
    {
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var current) && ReferenceEquals(current, writer)) _writers.Remove(key);
        }
    }

    private PartWriter Open(string key, PartState from, long attempt)
    {
        var writer = new PartWriter(driver, store, this, key, from, attempt);
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var previous)) previous.Supersede();
            _writers[key] = writer;
        }
        return writer;
    }

    private void Supersede(string key)
    {
        lock (_gate)
        {
            if (_writers.TryGetValue(key, out var previous)) previous.Supersede();
        }
    }
}
