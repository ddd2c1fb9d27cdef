namespace Wharf.Server.Auth;

/// <summary>Why a principal may or may not do something with a repository.</summary>
/// <param name="Access">What the engine decides.</param>
/// <param name="SignsIn">Whether the principal can sign in at all.</param>
/// <param name="Decides">The source of that, or null when there is none.</param>
/// <param name="Sources">All that speak for the principal, whether or not they decide; the strongest first.</param>
/// <param name="Limits">What takes away from them, in words.</param>
internal sealed record Explanation(RepositoryAccess Access, bool SignsIn, PermissionSource? Decides, IReadOnlyList<PermissionSource> Sources, IReadOnlyList<string> Limits);

/// <summary>One thing that gives a principal a role.</summary>
/// <param name="Kind">
/// One of: public, user, robot (a grant of its own), team (a grant of a team), organization_admin and creator (the role of a team),
/// namespace_owner, superuser, global_readonly_superuser, namespace_on_push.
/// </param>
/// <param name="Team">The team, where it is one.</param>
/// <param name="GrantedBy">Who granted it, where that is known.</param>
/// <param name="GrantedMs">When, in Unix milliseconds.</param>
internal sealed record PermissionSource(string Kind, RepositoryRole Role, string? Team = null, string? GrantedBy = null, long? GrantedMs = null);
