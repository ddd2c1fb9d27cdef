using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace Wharf.Server.Auth;

/// <summary>
/// Passwords sealed under the key ring, as Quay's: what a program keeps on a disk in place of the password itself, worthless to
/// other services and for signing in with a browser. Account and generation (8 bytes each, big-endian) and the password, in base64url.
/// A key that leaves the ring (<c>wharf keys rotate</c>) takes those with it that it sealed.
/// </summary>
internal sealed class EncryptedPasswords(KeyRing ring)
{
    private const string Purpose = "client-key";
    private const int HeaderLength = 16;

    public string Seal(long account, long credential, string password)
    {
        var plain = new byte[HeaderLength + Encoding.UTF8.GetByteCount(password)];
        BinaryPrimitives.WriteInt64BigEndian(plain, account);
        BinaryPrimitives.WriteInt64BigEndian(plain.AsSpan(8), credential);
        Encoding.UTF8.GetBytes(password, plain.AsSpan(HeaderLength));
        return Base64Url.EncodeToString(ring.Seal(Purpose, plain));
    }

    /// <summary>What the text holds, or null when it is no encrypted password of this registry: an ordinary one then.</summary>
    public OpenedPassword? Open(string text)
    {
        if (!Base64Url.IsValid(text, out var length) || length < KeyRing.Overhead + HeaderLength)
            return null;
        try
        {
            var plain = ring.Unseal(Purpose, Base64Url.DecodeFromChars(text));
            return new(BinaryPrimitives.ReadInt64BigEndian(plain), BinaryPrimitives.ReadInt64BigEndian(plain.AsSpan(8)), Encoding.UTF8.GetString(plain.AsSpan(HeaderLength)));
        }
        catch (KeyRingException)
        {
            return null;
        }
    }
}
