using Wharf.Scanner.Feeds.Revisions;
using Wharf.Scanner.Matching;
using Wharf.Server.Content;
using Wharf.Server.Hosting;

namespace Wharf.Server.Security;

/// <summary>
/// The revisions of all feeds as files of this process's data directory, fetched from the blob storage when another replica imported them, and the set that is
/// matched against now. A set is closed when nobody uses it any more: its files are mapped.
/// </summary>
internal sealed class FeedsInUse(FeedStore store, StoredFiles files, DataDirectory data) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _lock = new();
    private Shared? _current;

    /// <summary>The newest revisions, to be disposed of by the caller; null when a revision cannot be had.</summary>
    public async Task<FeedsLease> UseAsync(CancellationToken ct)
    {
        var rows = await store.ListAsync(ct);
        var fingerprint = FeedStore.Fingerprint(rows);
        lock (_lock)
        {
            if (_current is { } current && current.Fingerprint == fingerprint)
                return current.Lease();
        }
        await _turn.WaitAsync(ct);
        try
        {
            lock (_lock)
            {
                if (_current is { } current && current.Fingerprint == fingerprint)
                    return current.Lease();
            }
            var revisions = new List<FeedRevision>();
            try
            {
                foreach (var row in rows)
                    revisions.Add(await OpenAsync(row.StorageKey, ct));
            }
            catch
            {
                revisions.ForEach(static r => r.Dispose());
                throw;
            }
            var shared = new Shared(new FeedSet(revisions), fingerprint);
            FeedsLease lease;
            lock (_lock)
            {
                _current?.Release();
                _current = shared;
                lease = shared.Lease();
            }
            Tidy([.. rows.Select(static r => r.StorageKey), .. rows.Select(static r => r.EvaluatedKey).OfType<string>()]);
            return lease;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>One compiled revision, to be disposed of by the caller.</summary>
    /// <exception cref="InvalidDataException">It is not in the blob storage, or damaged.</exception>
    public async Task<FeedRevision> OpenAsync(string storageKey, CancellationToken ct)
    {
        var path = PathOf(storageKey);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var half = $"{path}.{Environment.CurrentManagedThreadId}.half";
            await using (var from = await files.OpenAsync(storageKey, ct) ?? throw new InvalidDataException($"The compiled feed {storageKey} is not in the blob storage; import the feed again."))
            await using (var to = File.Create(half))
                await from.CopyToAsync(to, 1 << 20, ct);
            File.Move(half, path, overwrite: true);
        }
        return FeedRevision.Open(path);
    }

    /// <summary>Where this process keeps feeds.</summary>
    public string DirectoryOf(string name) => Path.Join(data.Path, "feeds", name);

    public void Dispose()
    {
        lock (_lock)
        {
            _current?.Release();
            _current = null;
        }
        _turn.Dispose();
    }

    private string PathOf(string storageKey) => Path.Join(DirectoryOf("compiled"), storageKey.Replace('/', '-') + ".feed");

    // What is mapped goes when its last user closes it; on Linux a name can go before.
    private void Tidy(HashSet<string> used)
    {
        Directory.CreateDirectory(DirectoryOf("compiled"));
        var keep = used.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(DirectoryOf("compiled"), "*.feed"))
        {
            if (!keep.Contains(file))
                File.Delete(file);
        }
    }

    internal sealed class Shared(FeedSet feeds, string fingerprint)
    {
        // One for being the newest, and one for each lease.
        private int _users = 1;

        public FeedSet Feeds => feeds;

        public string Fingerprint => fingerprint;

        public FeedsLease Lease()
        {
            Interlocked.Increment(ref _users);
            return new FeedsLease(this);
        }

        public void Release()
        {
            if (Interlocked.Decrement(ref _users) == 0)
                feeds.Dispose();
        }
    }
}

/// <summary>The use of a set of feeds until it is disposed of.</summary>
internal sealed class FeedsLease(FeedsInUse.Shared shared) : IDisposable
{
    private int _disposed;

    public FeedSet Feeds => shared.Feeds;

    /// <summary>Which revisions they are; see <see cref="FeedStore.Fingerprint"/>.</summary>
    public string Fingerprint => shared.Fingerprint;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            shared.Release();
    }
}
