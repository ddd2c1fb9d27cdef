using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>
/// Credentials of machines: 64 capital letters and digits, as Quay's. They begin with three letters that say of which kind they are
/// and that scanners for leaked secrets can look for; 13 characters by which the row is found; 48 secret ones (240 bits). The database has a keyed hash of the whole, under a
/// key that is itself sealed by the key ring (contract 9).
/// </summary>
internal sealed class OpaqueTokens(Database db, KeyRing ring) : IDisposable
{
    /// <summary>How robots' tokens begin.</summary>
    public const string Robot = "WHR";

    /// <summary>How app tokens of people begin.</summary>
    public const string App = "WHA";

    /// <summary>How OAuth tokens begin.</summary>
    public const string OAuth = "WHO";

    /// <summary>How the codes begin for which an application gets an OAuth token.</summary>
    public const string OAuthCode = "WHC";

    private const int PrefixLength = 3;
    private const int IdLength = 13;
    private const int Length = 64;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    private static readonly SearchValues<char> s_alphabet = SearchValues.Create(Alphabet);
    private const string Purpose = "token-mac";

    private readonly SemaphoreSlim _turn = new(1);
    private byte[]? _key;

    /// <summary>A new token.</summary>
    public static string Create(string kind) => kind + RandomNumberGenerator.GetString(Alphabet, Length - PrefixLength);

    /// <summary>The part that is stored as it is, or null when the text is no token of that kind.</summary>
    public static string? IdOf(string token, string kind) =>
        token.Length == Length && token.StartsWith(kind, StringComparison.Ordinal) && !token.AsSpan().ContainsAnyExcept(s_alphabet) ? token.Substring(PrefixLength, IdLength) : null;

    public async ValueTask<byte[]> MacAsync(string token, CancellationToken ct) => HMACSHA256.HashData(await KeyAsync(ct), Encoding.UTF8.GetBytes(token));

    public async ValueTask<bool> VerifyAsync(string token, byte[] mac, CancellationToken ct) => CryptographicOperations.FixedTimeEquals(await MacAsync(token, ct), mac);

    /// <summary>Seals the key anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        if (await tx.OneAsync("SELECT sealed FROM mac_key WHERE purpose = @purpose", static r => r.GetFieldValue<byte[]>(0), ("purpose", Purpose)) is not { } before)
            return 0;
        return await tx.ExecuteAsync("UPDATE mac_key SET sealed = @sealed WHERE purpose = @purpose", ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, before))), ("purpose", Purpose));
    }

    public void Dispose() => _turn.Dispose();

    private async ValueTask<byte[]> KeyAsync(CancellationToken ct)
    {
        if (Volatile.Read(ref _key) is { } known)
            return known;
        await _turn.WaitAsync(ct);
        try
        {
            if (_key is not null)
                return _key;
            var sealedKey = ring.Seal(Purpose, RandomNumberGenerator.GetBytes(32));
            // The first of several replicas makes it.
            var stored = await db.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync("INSERT INTO mac_key (purpose, sealed) VALUES (@purpose, @sealed) ON CONFLICT (purpose) DO NOTHING", ("purpose", Purpose), ("sealed", sealedKey));
                return await tx.OneAsync("SELECT sealed FROM mac_key WHERE purpose = @purpose", static r => r.GetFieldValue<byte[]>(0), ("purpose", Purpose));
            }, ct);
            var key = ring.Unseal(Purpose, stored!);
            Volatile.Write(ref _key, key);
            return key;
        }
        finally
        {
            _turn.Release();
        }
    }
}
