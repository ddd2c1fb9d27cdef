using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.OAuth;

/// <summary>
/// OAuth tokens. One is found by its beginning and verified by a keyed hash; the token itself is kept nowhere. It ends by itself, when
/// it is revoked or withdrawn, and with its application, its organization and its person; a changed password leaves it as it is (Quay).
/// </summary>
internal sealed class OAuthTokenStore
{
    /// <summary>So many of one application a person has at most that came by consent; a further one ends the oldest.</summary>
    private const int MostByConsent = 100;

    private const long DayMs = 86_400_000;
    private const string Columns = "t.id, t.uuid, t.name, t.scope, n.name, t.created_ms, t.expires_ms, t.last_used_ms";

    private readonly Database _db;
    private readonly OpaqueTokens _tokens;
    private readonly OAuthOptions _options;
    private readonly Cache<string, OAuthTokenState> _known;

    public OAuthTokenStore(Database db, OpaqueTokens tokens, AccountStore accounts, OAuthOptions options)
    {
        _db = db;
        _tokens = tokens;
        _options = options;
        _known = new(50_000, static _ => 1, db.Freshness);
        // Its organization or person may have gone.
        accounts.Changed += DropAll;
    }

    /// <summary>How long a token lives at most, in seconds.</summary>
    public long LongestSeconds => _options.TokenDays * DayMs / 1000;

    /// <summary>The token that begins so, as authentication sees it; from memory where that is still right.</summary>
    public async ValueTask<OAuthTokenState?> FindAsync(string tokenId, CancellationToken ct)
    {
        if (_known.TryGet(tokenId, out var known))
            return known;
        var epoch = _known.Epoch;
        var state = await _db.OneAsync("""
            SELECT t.account_id, t.token_mac, t.expires_ms, t.scope, t.uuid, a.client_id, a.name, a.namespace_id
              FROM oauth_token t JOIN oauth_application a ON a.id = t.application_id JOIN namespace o ON o.id = a.namespace_id AND o.deleted_ms IS NULL
             WHERE t.token_id = @token AND (t.parent_id IS NULL OR EXISTS (SELECT 1 FROM oauth_token p WHERE p.id = t.parent_id))
            """,
            r => new OAuthTokenState(r.GetInt64(0), r.GetFieldValue<byte[]>(1), ScopeText.WithImplied(ScopesOf(r.GetString(3))),
                new OAuthCredential(tokenId, r.GetString(4), r.GetString(5), r.GetString(6), r.GetInt64(7), r.GetInt64(2))), ct, ("token", tokenId));
        if (state is not null)
            _known.Add(tokenId, state, epoch);
        return state;
    }

    /// <summary>The application's tokens by number, after <paramref name="after"/>; also those that have ended.</summary>
    public ValueTask<List<OAuthToken>> ListAsync(Application application, long after, int count, CancellationToken ct) => _db.ListAsync($"""
        SELECT {Columns}
          FROM oauth_token t LEFT JOIN namespace n ON n.id = t.account_id AND n.deleted_ms IS NULL
         WHERE t.application_id = @application AND t.id > @after ORDER BY t.id LIMIT @count
        """, Read, ct, ("application", application.Id), ("after", after), ("count", count));

    /// <summary>Makes a token that acts for who asks. One that another token makes ends with it, and makes no further ones.</summary>
    /// <param name="seconds">How long it lives; null for as long as the settings allow.</param>
    public async Task<NewOAuthToken> MintAsync(Principal by, Application application, string name, Scopes scopes, long? seconds, CancellationToken ct)
    {
        var secret = await NewSecretAsync(ct);
        return await _db.WriteAsync<NewOAuthToken>(async tx =>
        {
            if (!await LockAsync(tx, by.AccountId, application.Id))
                return NewOAuthToken.NoApplication;
            long? parentId = null;
            if (by.OAuth is { } parent)
            {
                var row = await tx.OneAsync("SELECT id, parent_id FROM oauth_token WHERE token_id = @token", static r => ((long Id, bool Made)?)(r.GetInt64(0), !r.IsDBNull(1)), ("token", parent.TokenId));
                if (row is not { Made: false } own)
                    return NewOAuthToken.Refused("A token that another token made makes no further ones.");
                parentId = own.Id;
                var left = (parent.ExpiresMs - await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0))) / 1000;
                if (left <= 0 || seconds > left)
                    return NewOAuthToken.Refused("A token that another token makes ends with it at the latest.");
                seconds ??= left;
            }
            if (await tx.OneAsync("SELECT count(*) FROM oauth_token WHERE application_id = @application AND name IS NOT NULL AND expires_ms > now_ms()",
                static r => r.GetInt64(0), ("application", application.Id)) >= _options.TokensPerApplication)
                return NewOAuthToken.Refused($"Token limit reached: maximum {_options.TokensPerApplication} non-expired tokens per application");
            return await InsertAsync(tx, by, application, name, scopes, seconds, parentId, secret);
        }, ct);
    }

    /// <summary>Makes a token for an application to which the person consented, in the caller's transaction.</summary>
    public async ValueTask<NewOAuthToken> GrantAsync(Tx tx, Principal person, Application application, Scopes scopes, OAuthSecret secret)
    {
        if (!await LockAsync(tx, person.AccountId, application.Id))
            return NewOAuthToken.NoApplication;
        foreach (var old in await tx.ListAsync($"""
            SELECT uuid FROM oauth_token WHERE application_id = @application AND account_id = @account AND name IS NULL
             ORDER BY id DESC LIMIT 1000 OFFSET {MostByConsent - 1}
            """, static r => r.GetString(0), ("application", application.Id), ("account", person.AccountId)))
            await EndAsync(tx, person.AccountId, old, "t.account_id = @of", person.AccountId);
        return await InsertAsync(tx, person, application, null, scopes, null, null, secret);
    }

    /// <summary>The secret parts of a token, made before the transaction that stores them.</summary>
    public async ValueTask<OAuthSecret> NewSecretAsync(CancellationToken ct)
    {
        var text = OpaqueTokens.Create(OpaqueTokens.OAuth);
        return new(text, OpaqueTokens.IdOf(text, OpaqueTokens.OAuth)!, await _tokens.MacAsync(text, ct));
    }

    /// <summary>Takes the person and the application until the transaction ends; false when one of them has gone.</summary>
    public async ValueTask<bool> LockAsync(Tx tx, long accountId, long applicationId) =>
        // Whoever deletes an account holds it, and takes the tokens along.
        await tx.OneAsync($"SELECT enabled FROM account WHERE id = @account {_db.ForUpdate}", static r => r.GetInt64(0), ("account", accountId)) == 1
        && await tx.OneAsync($"SELECT 1 FROM oauth_application WHERE id = @application {_db.ForUpdate}", static r => r.GetInt32(0), ("application", applicationId)) == 1;

    /// <summary>Ends a token of the application: at once here, and within 5 seconds in other processes.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RevokeAsync(Principal by, Application application, string uuid, CancellationToken ct) =>
        _db.WriteAsync(tx => EndAsync(tx, by.AccountId, uuid, "t.application_id = @of", application.Id), ct);

    /// <summary>What the person lets applications do, by number, after <paramref name="after"/>.</summary>
    public ValueTask<List<Authorization>> AuthorizationsAsync(long accountId, long after, int count, CancellationToken ct) =>
        ListAuthorizationsAsync("t.id > @after", accountId, ct, ("after", after), ("count", count));

    public async ValueTask<Authorization?> AuthorizationAsync(long accountId, string uuid, CancellationToken ct) =>
        (await ListAuthorizationsAsync("t.uuid = @uuid", accountId, ct, ("uuid", uuid), ("count", 1))).FirstOrDefault();

    /// <summary>Ends a token that acts for the person.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> WithdrawAsync(Principal person, string uuid, CancellationToken ct) =>
        _db.WriteAsync(tx => EndAsync(tx, person.AccountId, uuid, "t.account_id = @of", person.AccountId), ct);

    /// <summary>Ends a token that somebody got who should not have, in the caller's transaction.</summary>
    public ValueTask<bool> EndAsync(Tx tx, long by, Application application, string uuid) => EndAsync(tx, by, uuid, "t.application_id = @of", application.Id);

    /// <summary>Whether the person has consented to all of these scopes for the application already.</summary>
    public async ValueTask<bool> HasConsentAsync(long accountId, Application application, Scopes scopes, CancellationToken ct)
    {
        var given = await _db.ListAsync("""
            SELECT DISTINCT scope FROM oauth_token WHERE account_id = @account AND application_id = @application AND name IS NULL AND expires_ms > now_ms() LIMIT 1000
            """, static r => r.GetString(0), ct, ("account", accountId), ("application", application.Id));
        return (scopes & ~given.Aggregate(Scopes.None, static (all, text) => all | ScopeText.WithImplied(ScopesOf(text)))) == Scopes.None;
    }

    /// <summary>Deletes what ended more than a day ago.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => _db.WriteAsync(
        static tx => tx.ExecuteAsync("DELETE FROM oauth_token WHERE id IN (SELECT id FROM oauth_token WHERE expires_ms <= now_ms() - @day ORDER BY expires_ms LIMIT 1000)", ("day", DayMs)), ct);

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened.Kind is "oauth.token_revoked" or "oauth.application_deleted")
            DropAll();
    }

    public void DropAll() => _known.DropAll();

    private async ValueTask<NewOAuthToken> InsertAsync(Tx tx, Principal person, Application application, string? name, Scopes scopes, long? seconds, long? parentId, OAuthSecret secret)
    {
        var (uuid, scope) = (Guid.NewGuid().ToString(), ScopeText.Format(scopes));
        var token = await tx.OneAsync("""
            INSERT INTO oauth_token (uuid, application_id, account_id, name, scope, token_id, token_mac, created_ms, expires_ms, parent_id)
            VALUES (@uuid, @application, @account, @name, @scope, @token, @mac, now_ms(), now_ms() + @life, @parent) RETURNING id, created_ms, expires_ms
            """, r => new OAuthToken(r.GetInt64(0), uuid, name, scope, person.Name, r.GetInt64(1), r.GetInt64(2), null),
            ("uuid", uuid), ("application", application.Id), ("account", person.AccountId), ("name", name), ("scope", scope), ("token", secret.Id), ("mac", secret.Mac),
            ("life", (seconds ?? LongestSeconds) * 1000), ("parent", parentId));
        await AddEventAsync(tx, "oauth.token_created", application.NamespaceId, person.AccountId, new()
        {
            ["token"] = uuid,
            ["name"] = name,
            ["scope"] = scope,
            ["account"] = person.AccountId,
            ["client_id"] = application.ClientId,
            ["application_name"] = application.Details.Name,
            ["expires_ms"] = token!.ExpiresMs,
        });
        return new(token, secret.Text, null);
    }

    private async ValueTask<bool> EndAsync(Tx tx, long by, string uuid, string condition, long of)
    {
        var found = await tx.ListAsync($"""
            WITH ended AS (SELECT t.id FROM oauth_token t WHERE t.uuid = @uuid AND {condition})
            SELECT t.id, a.namespace_id, t.uuid, t.name, t.scope, t.account_id, a.client_id, a.name
              FROM oauth_token t JOIN oauth_application a ON a.id = t.application_id
             WHERE t.id IN (SELECT id FROM ended) OR t.parent_id IN (SELECT id FROM ended)
             ORDER BY t.id
            """, static r => new Ended(r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetString(4), r.GetInt64(5), r.GetString(6), r.GetString(7)),
            ("uuid", uuid), ("of", of));
        var any = false;
        foreach (var token in found)
        {
            if (await tx.ExecuteAsync("DELETE FROM oauth_token WHERE id = @id", ("id", token.Id)) == 0)
                continue;
            any = true;
            await AddEventAsync(tx, "oauth.token_revoked", token.NamespaceId, by, new()
            {
                ["token"] = token.Uuid,
                ["name"] = token.Name,
                ["scope"] = token.Scope,
                ["account"] = token.Person,
                ["client_id"] = token.ClientId,
                ["application_name"] = token.Application,
            });
        }
        // What it made may come beside this, and be void by that alone.
        tx.OnCommit(DropAll);
        return any;
    }

    private ValueTask<List<Authorization>> ListAuthorizationsAsync(string condition, long accountId, CancellationToken ct, params (string, object?)[] arguments) => _db.ListAsync($"""
        SELECT t.id, t.uuid, t.scope, a.id, a.namespace_id, o.name, a.client_id, a.name, a.description, a.application_uri
          FROM oauth_token t JOIN oauth_application a ON a.id = t.application_id JOIN namespace o ON o.id = a.namespace_id AND o.deleted_ms IS NULL
         WHERE t.account_id = @account AND t.expires_ms > now_ms() AND {condition} ORDER BY t.id LIMIT @count
        """, static r => new Authorization(r.GetInt64(0), r.GetString(1), ScopesOf(r.GetString(2)),
            new Application(r.GetInt64(3), r.GetInt64(4), r.GetString(5), r.GetString(6), null, new ApplicationDetails(r.GetString(7), r.GetString(8), r.GetString(9), "", null))),
        ct, [.. arguments, ("account", accountId)]);

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, long namespaceId, long by, JsonObject payload)
    {
        payload["by"] = by;
        return Events.AddAsync(tx, kind, namespaceId, null, null, payload.ToJsonString());
    }

    private static Scopes ScopesOf(string stored) => ScopeText.Parse(stored) ?? Scopes.None;

    private static OAuthToken Read(DbDataReader r) => new(r.GetInt64(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2), r.GetString(3), r.IsDBNull(4) ? null : r.GetString(4),
        r.GetInt64(5), r.GetInt64(6), r.IsDBNull(7) ? null : r.GetInt64(7));

    private sealed record Ended(long Id, long NamespaceId, string Uuid, string? Name, string Scope, long Person, string ClientId, string Application);
}
