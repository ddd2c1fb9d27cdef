namespace Wharf.Server.Accounts;

/// <summary>What authentication must know of an account.</summary>
/// <param name="Id">The account's and its namespace's number.</param>
/// <param name="Name">The user name.</param>
/// <param name="SealedPassword">The password hash under the key ring.</param>
/// <param name="Credential">The generation of the password.</param>
internal sealed record AccountState(long Id, string Name, byte[] SealedPassword, long Credential, bool Superuser, bool Enabled);
