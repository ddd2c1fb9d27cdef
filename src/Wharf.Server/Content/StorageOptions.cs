using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Content;

/// <summary>The section <c>Storage</c>: where the bytes of blobs are.</summary>
internal sealed class StorageOptions
{
    /// <summary>A directory on a local disk; <c>storage</c> in the data directory when empty. Servers of one machine that share a PostgreSQL database may share it.</summary>
    public string Directory { get; set; } = "";

    /// <summary>
    /// How old bytes that no row of the database names must be before they are deleted, in hours. More than any push takes; after the
    /// database was restored from a backup, longer than the backup is old, so that nothing is deleted that an import may want back.
    /// </summary>
    [Range(0, 24 * 365)] public int OrphanHours { get; set; } = 7 * 24;
}
