namespace Wharf.Server.Organizations;

/// <summary>An invitation to somebody by user name.</summary>
internal sealed record TeamInvite(string Code, string Organization, string Team, string? InvitedBy, long CreatedMs);
