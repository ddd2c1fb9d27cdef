namespace Wharf.Server.Auth;

/// <summary>What an encrypted password holds.</summary>
/// <param name="Account">Whose password it is.</param>
/// <param name="Credential">The generation of the password.</param>
internal sealed record OpenedPassword(long Account, long Credential, string Password);
