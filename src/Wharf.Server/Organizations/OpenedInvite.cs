namespace Wharf.Server.Organizations;

/// <summary>An invitation as its page shows it.</summary>
/// <param name="Email">The address that it was mailed to; null for one to a user by name.</param>
internal sealed record OpenedInvite(string Organization, string Team, string? InvitedBy, string? Email);
