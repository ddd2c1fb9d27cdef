namespace Wharf.Server.Organizations;

/// <summary>Somebody in a team, or invited to it.</summary>
internal readonly record struct TeamMember(string Name, bool IsRobot, bool Invited);
