using System.Security.Cryptography;
using System.Text;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.OAuth;

/// <summary>What becomes of a person's consent: a token, or a code for which the application gets one, once.</summary>
internal sealed class ConsentStore(Database db, OAuthTokenStore tokens, OpaqueTokens opaque, AccountStore accounts)
{
    // RFC 6749 4.1.2 allows ten minutes; an application that is there needs a second.
    private const long CodeMs = 60_000;

    /// <summary>So many codes a person has at most that were not exchanged yet.</summary>
    private const int MostCodes = 100;

    /// <summary>Makes a token that acts for the person.</summary>
    /// <param name="assignment">What allows it to somebody who is no admin; it is used up.</param>
    public async Task<NewOAuthToken> GrantTokenAsync(Principal person, AuthorizationRequest request, Assignment? assignment, CancellationToken ct)
    {
        var secret = await tokens.NewSecretAsync(ct);
        return await db.WriteAsync<NewOAuthToken>(async tx => assignment is not null && !await AssignmentStore.TakeAsync(tx, assignment)
            ? NewOAuthToken.Refused(Used)
            : await tokens.GrantAsync(tx, person, request.Application, request.Scopes, secret), ct);
    }

    /// <summary>Makes a code.</summary>
    /// <returns>The code, or what stands against it.</returns>
    public async Task<(string? Code, string? Problem)> GrantCodeAsync(Principal person, AuthorizationRequest request, Assignment? assignment, CancellationToken ct)
    {
        var code = OpaqueTokens.Create(OpaqueTokens.OAuthCode);
        var mac = await opaque.MacAsync(code, ct);
        return await db.WriteAsync<(string?, string?)>(async tx =>
        {
            if (!await tokens.LockAsync(tx, person.AccountId, request.Application.Id))
                return (null, "The application has been deleted.");
            if (assignment is not null && !await AssignmentStore.TakeAsync(tx, assignment))
                return (null, Used);
            if (await tx.OneAsync("SELECT count(*) FROM oauth_code WHERE account_id = @account AND expires_ms > now_ms()", static r => r.GetInt64(0), ("account", person.AccountId)) >= MostCodes)
                return (null, "Too many codes were asked for within a minute.");
            await tx.ExecuteAsync("""
                INSERT INTO oauth_code (code_id, code_mac, application_id, account_id, redirect_uri, scope, challenge, expires_ms)
                VALUES (@id, @mac, @application, @account, @redirect, @scope, @challenge, now_ms() + @life)
                """, ("id", OpaqueTokens.IdOf(code, OpaqueTokens.OAuthCode)), ("mac", mac), ("application", request.Application.Id), ("account", person.AccountId),
                ("redirect", request.RedirectUri), ("scope", ScopeText.Format(request.Scopes)), ("challenge", request.Challenge), ("life", CodeMs));
            return (code, null);
        }, ct);
    }

    /// <summary>Exchanges a code for the token. Whoever comes with it a second time gets nothing, and ends the token: one of the two has stolen it.</summary>
    /// <param name="authenticated">The application has shown its secret; one that has not needs the verifier.</param>
    public async Task<(NewOAuthToken? Token, OAuthError? Error)> ExchangeAsync(Application application, bool authenticated, string code, string redirectUri, string? verifier, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(code, OpaqueTokens.OAuthCode) is not { } id
            || await db.OneAsync("SELECT account_id FROM oauth_code WHERE code_id = @id", static r => r.GetInt64(0), ct, ("id", id)) is not (> 0 and var accountId)
            || await accounts.FindAsync(accountId, ct) is not { Enabled: true, RobotOf: 0 } account)
            return (null, OAuthError.InvalidGrant);
        var (person, mac, secret) = (accounts.PrincipalOf(account), await opaque.MacAsync(code, ct), await tokens.NewSecretAsync(ct));
        return await db.WriteAsync<(NewOAuthToken?, OAuthError?)>(async tx =>
        {
            // One after the other for each person and application, so that of two with one code the second finds it used.
            if (!await tokens.LockAsync(tx, accountId, application.Id))
                return (null, OAuthError.InvalidGrant);
            var found = await tx.OneAsync("SELECT code_mac, application_id, redirect_uri, scope, challenge, CASE WHEN expires_ms > now_ms() THEN 1 ELSE 0 END, token_uuid FROM oauth_code WHERE code_id = @id",
                static r => new Stored(r.GetFieldValue<byte[]>(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.IsDBNull(4) ? null : r.GetFieldValue<byte[]>(4), r.GetInt64(5) == 1,
                    r.IsDBNull(6) ? null : r.GetString(6)), ("id", id));
            if (found is null || !CryptographicOperations.FixedTimeEquals(mac, found.Mac) || found.ApplicationId != application.Id)
                return (null, OAuthError.InvalidGrant);
            if (found.TokenUuid is { } given)
            {
                await tokens.EndAsync(tx, accountId, application, given);
                return (null, OAuthError.InvalidGrant);
            }
            if (!authenticated && found.Challenge is null)
                return (null, new("invalid_client", "Send the client_secret; only a code with a code_challenge is exchanged without it."));
            if (!found.IsGood || found.RedirectUri != redirectUri || !Answers(verifier, found.Challenge))
                return (null, OAuthError.InvalidGrant);
            var made = await tokens.GrantAsync(tx, person, application, ScopeText.Parse(found.Scope) ?? Scopes.None, secret);
            await tx.ExecuteAsync("UPDATE oauth_code SET token_uuid = @token WHERE code_id = @id", ("token", made.Token?.Uuid), ("id", id));
            return (made, null);
        }, ct);
    }

    /// <summary>Deletes codes that nobody can exchange any more, an hour later: until then one that comes again is told from one that never was.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(static tx => tx.ExecuteAsync(
        "DELETE FROM oauth_code WHERE code_id IN (SELECT code_id FROM oauth_code WHERE expires_ms <= now_ms() - 3600000 ORDER BY expires_ms LIMIT 1000)"), ct);

    // RFC 7636 4.6. A verifier for a code that had no challenge is an attacker's (RFC 9700 4.8.2).
    private static bool Answers(string? verifier, byte[]? challenge) => challenge is null
        ? verifier is null
        : verifier is { Length: >= 43 and <= 128 } && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(verifier)), challenge);

    private const string Used = "The assigned token was made or taken back already.";

    private sealed record Stored(byte[] Mac, long ApplicationId, string RedirectUri, string Scope, byte[]? Challenge, bool IsGood, string? TokenUuid);
}
