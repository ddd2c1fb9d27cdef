using System.Buffers.Text;
using System.Security.Cryptography;

namespace Wharf.Server.Auth;

/// <summary>
/// What a browser keeps: an id and a secret, both random. One that belongs to no session is what a CSRF token for signing in is bound to.
/// </summary>
internal sealed record SessionCookie(string Id, string Secret)
{
    private const int IdLength = 32;
    private const int SecretBytes = 32;
    private const int SecretLength = 43;

    public string Value => $"{Id}.{Secret}";

    /// <summary>What the database keeps of the secret. It has 256 random bits, so that a plain hash is enough.</summary>
    public byte[] Hash => SHA256.HashData(Base64Url.DecodeFromChars(Secret));

    public static SessionCookie Create() => new(RandomNumberGenerator.GetHexString(IdLength, lowercase: true), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));

    public static SessionCookie? Parse(string? value)
    {
        if (value is not { Length: IdLength + 1 + SecretLength } || value[IdLength] != '.' || !IsId(value[..IdLength]))
            return null;
        return Base64Url.IsValid(value.AsSpan(IdLength + 1), out var bytes) && bytes == SecretBytes ? new(value[..IdLength], value[(IdLength + 1)..]) : null;
    }

    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);
}
