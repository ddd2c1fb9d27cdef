using Wharf.Server.Auth;

namespace Wharf.Server.Organizations;

/// <summary>What a team may do with a repository of its organization.</summary>
internal readonly record struct TeamGrant(string Repository, bool IsPublic, RepositoryRole Role);
