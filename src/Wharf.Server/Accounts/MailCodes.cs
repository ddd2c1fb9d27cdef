using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Accounts;

/// <summary>Codes in mailed links: each for one account, one address and one purpose, good once and for a short time. The database has a keyed hash of them.</summary>
internal sealed class MailCodes(Database db, OpaqueTokens tokens)
{
    public const string Recovery = "recovery";

    /// <summary>Of a newcomer's address.</summary>
    public const string Confirm = "confirm";

    /// <summary>Of an address that somebody wants in place of the one before.</summary>
    public const string Change = "email";

    public static readonly TimeSpan RecoveryLife = TimeSpan.FromMinutes(30);

    public static readonly TimeSpan ConfirmLife = TimeSpan.FromDays(1);

    private const string Kind = "WHM";

    /// <summary>How many codes of a purpose an account has at most at a time.</summary>
    private const int Most = 5;

    /// <summary>A new code, of which nothing is stored yet.</summary>
    public async ValueTask<FreshCode> CreateAsync(CancellationToken ct)
    {
        var code = OpaqueTokens.Create(Kind);
        return new(code, OpaqueTokens.IdOf(code, Kind)!, await tokens.MacAsync(code, ct));
    }

    /// <summary>Stores a code; false when the account has as many as it may.</summary>
    public static async ValueTask<bool> StoreAsync(Tx tx, FreshCode code, string purpose, long accountId, long credential, string email, TimeSpan life)
    {
        if (await tx.OneAsync("SELECT count(*) FROM mail_code WHERE account_id = @account AND purpose = @purpose AND expires_ms > now_ms()", static r => r.GetInt64(0),
            ("account", accountId), ("purpose", purpose)) >= Most)
            return false;
        await tx.ExecuteAsync("""
            INSERT INTO mail_code (code_id, mac, purpose, account_id, credential, email, created_ms, expires_ms)
            VALUES (@id, @mac, @purpose, @account, @credential, @email, now_ms(), now_ms() + @life)
            """, ("id", code.Id), ("mac", code.Mac), ("purpose", purpose), ("account", accountId), ("credential", credential), ("email", email), ("life", (long)life.TotalMilliseconds));
        return true;
    }

    /// <summary>What a code is good for now; null when it is for nothing, any more.</summary>
    public async ValueTask<MailedCode?> FindAsync(string code, CancellationToken ct)
    {
        if (OpaqueTokens.IdOf(code, Kind) is not { } id)
            return null;
        var found = await db.OneAsync("""
            SELECT c.mac, c.purpose, c.account_id, c.credential, c.email, n.name
              FROM mail_code c JOIN account a ON a.id = c.account_id AND a.credential = c.credential AND a.enabled = 1 JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL AND n.kind = 'user'
             WHERE c.code_id = @id AND c.expires_ms > now_ms()
            """, r => (Mac: r.GetFieldValue<byte[]>(0), Code: new MailedCode(id, r.GetString(1), r.GetInt64(2), r.GetInt64(3), r.GetString(4), r.GetString(5))), ct, ("id", id));
        return found.Code is not null && await tokens.VerifyAsync(code, found.Mac, ct) ? found.Code : null;
    }

    /// <summary>Uses a code up, in the caller's transaction; false when somebody else was faster.</summary>
    public static async ValueTask<bool> TakeAsync(Tx tx, MailedCode code) =>
        await tx.ExecuteAsync("DELETE FROM mail_code WHERE code_id = @id AND expires_ms > now_ms()", ("id", code.Id)) == 1;

    /// <summary>Ends all codes of an account, in the caller's transaction.</summary>
    public static ValueTask<int> EndAllAsync(Tx tx, long accountId) => tx.ExecuteAsync("DELETE FROM mail_code WHERE account_id = @account", ("account", accountId));

    /// <summary>Deletes codes that have ended.</summary>
    /// <returns>How many.</returns>
    public Task<int> SweepAsync(CancellationToken ct) => db.WriteAsync(
        static tx => tx.ExecuteAsync("DELETE FROM mail_code WHERE code_id IN (SELECT code_id FROM mail_code WHERE expires_ms <= now_ms() ORDER BY expires_ms LIMIT 1000)"), ct);
}
