namespace Wharf.Server.Immutability;

/// <summary>Which tags of a repository, or of all repositories of an organization, are immutable.</summary>
/// <param name="Matches">Whether the tags that match are, or those that do not.</param>
/// <param name="IsApplied">Whether it has gone through the tags that there were.</param>
internal sealed record Policy(string Uuid, string Pattern, bool Matches, bool IsApplied);

/// <summary>What policies are about.</summary>
/// <param name="RepositoryId">0 for all repositories of the namespace.</param>
/// <param name="Namespace">The name.</param>
/// <param name="Repository">The name without that of the namespace, or null.</param>
internal readonly record struct PolicyScope(long NamespaceId, long RepositoryId, string Namespace, string? Repository);

internal enum PolicyOutcome
{
    Done,
    Unknown,
    Duplicate,
    TooMany,
}
