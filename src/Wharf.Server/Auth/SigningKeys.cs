using System.Security.Cryptography;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>
/// The ES256 keys that sign registry tokens. Shared by replicas through the database, private halves sealed by the key ring.
/// After a rotation the former key verifies for as long as a token signed by it may live.
/// </summary>
internal sealed class SigningKeys(Database db, KeyRing ring, AuthOptions options, TimeProvider clock) : IDisposable
{
    private const string Purpose = "signing-key";
    private static readonly TimeSpan ReloadAtMost = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _loading = new(1);
    private volatile IReadOnlyList<SigningKey> _keys = [];
    private long _loadedMs;

    /// <summary>The key for new tokens; made at first need.</summary>
    public async ValueTask<SigningKey> CurrentAsync(CancellationToken ct)
    {
        if (Current() is { } ready)
            return ready;
        await ReloadAsync(ct);
        if (Current() is { } loaded)
            return loaded;
        await AddAsync(retireOthers: false, ct);
        return Current() ?? throw new InvalidOperationException("The signing key that was just stored cannot be found.");
    }

    /// <summary>The key whose tokens carry this header, or null. An unknown one is looked up in the database at most once a second.</summary>
    public async ValueTask<SigningKey?> FindAsync(ReadOnlyMemory<char> header, CancellationToken ct)
    {
        if (Find(header.Span) is { } known)
            return known;
        if (NowMs - Interlocked.Read(ref _loadedMs) < ReloadAtMost.TotalMilliseconds)
            return null;
        await ReloadAsync(ct);
        return Find(header.Span);
    }

    /// <summary>A new key for new tokens. The others verify until the last token that they signed has expired.</summary>
    public Task RotateAsync(CancellationToken ct) => AddAsync(retireOthers: true, ct);

    /// <summary>Seals every private key anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync("SELECT id, sealed_private FROM signing_key", static r => (Id: r.GetString(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE signing_key SET sealed_private = @sealed WHERE id = @id",
                ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, row.Sealed))), ("id", row.Id));
        return rows.Count;
    }

    public void Dispose()
    {
        _loading.Dispose();
        foreach (var key in _keys)
            key.Dispose();
    }

    private SigningKey? Current()
    {
        foreach (var key in _keys)
            if (key.RetiredMs is null)
                return key;
        return null;
    }

    private SigningKey? Find(ReadOnlySpan<char> header)
    {
        foreach (var key in _keys)
            if (header.SequenceEqual(key.Header) && (key.RetiredMs is not { } retired || NowMs < retired + Overlap))
                return key;
        return null;
    }

    private long NowMs => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private long Overlap => (options.TokenSeconds + RegistryTokens.SkewSeconds) * 1000L;

    private async Task AddAsync(bool retireOthers, CancellationToken ct)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var (publicKey, sealedKey) = (pair.ExportSubjectPublicKeyInfo(), ring.Seal(Purpose, pair.ExportPkcs8PrivateKey()));
        var overlap = Overlap;
        await db.WriteAsync(async tx =>
        {
            if (retireOthers)
                await tx.ExecuteAsync("UPDATE signing_key SET retired_ms = now_ms() WHERE retired_ms IS NULL");
            await tx.ExecuteAsync("DELETE FROM signing_key WHERE retired_ms < now_ms() - @overlap", ("overlap", overlap));
            return await tx.ExecuteAsync("""
                INSERT INTO signing_key (id, public_key, sealed_private, created_ms)
                SELECT @id, @public, @sealed, now_ms() WHERE NOT EXISTS (SELECT 1 FROM signing_key WHERE retired_ms IS NULL)
                """, ("id", id), ("public", publicKey), ("sealed", sealedKey));
        }, ct);
        await ReloadAsync(ct);
    }

    private async Task ReloadAsync(CancellationToken ct)
    {
        await _loading.WaitAsync(ct);
        try
        {
            var rows = await db.ListAsync("SELECT id, sealed_private, retired_ms FROM signing_key ORDER BY created_ms DESC",
                static r => (Id: r.GetString(0), Sealed: r.GetFieldValue<byte[]>(1), Retired: r.IsDBNull(2) ? (long?)null : r.GetInt64(2)), ct);
            var before = _keys;
            _keys = [.. rows.Select(row => before.FirstOrDefault(k => k.Id == row.Id) is { } same
                ? same.With(row.Retired)
                : SigningKey.Import(row.Id, ring.Unseal(Purpose, row.Sealed), row.Retired))];
            Interlocked.Exchange(ref _loadedMs, NowMs);
        }
        finally
        {
            _loading.Release();
        }
    }
}
