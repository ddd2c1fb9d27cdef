namespace Wharf.Server.Quota;

/// <summary>A threshold of a quota.</summary>
/// <param name="Kind"><c>Warning</c> or <c>Reject</c> (Quay).</param>
/// <param name="Percent">Of the quota's limit, 1 to 100.</param>
internal sealed record QuotaLimit(long Id, string Kind, long Percent);
