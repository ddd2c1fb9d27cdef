namespace Wharf.Server.Auth;

/// <summary>Who makes a request, after authentication. There is one such type, whatever the credential was.</summary>
/// <param name="AccountId">The account, or 0 for an anonymous caller.</param>
/// <param name="Name">The user name, empty for an anonymous caller.</param>
/// <param name="Credential">The generation of the account's credential that was shown. A changed password makes older ones void.</param>
/// <param name="Superuser">Whether the account administers this registry.</param>
internal sealed record Principal(long AccountId, string Name, long Credential, bool Superuser)
{
    public static readonly Principal Anonymous = new(0, "", 0, false);

    public bool IsAnonymous => AccountId == 0;
}
