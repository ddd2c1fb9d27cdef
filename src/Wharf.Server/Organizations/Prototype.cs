using Wharf.Server.Auth;

namespace Wharf.Server.Organizations;

/// <summary>A default permission: what is granted on each repository that is made in the organization from now on.</summary>
/// <param name="Uuid">Its name to the outside.</param>
/// <param name="Activating">Whose repositories it is about; null for everyone's.</param>
/// <param name="Delegate">To whom it is granted; null where it is a team.</param>
/// <param name="Team">The team to which it is granted, or null.</param>
internal sealed record Prototype(string Uuid, RepositoryRole Role, PrototypeAccount? Activating, PrototypeAccount? Delegate, string? Team);

/// <param name="IsMember">Whether it is in a team of the organization, or one of its robots.</param>
internal sealed record PrototypeAccount(string Name, bool IsRobot, bool IsMember);
