namespace Wharf.Server.Audit;

/// <summary>What a reader of the trail asks for.</summary>
/// <param name="FromMs">From this time on, in Unix milliseconds.</param>
/// <param name="ToMs">Before this time.</param>
internal sealed record LogQuery(long FromMs, long ToMs)
{
    public long? NamespaceId { get; init; }
    public long? RepositoryId { get; init; }
    public LogFilter Filter { get; init; } = new();
    public LogPlace? Before { get; init; }
    public int Count { get; init; } = 20;
}
