namespace Wharf.Server.Accounts;

/// <summary>A code that came back and is good.</summary>
/// <param name="Credential">The generation of the account's password when it was sent.</param>
/// <param name="Email">The address that it was sent to.</param>
internal sealed record MailedCode(string Id, string Purpose, long AccountId, long Credential, string Email, string Name);
