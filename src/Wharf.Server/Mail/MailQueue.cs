using System.Text;
using System.Text.Json;
using Wharf.Server.Auth;
using Wharf.Server.Data;

namespace Wharf.Server.Mail;

/// <summary>
/// Mail that waits to be sent: rows that are written with what causes them, so that no crash loses one, and are sealed, since they may
/// hold a code that is good for an account. <see cref="MailSender"/> takes them, each at least once.
/// </summary>
internal sealed class MailQueue(Database db, KeyRing ring, MailOptions options)
{
    private const string Purpose = "mail";
    private const string RecipientPurpose = "mail-recipient";

    /// <summary>How many mails wait at most.</summary>
    public const int Most = 10_000;

    /// <summary>How many mails one address gets in an hour at most, whoever causes them.</summary>
    public const int MostPerHour = 20;

    private const long HourMs = 3_600_000;

    /// <summary>Called in this process when mail was added.</summary>
    public event Action? Added;

    /// <summary>Called in this process when a mail was not taken, with its kind.</summary>
    public event Action<string>? Refused;

    /// <summary>Whether mail is sent at all.</summary>
    public bool Enabled => options.Enabled;

    /// <summary>Adds a mail, in the caller's transaction. Does nothing where no mail is sent.</summary>
    /// <returns>False when it was not taken: the address has got too many lately, or too many wait altogether.</returns>
    public async ValueTask<bool> AddAsync(Tx tx, Letter letter)
    {
        if (!Enabled || !MailAddress.IsValid(letter.To))
            return false;
        var recipient = ring.Mac(RecipientPurpose, Encoding.UTF8.GetBytes(letter.To.ToLowerInvariant()));
        var count = await tx.OneAsync("""
            INSERT INTO mail_recipient (recipient, since_ms, count) VALUES (@recipient, now_ms(), 1)
            ON CONFLICT (recipient) DO UPDATE SET
                count = CASE WHEN mail_recipient.since_ms <= now_ms() - @hour THEN 1 ELSE mail_recipient.count + 1 END,
                since_ms = CASE WHEN mail_recipient.since_ms <= now_ms() - @hour THEN now_ms() ELSE mail_recipient.since_ms END
            RETURNING count
            """, static r => r.GetInt64(0), ("recipient", recipient), ("hour", HourMs));
        if (count > MostPerHour || await tx.OneAsync($"SELECT count(*) FROM (SELECT 1 FROM mail LIMIT {Most}) waiting", static r => r.GetInt64(0)) >= Most)
        {
            tx.OnCommit(() => Refused?.Invoke(letter.Kind));
            return false;
        }
        await tx.ExecuteAsync("INSERT INTO mail (kind, sealed, created_ms, due_ms, attempts) VALUES (@kind, @sealed, now_ms(), now_ms(), 0)",
            ("kind", letter.Kind), ("sealed", ring.Seal(Purpose, JsonSerializer.SerializeToUtf8Bytes(letter, MailJson.Default.Letter))));
        tx.OnCommit(() => Added?.Invoke());
        return true;
    }

    /// <summary>How many mails wait, and in how many milliseconds the next is due; null when none waits.</summary>
    public async ValueTask<(long Count, long? InMs)> LookAsync(CancellationToken ct) => await db.OneAsync(
        "SELECT count(*), min(due_ms) - now_ms() FROM mail", static r => (r.GetInt64(0), r.IsDBNull(1) ? null : (long?)r.GetInt64(1)), ct);

    /// <summary>Takes the next mail that is due: nobody else takes it for so long.</summary>
    public Task<ClaimedLetter?> ClaimAsync(TimeSpan hold, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        // Asked about its time twice: on PostgreSQL another replica may have taken it between the two.
        var row = await tx.OneAsync("""
            UPDATE mail SET due_ms = now_ms() + @hold, attempts = attempts + 1
             WHERE id = (SELECT id FROM mail WHERE due_ms <= now_ms() ORDER BY due_ms, id LIMIT 1) AND due_ms <= now_ms()
            RETURNING id, sealed, attempts
            """, static r => ((long Id, byte[] Sealed, long Attempts)?)(r.GetInt64(0), r.GetFieldValue<byte[]>(1), r.GetInt64(2)), ("hold", (long)hold.TotalMilliseconds));
        return row is { } found ? new ClaimedLetter(found.Id, JsonSerializer.Deserialize(ring.Unseal(Purpose, found.Sealed), MailJson.Default.Letter)!, found.Attempts) : null;
    }, ct);

    /// <summary>Forgets a mail that was sent, or that never will be.</summary>
    public Task RemoveAsync(long id, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM mail WHERE id = @id", ("id", id)), ct);

    public Task PutOffAsync(long id, TimeSpan wait, CancellationToken ct) => db.WriteAsync(
        tx => tx.ExecuteAsync("UPDATE mail SET due_ms = now_ms() + @wait WHERE id = @id", ("id", id), ("wait", (long)wait.TotalMilliseconds)), ct);

    /// <summary>Gives up what has been tried for too long.</summary>
    /// <returns>The kinds of the mails.</returns>
    public Task<List<string>> ExpireAsync(CancellationToken ct) => db.WriteAsync(async tx =>
    {
        await tx.ExecuteAsync("DELETE FROM mail_recipient WHERE recipient IN (SELECT recipient FROM mail_recipient WHERE since_ms <= now_ms() - @hour ORDER BY since_ms LIMIT 1000)", ("hour", HourMs));
        return await tx.ListAsync("DELETE FROM mail WHERE created_ms <= now_ms() - @keep RETURNING kind", static r => r.GetString(0), ("keep", (long)options.KeepFor.TotalMilliseconds));
    }, ct);

    /// <summary>Seals what waits anew under the ring's current key, in the caller's transaction.</summary>
    public async ValueTask<int> ResealAsync(Tx tx)
    {
        var rows = await tx.ListAsync($"SELECT id, sealed FROM mail ORDER BY id {db.ForUpdate}", static r => (Id: r.GetInt64(0), Sealed: r.GetFieldValue<byte[]>(1)));
        foreach (var row in rows)
            await tx.ExecuteAsync("UPDATE mail SET sealed = @sealed WHERE id = @id", ("sealed", ring.Seal(Purpose, ring.Unseal(Purpose, row.Sealed))), ("id", row.Id));
        return rows.Count;
    }
}
