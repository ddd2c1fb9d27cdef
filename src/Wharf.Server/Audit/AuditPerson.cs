namespace Wharf.Server.Audit;

/// <summary>What an entry tells about a person, apart from it, so that it can be erased.</summary>
/// <param name="AccountId">Whose data it is; 0 for nobody known.</param>
/// <param name="Name">The user's or robot's name; of a failed sign-in, the name that was tried.</param>
internal sealed record AuditPerson(long AccountId, string? Name, string? Address = null, string? Agent = null);
