using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.Recovery;

/// <summary>The section <c>Recovery</c>: the metadata journal, with which a lost database is made anew from the blob storage.</summary>
internal sealed class RecoveryOptions
{
    /// <summary>Whether the journal is written.</summary>
    public bool Journal { get; set; } = true;

    /// <summary>How often: at most what changed in this time is lost with the database.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")] public TimeSpan JournalEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How often all of it is written, so that a recovery has less to read. The files before the last but one go.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan SnapshotEvery { get; set; } = TimeSpan.FromDays(7);
}
