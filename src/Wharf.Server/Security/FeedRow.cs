namespace Wharf.Server.Security;

/// <summary>The state of a feed.</summary>
/// <param name="Ecosystems">What it speaks of.</param>
/// <param name="StorageKey">The compiled revision.</param>
/// <param name="EvaluatedKey">The compiled revision that findings rest on; null: none yet.</param>
/// <param name="EvaluatingKey">The compiled revision whose evaluation was begun and is not done; null: none.</param>
/// <param name="Problem">What went wrong when the publisher was asked last, or a directory was read; the revision is the last good one.</param>
internal sealed record FeedRow(
    string Name, string Revision, long DateMs, string Licence, long Statements, IReadOnlyList<string> Ecosystems, string StorageKey, string? EvaluatedKey, string? EvaluatingKey, IReadOnlyList<FeedFile> Files, long ImportedMs, long CheckedMs,
    string? Problem)
{
    /// <summary>How long ago the publisher changed it.</summary>
    public TimeSpan Age(TimeProvider clock) => clock.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(DateMs);
}

/// <summary>What a publisher served, as it was.</summary>
/// <param name="Path">In a directory of feeds.</param>
/// <param name="Key">Its stored file.</param>
/// <param name="ETag">The publisher's validator, to ask for news only.</param>
/// <param name="ModifiedMs">When the publisher changed it.</param>
internal sealed record FeedFile(string Path, string Key, long Size, string? ETag, long ModifiedMs);

/// <summary>Why there is no revision of a feed that was asked for.</summary>
internal sealed record FeedProblem(string Name, string Problem, long CheckedMs);
