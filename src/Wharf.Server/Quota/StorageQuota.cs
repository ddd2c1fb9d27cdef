namespace Wharf.Server.Quota;

/// <summary>How much a namespace may hold, or those of its repositories whose names begin with a prefix.</summary>
/// <param name="Prefix">Empty for the whole namespace.</param>
/// <param name="RejectBytes">Where pushes are refused: the lowest threshold of that kind; null where there is none, as in Quay.</param>
internal sealed record StorageQuota(long Id, long NamespaceId, string Prefix, long LimitBytes, long? WarnBytes, long? RejectBytes)
{
    public IReadOnlyList<QuotaLimit> Limits { get; init; } = [];

    public Content.UsageScope Scope => new(NamespaceId, Prefix.Length == 0 ? 0 : Id);

    public bool Covers(string repository) => repository.StartsWith(Prefix, StringComparison.Ordinal);
}
