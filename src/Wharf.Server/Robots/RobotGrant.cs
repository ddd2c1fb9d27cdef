using Wharf.Server.Auth;

namespace Wharf.Server.Robots;

/// <summary>What a robot may do with a repository of its namespace by its own grant.</summary>
internal readonly record struct RobotGrant(long RobotId, string Repository, bool IsPublic, RepositoryRole Role);
