namespace Wharf.Server.Organizations;

/// <summary>An invitation to a team, as its receiver sees it.</summary>
internal readonly record struct TeamInvite(string Code, string Organization, string Team, string? Inviter, long CreatedMs);
