namespace Wharf.Server.Content;

/// <summary>The section <c>Storage</c>: where the bytes of blobs are.</summary>
internal sealed class StorageOptions
{
    /// <summary>A directory on a local disk; <c>storage</c> in the data directory when empty. Servers of one machine that share a PostgreSQL database may share it.</summary>
    public string Directory { get; set; } = "";
}
