using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Wharf.Server.Audit;

/// <summary>
/// What makes the trail provable (docs/audit.md). A batch's root is over the hashes of its lines, its hash over everything that is told
/// about it and the hash of the batch before; a person's reference is over a salt and what it stands for. All SHA-256, numbers in
/// big-endian order.
/// </summary>
internal static class AuditChain
{
    public const int HashLength = 32;
    public const int RefLength = 16;
    public const int SaltLength = 16;

    /// <summary>What the first batch of a writer has in place of the hash before.</summary>
    public static readonly byte[] Start = new byte[HashLength];

    public static byte[] Root(IReadOnlyList<byte[]> lines)
    {
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> hash = stackalloc byte[HashLength];
        foreach (var line in lines)
        {
            SHA256.HashData(line, hash);
            root.AppendData(hash);
        }
        return root.GetHashAndReset();
    }

    public static byte[] Hash(AuditBatch batch)
    {
        Span<byte> text = stackalloc byte[8 + 8 + 4 + 4 + 8 + 8 + HashLength + HashLength];
        BinaryPrimitives.WriteInt64BigEndian(text, batch.Writer);
        BinaryPrimitives.WriteInt64BigEndian(text[8..], batch.N);
        BinaryPrimitives.WriteInt32BigEndian(text[16..], batch.Day);
        BinaryPrimitives.WriteInt32BigEndian(text[20..], batch.Count);
        BinaryPrimitives.WriteInt64BigEndian(text[24..], batch.FromMs);
        BinaryPrimitives.WriteInt64BigEndian(text[32..], batch.ToMs);
        batch.Prev.CopyTo(text[40..]);
        batch.Root.CopyTo(text[(40 + HashLength)..]);
        return SHA256.HashData(text);
    }

    public static byte[] Reference(ReadOnlySpan<byte> salt, long accountId, string value)
    {
        var text = new byte[salt.Length + 8 + Encoding.UTF8.GetByteCount(value)];
        salt.CopyTo(text);
        BinaryPrimitives.WriteInt64BigEndian(text.AsSpan(salt.Length), accountId);
        Encoding.UTF8.GetBytes(value, text.AsSpan(salt.Length + 8));
        return SHA256.HashData(text)[..RefLength];
    }

    /// <summary>What a seal's code is made of.</summary>
    public static byte[] SealText(long n, long atMs, string heads, ReadOnlySpan<byte> prev)
    {
        var text = new byte[16 + prev.Length + Encoding.UTF8.GetByteCount(heads)];
        BinaryPrimitives.WriteInt64BigEndian(text, n);
        BinaryPrimitives.WriteInt64BigEndian(text.AsSpan(8), atMs);
        prev.CopyTo(text.AsSpan(16));
        Encoding.UTF8.GetBytes(heads, text.AsSpan(16 + prev.Length));
        return text;
    }
}
