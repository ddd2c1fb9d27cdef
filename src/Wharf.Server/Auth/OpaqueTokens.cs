using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.Auth;

/// <summary>
/// Credentials of machines: 64 capital letters and digits, as Quay's. They begin with three letters that say of which kind they are
/// and that scanners for leaked secrets can look for; 13 characters by which the row is found; 48 secret ones (240 bits). The database has a keyed hash of the whole, under a
/// key that is itself sealed by the key ring (contract 9).
/// </summary>
internal sealed class OpaqueTokens(MacKeys keys)
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

    /// <summary>A new token.</summary>
    public static string Create(string kind) => kind + RandomNumberGenerator.GetString(Alphabet, Length - PrefixLength);

    /// <summary>The part that is stored as it is, or null when the text is no token of that kind.</summary>
    public static string? IdOf(string token, string kind) =>
        token.Length == Length && token.StartsWith(kind, StringComparison.Ordinal) && !token.AsSpan().ContainsAnyExcept(s_alphabet) ? token.Substring(PrefixLength, IdLength) : null;

    public async ValueTask<byte[]> MacAsync(string token, CancellationToken ct) => HMACSHA256.HashData(await keys.GetAsync(Purpose, ct), Encoding.UTF8.GetBytes(token));

    public async ValueTask<bool> VerifyAsync(string token, byte[] mac, CancellationToken ct) => CryptographicOperations.FixedTimeEquals(await MacAsync(token, ct), mac);
}
