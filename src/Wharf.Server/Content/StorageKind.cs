namespace Wharf.Server.Content;

/// <summary>What kind of place keeps blobs.</summary>
internal enum StorageKind
{
    /// <summary>A directory on a disk of this machine.</summary>
    Local,

    /// <summary>A bucket of Amazon S3, Ceph, NooBaa, MinIO, or Google Cloud Storage by its S3 interface.</summary>
    S3,

    /// <summary>A container of Azure Blob Storage.</summary>
    Azure,
}
