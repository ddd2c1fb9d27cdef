using System.Data.Common;
using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.AppTokens;

/// <summary>
/// App tokens of people. A token is found by its beginning and verified by a keyed hash; the token itself is kept nowhere. It ends by
/// itself, when it is revoked, and with its account; a changed password leaves it as it is (Quay).
/// </summary>
internal sealed class AppTokenStore(Database db, OpaqueTokens tokens, AccountOptions options)
{
    /// <summary>So many tokens a person has at most.</summary>
    public const int Most = 100;

    private const long DayMs = 86_400_000;

    // Quay: what ends within a tenth of the tokens' life, or of four weeks where they have no end, is about to expire.
    private const int DaysWithoutEnd = 28;

    private const string Select = """
        SELECT t.id, t.uuid, n.name, t.title, t.created_ms, t.expires_ms, t.last_used_ms
          FROM app_token t JOIN namespace n ON n.id = t.account_id
        """;

    private readonly Cache<string, AppTokenState> _known = new(50_000, static _ => 1, db.Freshness);

    private long SoonMs => (options.AppTokenDays == 0 ? DaysWithoutEnd : options.AppTokenDays) * DayMs / 10;

    /// <summary>The token that begins so, as authentication sees it; from memory where that is still right.</summary>
    public async ValueTask<AppTokenState?> FindAsync(string tokenId, CancellationToken ct)
    {
        if (_known.TryGet(tokenId, out var known))
            return known;
        var epoch = _known.Epoch;
        var state = await db.OneAsync("SELECT account_id, token_mac, expires_ms FROM app_token WHERE token_id = @token",
            static r => new AppTokenState(r.GetInt64(0), r.GetFieldValue<byte[]>(1), r.IsDBNull(2) ? null : r.GetInt64(2)), ct, ("token", tokenId));
        if (state is not null)
            _known.Add(tokenId, state, epoch);
        return state;
    }

    public ValueTask<AppToken?> FindAsync(long accountId, string uuid, CancellationToken ct) =>
        db.OneAsync($"{Select} WHERE t.account_id = @account AND t.uuid = @uuid", Read, ct, ("account", accountId), ("uuid", uuid));

    /// <summary>The person's tokens, the oldest first.</summary>
    /// <param name="expiring">Only those that end soon, or have ended.</param>
    public ValueTask<List<AppToken>> ListAsync(long accountId, bool expiring, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE t.account_id = @account {(expiring ? "AND t.expires_ms <= now_ms() + @soon" : "")} ORDER BY t.id LIMIT {Most}", Read, ct, ("account", accountId), ("soon", SoonMs));

    /// <summary>Everybody's tokens by number, after <paramref name="after"/>.</summary>
    public ValueTask<List<AppToken>> ListAllAsync(bool expiring, long after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE t.id > @after {(expiring ? "AND t.expires_ms <= now_ms() + @soon" : "")} ORDER BY t.id LIMIT @count", Read, ct, ("after", after), ("soon", SoonMs), ("count", count));

    /// <summary>Makes a token for the person who asks.</summary>
    /// <param name="expiresMs">When it shall end, in Unix milliseconds; null for as late as the settings allow.</param>
    public async Task<NewAppToken> CreateAsync(Principal owner, string title, long? expiresMs, CancellationToken ct)
    {
        var code = OpaqueTokens.Create(OpaqueTokens.App);
        var (uuid, tokenId, mac) = (Guid.NewGuid().ToString(), OpaqueTokens.IdOf(code, OpaqueTokens.App), await tokens.MacAsync(code, ct));
        return await db.WriteAsync<NewAppToken>(async tx =>
        {
            // One after the other for each person, so that two at once do not both become the last; and none beside the account's deletion.
            if (await tx.OneAsync($"SELECT enabled FROM account WHERE id = @account {db.ForUpdate}", static r => r.GetInt64(0), ("account", owner.AccountId)) != 1)
                return NewAppToken.Refused("There is no such user any more.");
            var now = await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0));
            long? latest = options.AppTokenDays == 0 ? null : now + (options.AppTokenDays * DayMs);
            if (expiresMs <= now)
                return NewAppToken.Refused("The expiration is in the past.");
            if (expiresMs > latest)
                return NewAppToken.Refused(string.Create(CultureInfo.InvariantCulture, $"A token ends at most {options.AppTokenDays} days after it was made."));
            await tx.ExecuteAsync("DELETE FROM app_token WHERE account_id = @account AND expires_ms <= @now", ("account", owner.AccountId), ("now", now));
            if (await tx.OneAsync("SELECT count(*) FROM app_token WHERE account_id = @account", static r => r.GetInt64(0), ("account", owner.AccountId)) >= Most)
                return NewAppToken.Refused(string.Create(CultureInfo.InvariantCulture, $"A person has at most {Most} app tokens; revoke one first."));
            var ends = expiresMs ?? latest;
            var id = await tx.OneAsync("""
                INSERT INTO app_token (uuid, account_id, title, token_id, token_mac, created_ms, expires_ms)
                VALUES (@uuid, @account, @title, @token, @mac, @now, @expires) RETURNING id
                """, static r => r.GetInt64(0),
                ("uuid", uuid), ("account", owner.AccountId), ("title", title), ("token", tokenId), ("mac", mac), ("now", now), ("expires", ends));
            await AddEventAsync(tx, "apptoken.created", owner, uuid, title, ends);
            return new(new AppToken(id, uuid, owner.Name, title, now, ends, null), code, null);
        }, ct);
    }

    /// <summary>Ends a token of the person: at once here, and within 5 seconds in other processes.</summary>
    /// <returns>Whether there was one.</returns>
    public Task<bool> RevokeAsync(Principal owner, string uuid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var gone = await tx.OneAsync("DELETE FROM app_token WHERE account_id = @account AND uuid = @uuid RETURNING token_id, title",
            static r => ((string TokenId, string Title)?)(r.GetString(0), r.GetString(1)), ("account", owner.AccountId), ("uuid", uuid));
        if (gone is not { } token)
            return false;
        await AddEventAsync(tx, "apptoken.revoked", owner, uuid, token.Title, null);
        tx.OnCommit(() => _known.Drop(token.TokenId));
        return true;
    }, ct);

    /// <summary>Deletes what ended more than a day ago.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(
        static tx => tx.ExecuteAsync("DELETE FROM app_token WHERE id IN (SELECT id FROM app_token WHERE expires_ms <= now_ms() - @day ORDER BY expires_ms LIMIT 1000)", ("day", DayMs)), ct);

    /// <summary>Forgets what an event of another process touches.</summary>
    public void Hear(OutboxEvent happened)
    {
        if (happened.Kind == "apptoken.revoked")
            _known.DropAll();
    }

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, Principal owner, string uuid, string title, long? expiresMs) => Events.AddAsync(tx, kind, owner.AccountId, null, null,
        new JsonObject { ["by"] = owner.AccountId, ["token"] = uuid, ["title"] = title, ["expires_ms"] = expiresMs }.ToJsonString());

    private static AppToken Read(DbDataReader r) => new(
        r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt64(4), r.IsDBNull(5) ? null : r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6));
}
