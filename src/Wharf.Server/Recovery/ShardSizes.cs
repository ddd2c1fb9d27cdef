using Wharf.Storage;

namespace Wharf.Server.Recovery;

/// <summary>The sizes of a place's objects, asked for in the order of their keys: one listing for each shard, and a question for what others wrote.</summary>
internal sealed class ShardSizes(IBlobDriver driver)
{
    private readonly Dictionary<string, long> _sizes = new(StringComparer.Ordinal);
    private string? _shard;

    /// <summary>The size of an object in bytes, or null.</summary>
    public async Task<long?> FindAsync(string key, CancellationToken ct)
    {
        if (!StorageKey.IsValid(key))
            return StorageKey.IsForeign(key) ? await driver.StatAsync(key, ct) : null;
        if (_shard != key[..3])
        {
            _shard = key[..3];
            _sizes.Clear();
            await foreach (var stored in driver.ListAsync(_shard, ct))
                _sizes.Add(stored.Key, stored.Size);
        }
        return _sizes.TryGetValue(key, out var size) ? size : null;
    }
}
