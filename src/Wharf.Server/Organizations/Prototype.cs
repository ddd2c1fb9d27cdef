using Wharf.Server.Auth;

namespace Wharf.Server.Organizations;

/// <summary>A default permission: what somebody is granted on a repository that a certain account, or anyone, makes in the organization.</summary>
/// <param name="Activating">Who has to make the repository; null for anyone.</param>
/// <param name="Account">To whom it is granted: an account, or else a team.</param>
internal sealed record Prototype(long Id, string Uuid, PrototypeAccount? Activating, PrototypeAccount? Account, string? Team, RepositoryRole Role);

/// <param name="IsMember">Whether it is in a team of the organization, or a robot.</param>
internal sealed record PrototypeAccount(string Name, bool IsRobot, bool IsMember);
