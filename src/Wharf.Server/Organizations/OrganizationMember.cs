namespace Wharf.Server.Organizations;

/// <summary>An account with something in an organization.</summary>
internal readonly record struct OrganizationMember(long Id, string Name, bool IsRobot);
