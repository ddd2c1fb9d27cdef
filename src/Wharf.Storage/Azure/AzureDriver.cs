using System.Runtime.CompilerServices;
using Wharf.Storage.Parts;

namespace Wharf.Storage.Azure;

/// <summary>
/// Blobs as block blobs of a container: <c>[PREFIX/]blobs/ab/…</c> and <c>[PREFIX/]meta/…</c> for files by name; what is unfinished is blocks that were put and
/// not committed, which Azure itself drops a week after the last. On plain HTTP each request carries the MD5 of its bytes, so that Azure refuses damaged ones; on HTTPS
/// the connection sees to that.
/// </summary>
public sealed partial class AzureDriver : IBlobDriver, IPartStore, IDisposable
{
    private const int DeletedAtOnce = 8;

    private readonly AzureOptions _options;
    private readonly Lazy<AzureClient> _client;
    private readonly ObjectNames _names;
    private readonly PartUploads _uploads;

    /// <summary>Knows the container; nothing is asked of it yet.</summary>
    public AzureDriver(AzureOptions options) : this(options, new Lazy<AzureClient>(() => new AzureClient(options)))
    {
    }

    internal AzureDriver(AzureOptions options, AzureClient client) : this(options, new Lazy<AzureClient>(client))
    {
    }

    private AzureDriver(AzureOptions options, Lazy<AzureClient> client)
    {
        (_options, _client) = (options, client);
        _names = new ObjectNames(options.Prefix);
        _uploads = new PartUploads(this, this);
    }

    private AzureClient Client => _client.Value;

    /// <inheritdoc/>
    public Task<IBlobWriter> BeginAsync(string key, CancellationToken ct) => _uploads.BeginAsync(key, ct);

    /// <inheritdoc/>
    public Task<IBlobWriter> ResumeAsync(string key, ReadOnlyMemory<byte> state, long attempt, CancellationToken ct) => _uploads.ResumeAsync(key, state, attempt, ct);

    /// <inheritdoc/>
    public Task AbortAsync(string key, ReadOnlyMemory<byte> state, CancellationToken ct) => _uploads.AbortAsync(key, state, ct);

    /// <inheritdoc/>
    public Task<Stream?> OpenAsync(string key, long offset, long length, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return Client.OpenAsync(_names.Of(key), offset, length, ct);
    }

    /// <inheritdoc/>
    public async Task<long?> StatAsync(string key, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        return (await Client.StatAsync(_names.Of(key), ct))?.Size;
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(IReadOnlyList<string> keys, CancellationToken ct)
    {
        foreach (var key in keys) StorageKey.ThrowIfInvalid(key);
        await DeleteNamesAsync(keys, _names.Of, ct);
    }

    /// <inheritdoc/>
    public async Task DeleteForeignAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StorageKey.ThrowIfNotForeign(name);
        await DeleteNamesAsync(names, static name => name, ct);
    }

    /// <inheritdoc/>
    public Task<Uri?> PresignAsync(string key, TimeSpan lifetime, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(key);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(lifetime, TimeSpan.Zero);
        return Client.PresignAsync(_names.Of(key), lifetime, ct);
    }

    /// <inheritdoc/>
    /// <remarks>By Azure itself, within one account.</remarks>
    public async Task<bool> TryCopyAsync(IBlobDriver source, string from, string to, CancellationToken ct)
    {
        StorageKey.ThrowIfUnreadable(from);
        StorageKey.ThrowIfInvalid(to);
        if (source is not AzureDriver other || !IsOfOneAccount(other._options, _options)) return false;
        if (!await Client.CopyAsync(other.Client, other._names.Of(from), _names.Of(to), ct)) throw new StorageException($"There already is a blob {to}.");
        return true;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync(string? prefix, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var blob in Client.ListAsync(_names.Blobs + prefix, uncommitted: false, ct))
        {
            if (_names.KeyOf(blob.Name) is { } key) yield return new StoredObject(key, blob.Size, blob.Modified);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<UnfinishedUpload> ListUnfinishedAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var state = (PartState.Empty with { Session = AnySession }).ToBytes();
        await foreach (var blob in Client.ListAsync(_names.Blobs, uncommitted: true, ct))
        {
            // The listing does not tell an empty blob from one that was never committed; a question does.
            if (blob.Size == 0 && _names.KeyOf(blob.Name) is { } key && !_uploads.IsOpen(key) && await Client.StatAsync(blob.Name, ct) is null)
                yield return new UnfinishedUpload(key, state, blob.Modified);
        }
    }

    /// <inheritdoc/>
    public Task<bool> PutFileAsync(string name, Stream content, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        return Client.PutBlobAsync(_names.OfFile(name), content, ct);
    }

    /// <inheritdoc/>
    public Task<Stream?> OpenFileAsync(string name, CancellationToken ct)
    {
        StoredName.ThrowIfInvalid(name);
        return Client.OpenAsync(_names.OfFile(name), 0, long.MaxValue, ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListFilesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var file in Client.ListAsync(_names.Files, uncommitted: false, ct))
        {
            if (_names.FileOf(file.Name) is { } name) yield return new StoredObject(name, file.Size, file.Modified);
        }
    }

    /// <inheritdoc/>
    public async Task DeleteFilesAsync(IReadOnlyList<string> names, CancellationToken ct)
    {
        foreach (var name in names) StoredName.ThrowIfInvalid(name);
        await DeleteNamesAsync(names, _names.OfFile, ct);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListForeignAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var found in Client.ListAsync("", uncommitted: false, ct))
        {
            if (_names.IsForeign(found.Name)) yield return new StoredObject(found.Name, found.Size, found.Modified);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_client.IsValueCreated) Client.Dispose();
    }

    private static bool IsOfOneAccount(AzureOptions a, AzureOptions b) =>
        a.Account == b.Account && a.EffectiveEndpoint == b.EffectiveEndpoint && a.Key == b.Key && (a.Sas is null) == (b.Sas is null) && a.ClientId == b.ClientId;

    // All that can be removed are, whatever happens to the others.
    private async Task DeleteNamesAsync(IReadOnlyList<string> keys, Func<string, string> name, CancellationToken ct)
    {
        var locked = new Dictionary<string, DateTimeOffset?>(StringComparer.Ordinal);
        StorageException? fault = null;
        await Parallel.ForEachAsync(keys, new ParallelOptions { MaxDegreeOfParallelism = DeletedAtOnce, CancellationToken = ct }, async (key, t) =>
        {
            try
            {
                if (await Client.DeleteAsync(name(key), t) is not { } kept) return;
                lock (locked) locked[key] = kept.Until;
            }
            catch (StorageException e)
            {
                Interlocked.CompareExchange(ref fault, e, null);
            }
        });
        if (fault is not null) throw fault;
        if (locked.Count > 0) throw new BlobsLockedException(locked);
    }
}
