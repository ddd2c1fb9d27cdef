namespace Wharf.Oci;

/// <summary>How digest algorithms are written on the wire, in digests and in <c>?digest-algorithm=</c>.</summary>
public static class DigestAlgorithms
{
    /// <summary>The algorithm with this exact lower-case name; false for every other text.</summary>
    public static bool TryParse(ReadOnlySpan<char> name, out DigestAlgorithm algorithm)
    {
        algorithm = name is "sha512" ? DigestAlgorithm.Sha512 : DigestAlgorithm.Sha256;
        return name is "sha256" or "sha512";
    }

    /// <inheritdoc cref="TryParse(ReadOnlySpan{char}, out DigestAlgorithm)"/>
    public static bool TryParse(string? name, out DigestAlgorithm algorithm) => TryParse(name.AsSpan(), out algorithm);

    /// <summary>The name used on the wire, such as <c>sha256</c>.</summary>
    public static string Name(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => "sha256",
        DigestAlgorithm.Sha512 => "sha512",
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Not a digest algorithm."),
    };

    /// <summary>The length of a raw digest in bytes.</summary>
    public static int Size(DigestAlgorithm algorithm) => algorithm switch
    {
        DigestAlgorithm.Sha256 => 32,
        DigestAlgorithm.Sha512 => 64,
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm), algorithm, "Not a digest algorithm."),
    };
}
