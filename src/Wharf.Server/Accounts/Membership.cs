namespace Wharf.Server.Accounts;

/// <summary>An organization that a person is in, and what it is there.</summary>
internal sealed record Membership(string Organization, bool Administers, bool Creates);
