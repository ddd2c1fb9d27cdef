using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Mail;

namespace Wharf.Server.Audit.Exports;

/// <summary>The exports that wait, and the links to those that are made. A link is known by its hash only.</summary>
internal sealed class LogExports(Database db, StoredFiles files, MailQueue mail)
{
    /// <summary>How long a link is good (Quay).</summary>
    public static readonly TimeSpan LinkLife = TimeSpan.FromHours(1);

    /// <summary>How often one is tried.</summary>
    public const int MaxAttempts = 3;

    private const int MostPerNamespace = 10;
    private const string Columns = "id, namespace_id, repository_id, requested_by, from_ms, to_ms, filter, base_url, callback_url, callback_email, attempts, storage_key";
    private const long ClaimMs = 10 * 60_000;

    /// <summary>Something was added.</summary>
    public event Action? Added;

    /// <summary>Whether mail can be sent.</summary>
    public bool CanMail => mail.Enabled;

    /// <returns>False when the namespace has too many under way.</returns>
    public Task<bool> AddAsync(LogExport export, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync("SELECT count(*) FROM log_export WHERE namespace_id = @ns AND due_ms IS NOT NULL", static r => r.GetInt64(0), ("ns", export.NamespaceId)) >= MostPerNamespace)
            return false;
        await tx.ExecuteAsync($"""
            INSERT INTO log_export ({Columns}, due_ms, expires_ms)
            SELECT @id, @ns, @repo, @by, @from, @to, @filter, @base, @url, @email, 0, NULL, now_ms(), now_ms() + @life
            """, ("id", export.Id), ("ns", export.NamespaceId), ("repo", export.RepositoryId), ("by", export.RequestedBy), ("from", export.FromMs), ("to", export.ToMs),
            ("filter", JsonSerializer.Serialize(export.Filter, LogFilterJson.Default.LogFilter)), ("base", export.BaseUrl),
            ("url", export.CallbackUrl), ("email", export.CallbackEmail), ("life", 24 * (long)LinkLife.TotalMilliseconds));
        tx.OnCommit(() => Added?.Invoke());
        return true;
    }, ct);

    /// <summary>Takes one that is due, so that nobody else does for a while.</summary>
    public Task<LogExport?> ClaimAsync(CancellationToken ct) => db.WriteAsync(tx => tx.OneAsync($"""
        UPDATE log_export SET due_ms = now_ms() + {ClaimMs}, attempts = attempts + 1
         WHERE id = (SELECT id FROM log_export WHERE due_ms <= now_ms() ORDER BY due_ms LIMIT 1) AND due_ms <= now_ms()
        RETURNING {Columns}
        """, Read), ct);

    /// <summary>Remembers the file.</summary>
    public Task MadeAsync(LogExport export, string key, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE log_export SET storage_key = @key WHERE id = @id", ("key", key), ("id", export.Id)), ct);

    /// <summary>A new link to the file; those given before are void.</summary>
    public async Task<string> LinkAsync(LogExport export, CancellationToken ct)
    {
        var link = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await db.WriteAsync(tx => tx.ExecuteAsync("UPDATE log_export SET link_hash = @hash, expires_ms = now_ms() + @life WHERE id = @id",
            ("hash", Hash(link)), ("life", (long)LinkLife.TotalMilliseconds), ("id", export.Id)), ct);
        return link;
    }

    /// <summary>It was handed over, by mail where it is given.</summary>
    public Task DoneAsync(LogExport export, Letter? letter, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (letter is not null)
            await mail.AddAsync(tx, letter);
        return await tx.ExecuteAsync("UPDATE log_export SET due_ms = NULL, callback_url = NULL, callback_email = NULL WHERE id = @id", ("id", export.Id));
    }, ct);

    /// <summary>Tried again in a while.</summary>
    public Task PutOffAsync(LogExport export, TimeSpan wait, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE log_export SET due_ms = now_ms() + @wait WHERE id = @id", ("wait", (long)wait.TotalMilliseconds), ("id", export.Id)), ct);

    /// <summary>The storage key of the file behind a link, or null.</summary>
    public ValueTask<string?> FindAsync(string link, CancellationToken ct) => link.Length != 64 ? ValueTask.FromResult<string?>(null) : db.OneAsync(
        "SELECT storage_key FROM log_export WHERE link_hash = @hash AND expires_ms > now_ms() AND storage_key IS NOT NULL", static r => r.GetString(0), ct, ("hash", Hash(link)));

    /// <summary>Removes those whose link is over, with their files.</summary>
    public async Task SweepAsync(CancellationToken ct)
    {
        foreach (var (id, key) in await db.ListAsync("SELECT id, storage_key FROM log_export WHERE expires_ms < now_ms() LIMIT 100", static r => (r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1)), ct))
        {
            if (key is not null)
                await files.RemoveAsync(key, ct);
            await db.WriteAsync(tx => tx.ExecuteAsync("DELETE FROM log_export WHERE id = @id", ("id", id)), ct);
        }
    }

    private static byte[] Hash(string link) => SHA256.HashData(Encoding.ASCII.GetBytes(link));

    private static LogExport Read(DbDataReader r) => new(r.GetString(0), r.GetInt64(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5),
        JsonSerializer.Deserialize(r.GetString(6), LogFilterJson.Default.LogFilter)!, r.GetString(7),
        r.IsDBNull(8) ? null : r.GetString(8), r.IsDBNull(9) ? null : r.GetString(9), r.GetInt64(10), r.IsDBNull(11) ? null : r.GetString(11));
}
