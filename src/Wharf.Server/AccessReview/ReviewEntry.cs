namespace Wharf.Server.AccessReview;

/// <summary>One way in which somebody has access.</summary>
/// <param name="Repository">The repository's name within the namespace, or null for all of the namespace.</param>
/// <param name="Kind">One of: namespace_owner, team_role, grant, team_grant.</param>
/// <param name="Via">The team, where it is one.</param>
/// <param name="GrantedMs">When it was granted, or when the account came into the team whose role it is; null where nobody recorded it.</param>
internal sealed record ReviewEntry(
    ReviewPlace Place, string Namespace, string? Repository, string Subject, bool IsRobot, string Kind, string Role, string? Via, string? GrantedBy, long? GrantedMs, long? LastUsedMs, bool Disabled);
