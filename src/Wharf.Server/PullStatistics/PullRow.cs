namespace Wharf.Server.PullStatistics;

/// <summary>So many pulls more, of a tag or of a manifest, by somebody.</summary>
/// <param name="Tag">Empty for a manifest.</param>
/// <param name="Digest">Empty for a tag.</param>
/// <param name="At">The last of them, in ticks of the process's clock.</param>
internal readonly record struct PullRow(long NamespaceId, long RepositoryId, string Tag, byte[] Digest, long AccountId, long Pulls, long At)
{
    /// <summary>The order of the table's key.</summary>
    public static int Compare(PullRow a, PullRow b) =>
        a.NamespaceId != b.NamespaceId ? a.NamespaceId.CompareTo(b.NamespaceId)
        : a.RepositoryId != b.RepositoryId ? a.RepositoryId.CompareTo(b.RepositoryId)
        : string.CompareOrdinal(a.Tag, b.Tag) is var tags and not 0 ? tags
        : a.Digest.AsSpan().SequenceCompareTo(b.Digest);
}
