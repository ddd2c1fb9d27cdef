using System.Diagnostics;

namespace Wharf.Scanner.Indexing;

/// <summary>What is left of the limits of one layer.</summary>
internal sealed class IndexBudget(IndexLimits limits)
{
    // 100 characters for each path. A list can name a long directory once and short names in it a million times.
    private const long MaxOwnedCharacters = 100_000_000;

    private readonly long _started = Stopwatch.GetTimestamp();
    private int _entries;
    private int _packages;
    private int _owned;
    private long _ownedCharacters;

    public IndexLimits Limits => limits;

    /// <exception cref="LayerException">That was one too many.</exception>
    public void CountEntry()
    {
        if (++_entries > limits.Entries) throw new LayerException($"The layer has more than {limits.Entries} entries.");
    }

    /// <exception cref="LayerException">That was one too many.</exception>
    public void CountPackage()
    {
        if (++_packages > limits.Packages) throw new LayerException($"The layer has more than {limits.Packages} packages.");
    }

    /// <summary>Takes a path of a package's file; false when there were so many, or such long ones, that no distribution made the list.</summary>
    public bool TryOwn(int length) => ++_owned <= limits.Entries && (_ownedCharacters += length) <= MaxOwnedCharacters;

    /// <exception cref="LayerException">The time is over.</exception>
    public void CheckTime()
    {
        if (Stopwatch.GetElapsedTime(_started) > limits.Time) throw new LayerException($"The layer takes longer than {limits.Time.TotalSeconds:0} s.");
    }
}
