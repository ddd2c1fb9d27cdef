using System.Collections.Concurrent;
using System.Security.Cryptography;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>
/// Keys for codes over what the database holds, one a purpose. They live as long as what they were used for, and so not in the key ring,
/// which rotates: they are in the database, sealed by the ring.
/// </summary>
internal sealed class MacKeys(Database db, KeyRing ring) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly ConcurrentDictionary<string, byte[]> _keys = new(StringComparer.Ordinal);

    public async ValueTask<byte[]> GetAsync(string purpose, CancellationToken ct)
    {
        if (_keys.TryGetValue(purpose, out var known))
            return known;
        await _turn.WaitAsync(ct);
        try
        {
            if (_keys.TryGetValue(purpose, out known))
                return known;
            var sealedKey = ring.Seal(purpose, RandomNumberGenerator.GetBytes(32));
            // The first of several replicas makes it.
            var stored = await db.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync("INSERT INTO mac_key (purpose, sealed) VALUES (@purpose, @sealed) ON CONFLICT (purpose) DO NOTHING", ("purpose", purpose), ("sealed", sealedKey));
                return await tx.OneAsync("SELECT sealed FROM mac_key WHERE purpose = @purpose", static r => r.GetFieldValue<byte[]>(0), ("purpose", purpose));
            }, ct);
            return _keys[purpose] = ring.Unseal(purpose, stored!);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Seals the keys anew under the ring's current key, in the caller's transaction; how many there are.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var all = await tx.ListAsync("SELECT purpose, sealed FROM mac_key", static r => (Purpose: r.GetString(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var (purpose, before) in all)
            await tx.ExecuteAsync("UPDATE mac_key SET sealed = @sealed WHERE purpose = @purpose", ("sealed", ring.Seal(purpose, ring.Unseal(purpose, before))), ("purpose", purpose));
        return all.Count;
    }

    public void Dispose() => _turn.Dispose();
}
