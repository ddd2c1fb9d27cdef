namespace Wharf.Server.Organizations;

/// <summary>An organization that can be had back.</summary>
/// <param name="UntilMs">The last moment for it, in Unix milliseconds.</param>
internal readonly record struct DeletedOrganization(long Id, string Name, long DeletedMs, long UntilMs);
