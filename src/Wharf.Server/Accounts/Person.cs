namespace Wharf.Server.Accounts;

/// <summary>What the registry knows of a person.</summary>
/// <param name="Superuser">Whether another superuser made it one; the settings may too.</param>
/// <param name="Verified">False for a newcomer who has not confirmed the e-mail address yet.</param>
/// <param name="TagExpirationS">For how many seconds what is deleted in the own namespace can be had back.</param>
/// <param name="LastUsedMs">About when the account last did something, in Unix milliseconds.</param>
internal sealed record Person(long Id, string Name, string? Email, bool Superuser, bool Enabled, long CreatedMs, long? LastUsedMs, long TagExpirationS, bool Verified, Profile Profile);
