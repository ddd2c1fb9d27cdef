namespace Wharf.Oci;

/// <summary>The hash algorithms that image-spec (descriptor.md, "Registered Algorithms") registers and Wharf verifies.</summary>
public enum DigestAlgorithm
{
    /// <summary><c>sha256</c>: 32 bytes.</summary>
    Sha256,

    /// <summary><c>sha512</c>: 64 bytes.</summary>
    Sha512,
}
