using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Repositories;

/// <summary>The section <c>Registry</c>.</summary>
internal sealed class RegistryOptions
{
    /// <summary>Whether a repository that a push creates is private (Quay's CREATE_PRIVATE_REPO_ON_PUSH).</summary>
    public bool CreatePrivateRepoOnPush { get; set; } = true;

    /// <summary>Whether a push by a signed-in user to a namespace that does not exist makes an organization owned by the pusher (Quay's CREATE_NAMESPACE_ON_PUSH).</summary>
    public bool CreateNamespaceOnPush { get; set; }

    /// <summary>Whether <c>host/image</c> means <c>host/library/image</c> (Quay's FEATURE_LIBRARY_SUPPORT).</summary>
    public bool LibrarySupport { get; set; } = true;

    /// <summary>Whether an index may name manifests that are not in the repository (Quay's FEATURE_SPARSE_INDEX).</summary>
    public bool SparseIndexes { get; set; } = true;

    /// <summary>The smallest chunk that clients should send but for the last, in bytes (OCI-Chunk-Min-Length); 0 asks for what the store is best at, which is 5 MiB with S3.</summary>
    [Range(0, 1 << 30)] public int ChunkMinLength { get; set; }

    /// <summary>The largest blob in bytes.</summary>
    [Range(1 << 20, long.MaxValue)] public long MaxBlobBytes { get; set; } = 1L << 40;

    /// <summary>How long an upload may rest before it is given up, in minutes.</summary>
    [Range(1, 60 * 24 * 30)] public int UploadMinutes { get; set; } = 24 * 60;

    public string? LibraryNamespace => LibrarySupport ? "library" : null;
}
