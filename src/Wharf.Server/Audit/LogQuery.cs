using Wharf.Oci;

namespace Wharf.Server.Audit;

/// <summary>What a reader of the trail asks for.</summary>
/// <param name="FromMs">From this time on, in Unix milliseconds.</param>
/// <param name="ToMs">Before this time.</param>
internal sealed record LogQuery(long FromMs, long ToMs)
{
    public long? NamespaceId { get; init; }
    public long? RepositoryId { get; init; }
    /// <summary>Only what these accounts did; null for everybody.</summary>
    public IReadOnlyList<long>? Performers { get; init; }
    public IReadOnlyList<string> Kinds { get; init; } = [];
    public Digest? Digest { get; init; }
    /// <summary>Only what was changed.</summary>
    public bool Changes { get; init; }
    /// <summary>Reads of the API too, which are left out otherwise.</summary>
    public bool Reads { get; init; }
    public LogPlace? Before { get; init; }
    public int Count { get; init; } = 20;
}
