using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.Auth;

/// <summary>
/// PBKDF2-HMAC-SHA512 (NIST SP 800-132), stored as version (1 byte), rounds (4 bytes, big-endian), salt (16), hash (32), sealed
/// by the key ring so that a copy of the database alone gives nothing to guess against.
/// </summary>
internal static class PasswordHash
{
    private const byte Version = 1;
    private const int SaltLength = 16;
    private const int HashLength = 32;

    /// <summary>What a person may choose: at least 8 characters (Quay's rule) and at most 1,024.</summary>
    public static bool IsAcceptable(string? password) => password is { Length: >= 8 and <= 1024 };

    public static byte[] Create(string password, int rounds)
    {
        var stored = new byte[1 + 4 + SaltLength + HashLength];
        stored[0] = Version;
        BinaryPrimitives.WriteInt32BigEndian(stored.AsSpan(1), rounds);
        var salt = stored.AsSpan(5, SaltLength);
        RandomNumberGenerator.Fill(salt);
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, stored.AsSpan(5 + SaltLength), rounds, HashAlgorithmName.SHA512);
        return stored;
    }

    public static bool Verify(string password, ReadOnlySpan<byte> stored, out int rounds)
    {
        rounds = 0;
        if (stored.Length != 1 + 4 + SaltLength + HashLength || stored[0] != Version)
            return false;
        rounds = BinaryPrimitives.ReadInt32BigEndian(stored[1..]);
        Span<byte> hash = stackalloc byte[HashLength];
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), stored.Slice(5, SaltLength), hash, rounds, HashAlgorithmName.SHA512);
        return CryptographicOperations.FixedTimeEquals(hash, stored[(5 + SaltLength)..]);
    }
}
