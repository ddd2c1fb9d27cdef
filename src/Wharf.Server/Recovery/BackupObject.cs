using Wharf.Oci;
using Wharf.Storage;

namespace Wharf.Server.Recovery;

/// <summary>What a backup has one object of, and where the registry has it.</summary>
/// <param name="Digest">Of a blob; null for another stored file.</param>
/// <param name="Size">In bytes; -1 where the database does not have it.</param>
internal sealed record BackupObject(Digest? Digest, long Size, IReadOnlyList<(string Location, string Key)> Places)
{
    // No upload of Wharf's has as many parts.
    private const string Adopted = ".ffffffffffffffff";

    private const int Bytes = 20;

    /// <summary>The key in the backup: the object's own, or where others gave the name, one that the digest gives.</summary>
    public string KeyOf(string key) => StorageKey.IsValid(key) ? key : Convert.ToHexStringLower(Digest!.Value.Span[..Bytes]).Insert(2, "/") + Adopted;

    /// <summary>Between which digests the blob's is when its key is one that the digest gave; else null.</summary>
    public static (byte[] First, byte[] Last)? DigestsLike(string key)
    {
        if (!key.EndsWith(Adopted, StringComparison.Ordinal))
            return null;
        var first = Convert.FromHexString(key[..^Adopted.Length].Remove(2, 1));
        return (first, [.. first, .. Enumerable.Repeat((byte)0xff, 64 - Bytes)]);
    }
}
