using System.ComponentModel.DataAnnotations;

namespace Wharf.Server.GarbageCollection;

/// <summary>The section <c>GarbageCollection</c>: when and how fast the collector works. What it may take is told by <c>Lifetimes</c>.</summary>
internal sealed class GarbageCollectionOptions
{
    /// <summary>Whether it runs by itself; without, <c>wharf gc run</c> does its work.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often it looks whether something is due.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "1.00:00:00")] public TimeSpan Every { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many reviews it makes a second at most.</summary>
    [Range(1, 1_000_000)] public int PerSecond { get; set; } = 1000;

    /// <summary>Which part of the time it may keep the database busy, in percent. Between two batches it waits for the rest.</summary>
    [Range(1, 100)] public int Duty { get; set; } = 10;

    /// <summary>How often all content is gone through in search of what no review waits for.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "365.00:00:00")] public TimeSpan InventoryEvery { get; set; } = TimeSpan.FromDays(1);
}
