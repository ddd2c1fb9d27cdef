namespace Wharf.Server.Organizations;

/// <param name="UntilMs">Until when it can be restored, in Unix milliseconds.</param>
internal sealed record DeletedOrganization(long Id, string Name, long DeletedMs, string? DeletedBy, long UntilMs);
