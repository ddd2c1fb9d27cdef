namespace Wharf.Server.Organizations;

/// <summary>An organization and its settings.</summary>
/// <param name="TagExpirationS">How long what was deleted in it can be had back, in seconds.</param>
/// <param name="RobotSecrets">Whether its robots' tokens can be read again: sealed, or hashed.</param>
internal sealed record Organization(long Id, string Name, string? Email, long TagExpirationS, string RobotSecrets);
