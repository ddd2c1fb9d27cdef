using System.Security.Cryptography;
using Wharf.Oci;

namespace Wharf.Scanner.Targets;

/// <summary>Hashes what is read through it. Owns the other stream.</summary>
internal sealed class HashingStream(Stream inner, DigestAlgorithm algorithm) : ForwardStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(algorithm == DigestAlgorithm.Sha512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    /// <summary>Of all that was read so far; to be asked once.</summary>
    public Digest Digest() => new(_hash.GetHashAndReset());

    public override int Read(Span<byte> buffer)
    {
        var n = inner.Read(buffer);
        _hash.AppendData(buffer[..n]);
        return n;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var n = await inner.ReadAsync(buffer, cancellationToken);
        _hash.AppendData(buffer.Span[..n]);
        return n;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hash.Dispose();
            inner.Dispose();
        }
        base.Dispose(disposing);
    }
}
