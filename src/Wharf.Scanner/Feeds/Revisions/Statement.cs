namespace Wharf.Scanner.Feeds.Revisions;

/// <summary>What one advisory of a feed says of one name.</summary>
public sealed class Statement(FeedRevision of, int number, Affected affected)
{
    private Advisory? _advisory;

    public FeedRevision Feed { get; } = of;

    /// <summary>Of the advisory in its feed: two records may have one name.</summary>
    public int Number { get; } = number;

    public Affected Affected { get; } = affected;

    /// <summary>Read when asked for; without its own list of what is affected.</summary>
    public Advisory Advisory => _advisory ??= Feed.AdvisoryAt(Number);
}
