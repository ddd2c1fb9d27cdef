namespace Wharf.Server.Organizations;

/// <param name="TagExpirationS">For how many seconds what was deleted in it can be had back.</param>
/// <param name="RobotSecrets">Whether its robots' tokens can be read again: <c>sealed</c> or <c>hashed</c>.</param>
internal sealed record Organization(string? Email, long TagExpirationS, string RobotSecrets);
