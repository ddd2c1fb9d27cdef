namespace Wharf.Server.Organizations;

/// <summary>A person or robot in a team or an organization.</summary>
internal sealed record TeamMember(long Id, string Name, bool IsRobot);
