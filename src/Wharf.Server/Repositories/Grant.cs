using Wharf.Server.Auth;

namespace Wharf.Server.Repositories;

/// <summary>What somebody was granted on a repository.</summary>
/// <param name="Id">The account or the team.</param>
/// <param name="Robot">Whether the account is a robot; null for a team.</param>
/// <param name="Member">Whether the account is in a team of the repository's organization, or is its robot; null where the namespace is a person's.</param>
internal sealed record Grant(long Id, string Name, RepositoryRole Role, bool? Robot = null, bool? Member = null);

/// <summary>The outcome of a change of grants: the grant as it is now, or what stands against it in words for a person.</summary>
internal readonly record struct GrantOutcome(Grant? Grant, string? Problem)
{
    public static GrantOutcome Refused(string problem) => new(null, problem);
}
