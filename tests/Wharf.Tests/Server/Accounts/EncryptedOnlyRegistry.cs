namespace Wharf.Tests.Server.Accounts;

/// <summary>A registry whose programs must send encrypted passwords. Its users are made by a session, since Basic takes no password.</summary>
public sealed class EncryptedOnlyRegistry : Registry
{
    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Auth:PasswordRounds"] = "1000",
        ["Auth:RequireEncryptedPasswords"] = "true",
    };
}
