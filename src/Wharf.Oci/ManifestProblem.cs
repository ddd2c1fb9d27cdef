namespace Wharf.Oci;

/// <summary>Why a manifest was refused.</summary>
public enum ManifestProblem
{
    /// <summary>It was not refused.</summary>
    None,

    /// <summary>The bytes are no manifest of the type they are said to be: MANIFEST_INVALID.</summary>
    Invalid,

    /// <summary>The type is none that a registry stores as a manifest.</summary>
    Unsupported,

    /// <summary>Docker's schema 1, which current clients can push as schema 2.</summary>
    Schema1,
}
