namespace Wharf.Server.Content;

/// <summary>What is counted together: all that a namespace holds, or its repositories under the prefix of a quota.</summary>
/// <param name="QuotaId">The quota with the prefix; 0 for all of the namespace.</param>
internal readonly record struct UsageScope(long NamespaceId, long QuotaId);
