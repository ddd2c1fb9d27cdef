using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Wharf.Oci;
using Wharf.Server.Data;

namespace Wharf.Server.Auth;

/// <summary>
/// The bearer tokens of the Docker token protocol: ES256 JWTs (RFC 7519) that prove who calls and cap what for; permission itself
/// is asked at each request. A token is ours only if its header is, to the byte, the one that we write for one of our keys, so
/// that no algorithm, key or URL in a header is ever looked at (RFC 8725 3.1).
/// </summary>
internal sealed class RegistryTokens(SigningKeys keys, AuthOptions options, TimeProvider clock)
{
    /// <summary>The JWT type, so that no other token of ours passes for this one (RFC 8725 3.11).</summary>
    public const string Type = "wharf-registry+jwt";

    public const int SkewSeconds = 30;
    private const string Audience = "wharf";

    /// <summary>The longest token in characters: 64 scopes of ordinary length fit, and it fits into an Authorization header of 16 KiB.</summary>
    public const int MaxLength = 15 << 10;

    // Verifying a signature costs a hundred times as much as finding the token here.
    private readonly Cache<Digest, Claims> _verified = new(20_000, static _ => 1);

    /// <summary>Seconds for which a new token is valid.</summary>
    public int LifetimeSeconds => options.TokenSeconds;

    public async ValueTask<(string Token, long IssuedMs)> MintAsync(Principal principal, IReadOnlyList<TokenScope> access, CancellationToken ct)
    {
        var key = await keys.CurrentAsync(ct);
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new Claims(Audience, Audience, principal.Name, principal.AccountId, principal.Credential, now, now, now + options.TokenSeconds,
            Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), access, principal.AppToken, principal.OAuth?.TokenId);
        var text = key.Header + "." + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims, TokenJson.Default.Claims));
        return (text + "." + Base64Url.EncodeToString(key.Sign(Encoding.ASCII.GetBytes(text))), now * 1000);
    }

    /// <summary>The claims of a valid token of ours, else null.</summary>
    public async ValueTask<Claims?> VerifyAsync(string token, CancellationToken ct)
    {
        if (token.Length > MaxLength)
            return null;
        var id = Digest.Of(Encoding.UTF8.GetBytes(token));
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        if (_verified.TryGet(id, out var known))
            return now <= known.Exp + SkewSeconds ? known : null;
        var epoch = _verified.Epoch;
        var (first, last) = (token.IndexOf('.', StringComparison.Ordinal), token.LastIndexOf('.'));
        if (first <= 0 || last <= first || token.AsSpan(first + 1, last - first - 1).Contains('.'))
            return null;
        if (await keys.FindAsync(token.AsMemory(0, first), ct) is not { } key)
            return null;
        var claims = Parse(token, first, last, key);
        // In this order no sum overflows: what is not expired ends at a positive time.
        if (claims is null || claims.Iss != Audience || claims.Aud != Audience || claims.Access.Contains(null!)
            || claims.Exp < now - SkewSeconds || claims.Iat < claims.Exp - 3600 || claims.Nbf > now + SkewSeconds)
            return null;
        _verified.Add(id, claims, epoch);
        return claims;
    }

    /// <summary>After a rotation, so that a token of a retired key is checked again.</summary>
    public void Forget() => _verified.DropAll();

    private static Claims? Parse(string token, int first, int last, SigningKey key)
    {
        Span<byte> signature = stackalloc byte[64];
        if (token.Length - last - 1 != 86 || !Base64Url.TryDecodeFromChars(token.AsSpan(last + 1), signature, out var length) || length != 64
            || !key.Verify(Encoding.ASCII.GetBytes(token[..last]), signature))
            return null;
        try
        {
            return JsonSerializer.Deserialize(Base64Url.DecodeFromChars(token.AsSpan(first + 1, last - first - 1)), TokenJson.Default.Claims);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return null;
        }
    }

    /// <summary>RFC 7519 claims, and <c>account</c> and <c>credential</c>: the account's number and the generation of its credential;
    /// <c>app</c> is the beginning of the app token that stood for the password, which then is the credential, and <c>oauth</c> that of the OAuth token.</summary>
    internal sealed record Claims(string Iss, string Aud, string Sub, long Account, long Credential, long Iat, long Nbf, long Exp, string Jti, IReadOnlyList<TokenScope> Access,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? App = null, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? OAuth = null);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RegistryTokens.Claims))]
internal sealed partial class TokenJson : JsonSerializerContext;
