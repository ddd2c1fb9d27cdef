using Wharf.Oci;

namespace Wharf.Scanner.Targets;

/// <summary>Where an image's blobs and manifests are read from: a directory, a registry.</summary>
public interface IBlobSource
{
    /// <summary>The bytes of a manifest or index, checked against the digest.</summary>
    /// <exception cref="TargetException">It is not there.</exception>
    Task<byte[]> ReadManifestAsync(Digest digest, CancellationToken ct);

    /// <summary>A blob as a stream, which the caller disposes of and checks.</summary>
    /// <exception cref="TargetException">It is not there.</exception>
    Task<Stream> OpenBlobAsync(Digest digest, CancellationToken ct);
}
