using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Wharf.Oci;

namespace Wharf.Storage;

/// <summary>
/// libcrypto's SHA256_* and SHA512_* functions, whose context is a plain struct of known layout (openssl/sha.h): chaining words, the length in bits
/// as two words, a block of pending bytes, their number, the digest length. Deprecated since OpenSSL 3.0 and still exported.
/// </summary>
internal sealed unsafe class LowLevelSha
{
    /// <summary>Longest content in bytes: its length in bits must fit 64 bits.</summary>
    public const long MaxLength = long.MaxValue / 8;

    private static readonly Lazy<LowLevelSha?> Sha256 = new(static () => Load("SHA256", DigestAlgorithm.Sha256, wordSize: 4));
    private static readonly Lazy<LowLevelSha?> Sha512 = new(static () => Load("SHA512", DigestAlgorithm.Sha512, wordSize: 8));

    private readonly int _wordSize;
    private readonly delegate* unmanaged<byte*, int> _init;
    private readonly delegate* unmanaged<byte*, byte*, nuint, int> _update;
    private readonly delegate* unmanaged<byte*, byte*, int> _final;

    private LowLevelSha(int wordSize, nint init, nint update, nint final)
    {
        _wordSize = wordSize;
        _init = (delegate* unmanaged<byte*, int>)init;
        _update = (delegate* unmanaged<byte*, byte*, nuint, int>)update;
        _final = (delegate* unmanaged<byte*, byte*, int>)final;
    }

    /// <summary>Bytes of the chaining words.</summary>
    public int ChainSize => 8 * _wordSize;

    /// <summary>Bytes of a block.</summary>
    public int BlockSize => 16 * _wordSize;

    /// <summary>Bytes of the context: 112 for SHA-256, 216 for SHA-512.</summary>
    public int ContextSize => PendingCountAt + 2 * sizeof(uint);

    private int LengthAt => ChainSize;

    private int PendingAt => LengthAt + 2 * _wordSize;

    private int PendingCountAt => PendingAt + BlockSize;

    /// <summary>The functions for this algorithm, or null where they are missing, wrong, or forbidden by FIPS mode.</summary>
    public static LowLevelSha? For(DigestAlgorithm algorithm) => (algorithm == DigestAlgorithm.Sha512 ? Sha512 : Sha256).Value;

    public void Init(Span<byte> context)
    {
        fixed (byte* c = context) Check(_init(c));
    }

    public void Update(Span<byte> context, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        fixed (byte* c = context, b = bytes) Check(_update(c, b, (nuint)bytes.Length));
    }

    public void Final(Span<byte> context, Span<byte> digest)
    {
        fixed (byte* c = context, d = digest) Check(_final(d, c));
    }

    /// <summary>Copies the chaining words, big-endian, and the pending bytes out of a context.</summary>
    public void Export(ReadOnlySpan<byte> context, Span<byte> chain, Span<byte> pending)
    {
        CopyWords(context[..ChainSize], chain);
        context.Slice(PendingAt, pending.Length).CopyTo(pending);
    }

    /// <summary>Puts them back into an initialized context, with the length in bytes.</summary>
    public void Import(Span<byte> context, ReadOnlySpan<byte> chain, long length, ReadOnlySpan<byte> pending)
    {
        CopyWords(chain, context[..ChainSize]);
        var bits = 8 * (ulong)length;
        if (_wordSize == sizeof(ulong))
        {
            MemoryMarshal.Write(context[LengthAt..], bits);
        }
        else
        {
            MemoryMarshal.Write(context[LengthAt..], (uint)bits);
            MemoryMarshal.Write(context[(LengthAt + sizeof(uint))..], (uint)(bits >> 32));
        }
        pending.CopyTo(context[PendingAt..]);
        MemoryMarshal.Write(context[PendingCountAt..], pending.Length);
    }

    private static LowLevelSha? Load(string name, DigestAlgorithm algorithm, int wordSize)
    {
        if (!NativeLibrary.TryLoad("libcrypto.so.3", out var library) && !NativeLibrary.TryLoad("libcrypto.so.1.1", out library)) return null;
        if (IsFipsEnabled(library)) return null;
        if (!NativeLibrary.TryGetExport(library, $"{name}_Init", out var init) || !NativeLibrary.TryGetExport(library, $"{name}_Update", out var update)
            || !NativeLibrary.TryGetExport(library, $"{name}_Final", out var final)) return null;
        var sha = new LowLevelSha(wordSize, init, update, final);
        return sha.IsRight(algorithm) ? sha : null;
    }

    private static bool IsFipsEnabled(nint library)
    {
        const string Kernel = "/proc/sys/crypto/fips_enabled";
        if (File.Exists(Kernel) && File.ReadAllText(Kernel).AsSpan().Trim() is not "0") return true;
        return NativeLibrary.TryGetExport(library, "EVP_default_properties_is_fips_enabled", out var isEnabled) && ((delegate* unmanaged<nint, int>)isEnabled)(0) != 0;
    }

    // A library with another context layout would answer wrong digests, so: FIPS 180-4's "abc", and a save in mid-block against IncrementalHash.
    private bool IsRight(DigestAlgorithm algorithm)
    {
        var abc = algorithm == DigestAlgorithm.Sha512
            ? "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
            : "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        using var vector = new ResumableHash(algorithm, this);
        vector.Append("abc"u8);
        if (vector.Finish().ToString() != abc) return false;

        var content = new byte[1000];
        for (var i = 0; i < content.Length; i++) content[i] = (byte)(i * 7);
        using var before = new ResumableHash(algorithm, this);
        before.Append(content.AsSpan(0, 555));
        using var after = ResumableHash.Restore(before.Save(), algorithm, this);
        if (after is null) return false;
        after.Append(content.AsSpan(555));

        using var reference = IncrementalHash.CreateHash(algorithm == DigestAlgorithm.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
        reference.AppendData(content);
        return after.Finish().Span.SequenceEqual(reference.GetHashAndReset());
    }

    private void CopyWords(ReadOnlySpan<byte> from, Span<byte> to)
    {
        // The same for both directions: native to big-endian and back is one reversal on little-endian machines and none on others.
        if (!BitConverter.IsLittleEndian) from.CopyTo(to);
        else if (_wordSize == sizeof(ulong)) BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, ulong>(from), MemoryMarshal.Cast<byte, ulong>(to));
        else BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, uint>(from), MemoryMarshal.Cast<byte, uint>(to));
    }

    private static void Check(int ok)
    {
        if (ok != 1) throw new CryptographicException("libcrypto refused to hash.");
    }
}
