using Wharf.Server.Auth;

namespace Wharf.Server.OAuth;

/// <summary>What authentication must know of an OAuth token.</summary>
/// <param name="AccountId">For whom it acts.</param>
/// <param name="Mac">Keyed hash of the whole token.</param>
/// <param name="Scopes">With those that they include.</param>
internal sealed record OAuthTokenState(long AccountId, byte[] Mac, Scopes Scopes, OAuthCredential Credential)
{
    /// <summary>When it ends, in Unix milliseconds.</summary>
    public long ExpiresMs => Credential.ExpiresMs;

    /// <summary>What the token leaves of its person. What limits the person stays: a global read-only superuser changes nothing, whatever the scope.</summary>
    public Principal Limit(Principal person) => person with
    {
        OAuth = Credential,
        Scopes = Scopes,
        Superuser = person.Superuser && Scopes.HasFlag(Scopes.SuperUser),
        AdministersAll = person.AdministersAll && Scopes.HasFlag(Scopes.SuperUser),
    };
}
