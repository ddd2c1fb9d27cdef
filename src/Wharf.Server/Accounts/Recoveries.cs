using System.Text;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Mail;
using Wharf.Server.Outbox;

namespace Wharf.Server.Accounts;

/// <summary>
/// Forgotten passwords. 1. A request only stores the address: whether there is an account shows neither in the answer nor in its time.
/// 2. <see cref="RecoveryWorker"/> looks the address up and writes the mail. 3. The link's page takes the new password.
/// </summary>
internal sealed class Recoveries(Database db, KeyRing ring, MailCodes codes, MailQueue mail, AccountStore accounts, SessionStore sessions, Permissions permissions)
{
    private const string Purpose = "recovery-request";
    private const int Most = 10_000;

    /// <summary>Called in this process when somebody asked.</summary>
    public event Action? Asked;

    /// <summary>Notes that somebody with this address has forgotten the password.</summary>
    public Task AskAsync(string email, CancellationToken ct)
    {
        var sealedEmail = ring.Seal(Purpose, Encoding.UTF8.GetBytes(email));
        return db.WriteAsync(async tx =>
        {
            tx.OnCommit(() => Asked?.Invoke());
            return await tx.ExecuteAsync($"INSERT INTO recovery_request (sealed_email, created_ms) SELECT @sealed, now_ms() WHERE (SELECT count(*) FROM (SELECT 1 FROM recovery_request LIMIT {Most}) waiting) < {Most}",
                ("sealed", sealedEmail));
        }, ct);
    }

    /// <summary>Takes the oldest request and writes its mail, where there is somebody to write to.</summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> WorkOffAsync(CancellationToken ct)
    {
        if (await db.OneAsync("SELECT id FROM recovery_request ORDER BY id LIMIT 1", static r => r.GetInt64(0), ct) == 0)
            return false;
        var code = await codes.CreateAsync(ct);
        return await db.WriteAsync(async tx =>
        {
            var taken = await tx.OneAsync("DELETE FROM recovery_request WHERE id = (SELECT id FROM recovery_request ORDER BY id LIMIT 1) RETURNING sealed_email", static r => r.GetFieldValue<byte[]>(0));
            if (taken is null)
                return true;
            var email = Encoding.UTF8.GetString(ring.Unseal(Purpose, taken));
            var account = await tx.OneAsync("""
                SELECT a.id, n.name, a.credential, a.email FROM account a JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL AND n.kind = 'user' WHERE (a.email = @email OR a.email = @lower) AND a.enabled = 1 ORDER BY CASE WHEN a.email = @email THEN 0 ELSE 1 END LIMIT 1
                """, static r => ((long Id, string Name, long Credential, string Email)?)(r.GetInt64(0), r.GetString(1), r.GetInt64(2), r.GetString(3)), ("email", email), ("lower", email.ToLowerInvariant()));
            if (account is { } found)
                await WriteAsync(tx, code, found.Id, found.Name, found.Credential, found.Email, by: 0);
            return true;
        }, ct);
    }

    /// <summary>Sends a person the link, for a superuser; what stands against it, or null.</summary>
    public async Task<string?> SendAsync(Principal by, long id, CancellationToken ct)
    {
        var code = await codes.CreateAsync(ct);
        return await db.WriteAsync<string?>(async tx =>
        {
            var account = await tx.OneAsync("SELECT n.name, a.credential, a.email FROM account a JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL WHERE a.id = @id AND a.enabled = 1",
                static r => ((string Name, long Credential, string? Email)?)(r.GetString(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetString(2)), ("id", id));
            if (account is not { Email: { } email } found)
                return "The user is disabled or has no e-mail address.";
            return await WriteAsync(tx, code, id, found.Name, found.Credential, email, by.AccountId) ? null : "The user was sent too many mails lately. Try again later.";
        }, ct);
    }

    /// <summary>Gives the account of a code another password and ends its sessions; false when the code is no good any more.</summary>
    public Task<bool> SetPasswordAsync(MailedCode code, string password, CancellationToken ct)
    {
        var sealedPassword = accounts.HashAndSeal(password);
        return db.WriteAsync(async tx =>
        {
            // The account first, as everywhere; then what it is by now.
            await tx.ListAsync($"SELECT id FROM account WHERE id = @id {db.ForUpdate}", static r => r.GetInt64(0), ("id", code.AccountId));
            if (!await MailCodes.TakeAsync(tx, code))
                return false;
            // Who reads mail at the address has shown that it is theirs.
            if (await tx.ExecuteAsync("""
                UPDATE account SET sealed_password = @password, credential = credential + 1, verified = 1
                 WHERE id = @id AND credential = @credential AND enabled = 1 AND email = @email
                """, ("password", sealedPassword), ("id", code.AccountId), ("credential", code.Credential), ("email", code.Email)) == 0)
                return false;
            await MailCodes.EndAllAsync(tx, code.AccountId);
            await sessions.EndAllAsync(tx, code.AccountId);
            await Events.AddAsync(tx, "account.changed", code.AccountId, null, null, $$"""{"by":{{code.AccountId}},"changed":["password"],"recovery":true}""");
            await mail.AddAsync(tx, AccountLetters.PasswordChanged(code.Email, code.Name));
            tx.OnCommit(accounts.DropAll);
            tx.OnCommit(permissions.ForgetNamespace);
            return true;
        }, ct);
    }

    /// <summary>Seals what waits anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync($"SELECT id, sealed_email FROM recovery_request ORDER BY id {db.ForUpdate}", static r => (Id: r.GetInt64(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE recovery_request SET sealed_email = @sealed WHERE id = @id", ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, row.Sealed))), ("id", row.Id));
        return rows.Count;
    }

    private async ValueTask<bool> WriteAsync(Tx tx, FreshCode code, long id, string name, long credential, string email, long by)
    {
        if (!await MailCodes.StoreAsync(tx, code, MailCodes.Recovery, id, credential, email, MailCodes.RecoveryLife) || !await mail.AddAsync(tx, AccountLetters.Recovery(email, name, code.Code)))
            return false;
        await Events.AddAsync(tx, "recovery.sent", id, null, null, $$"""{"by":{{by}},"account":{{id}}}""");
        return true;
    }
}
