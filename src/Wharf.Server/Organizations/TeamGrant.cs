using Wharf.Server.Auth;

namespace Wharf.Server.Organizations;

/// <summary>What a team is granted on a repository.</summary>
internal sealed record TeamGrant(long RepositoryId, string Repository, bool IsPublic, RepositoryRole Role);
