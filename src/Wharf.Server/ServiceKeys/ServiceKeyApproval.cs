namespace Wharf.Server.ServiceKeys;

/// <summary>That a key may be used, and who said so.</summary>
/// <param name="Approver">The user, or null when it has been deleted since.</param>
internal sealed record ServiceKeyApproval(string Type, long AtMs, string? Approver, string Notes);
