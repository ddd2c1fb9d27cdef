using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.PullStatistics;

/// <summary>The section <c>PullStatistics</c>: how often and when last tags and manifests were pulled.</summary>
internal sealed class PullStatisticsOptions
{
    /// <summary>Whether pulls are counted.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How long counts gather in memory before they are written together. A crash loses as much.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:10:00")] public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many different things (by whom, by what name, which manifest) are kept in memory at most; at half of it they are written early.</summary>
    [Range(100, 10_000_000)] public int Kept { get; set; } = 50_000;

    /// <summary>Users and robots (<c>owner+name</c>) whose pulls count nowhere; organizations name theirs by the API.</summary>
    public List<string> Exclude { get; set; } = [];
}
