using System.Buffers.Binary;
using System.Security.Cryptography;
using Wharf.Oci;

namespace Wharf.Storage;

/// <summary>
/// A running hash that can be saved and continued in another process, at the speed of <see cref="IncrementalHash"/>, which cannot be saved.
/// Uses libcrypto's low-level functions; where they are missing or forbidden it hashes all the same, but <see cref="Save"/> answers null.
/// </summary>
public sealed class ResumableHash : IDisposable
{
    // Saved form: version, algorithm, chaining words big-endian, length big-endian, the tail that does not fill a block.
    private const byte Version = 1;

    private readonly LowLevelSha? _sha;
    private readonly byte[] _context = [];
    private readonly IncrementalHash? _fallback;
    private bool _finished;

    /// <summary>A hash of nothing so far.</summary>
    public ResumableHash(DigestAlgorithm algorithm) : this(algorithm, LowLevelSha.For(algorithm))
    {
    }

    internal ResumableHash(DigestAlgorithm algorithm, LowLevelSha? sha)
    {
        Algorithm = algorithm;
        _sha = sha;
        if (sha is null)
        {
            _fallback = IncrementalHash.CreateHash(algorithm == DigestAlgorithm.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
        }
        else
        {
            _context = new byte[sha.ContextSize];
            sha.Init(_context);
        }
    }

    /// <summary>The algorithm.</summary>
    public DigestAlgorithm Algorithm { get; }

    /// <summary>The bytes hashed so far.</summary>
    public long Length { get; private set; }

    /// <summary>Continues a saved hash; null when this machine cannot, or the bytes are no saved hash: then hash again from the start.</summary>
    public static ResumableHash? Restore(ReadOnlySpan<byte> saved)
    {
        if (saved.Length < 2 || saved[0] != Version || saved[1] > (byte)DigestAlgorithm.Sha512) return null;
        var algorithm = (DigestAlgorithm)saved[1];
        return LowLevelSha.For(algorithm) is { } sha ? Restore(saved, algorithm, sha) : null;
    }

    internal static ResumableHash? Restore(ReadOnlySpan<byte> saved, DigestAlgorithm algorithm, LowLevelSha sha)
    {
        var words = saved[2..];
        var tail = sha.ChainSize + sizeof(long);
        if (words.Length < tail) return null;
        var length = BinaryPrimitives.ReadInt64BigEndian(words[sha.ChainSize..]);
        if (length is < 0 or > LowLevelSha.MaxLength || words.Length - tail != length % sha.BlockSize) return null;

        var hash = new ResumableHash(algorithm, sha) { Length = length };
        sha.Import(hash._context, words[..sha.ChainSize], length, words[tail..]);
        return hash;
    }

    /// <summary>Hashes more bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ThrowIfFinished();
        if (_sha is null) _fallback!.AppendData(bytes);
        else _sha.Update(_context, bytes);
        Length += bytes.Length;
    }

    /// <summary>The state after the bytes so far (at most 202 bytes), or null when it cannot be exported. Hashing can go on.</summary>
    public byte[]? Save()
    {
        ThrowIfFinished();
        if (_sha is null) return null;
        var tail = (int)(Length % _sha.BlockSize);
        var saved = new byte[2 + _sha.ChainSize + sizeof(long) + tail];
        saved[0] = Version;
        saved[1] = (byte)Algorithm;
        var words = saved.AsSpan(2);
        _sha.Export(_context, words[.._sha.ChainSize], words[(_sha.ChainSize + sizeof(long))..]);
        BinaryPrimitives.WriteInt64BigEndian(words[_sha.ChainSize..], Length);
        return saved;
    }

    /// <summary>The digest of all bytes. Nothing can be appended after it.</summary>
    public Digest Finish()
    {
        ThrowIfFinished();
        _finished = true;
        Span<byte> raw = stackalloc byte[DigestAlgorithms.Size(Algorithm)];
        if (_sha is null) _fallback!.GetHashAndReset(raw);
        else _sha.Final(_context, raw);
        return new Digest(raw);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _finished = true;
        _fallback?.Dispose();
    }

    private void ThrowIfFinished() => ObjectDisposedException.ThrowIf(_finished, this);
}
