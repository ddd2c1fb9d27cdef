using System.Security.Cryptography;
using Wharf.Server.Data;

namespace Wharf.Server.Work;

/// <summary>
/// Who may do a background job now. Each new holder gets the next fence; a batch that finds another fence than its own changes
/// nothing, so that a holder which was paused and wakes does no harm (contract 8).
/// </summary>
internal sealed class Leases(Database db)
{
    private static readonly string s_me = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

    /// <summary>Takes or renews a lease; the fence, or null when another holds it.</summary>
    public Task<long?> TryTakeAsync(string name, TimeSpan length, CancellationToken ct) => TryTakeAsync(name, s_me, length, ct);

    /// <summary>The same for a holder by name.</summary>
    internal Task<long?> TryTakeAsync(string name, string holder, TimeSpan length, CancellationToken ct) => db.WriteAsync(tx => tx.OneAsync("""
        INSERT INTO lease (name, holder, fence, expires_ms) VALUES (@name, @me, 1, now_ms() + @length)
        ON CONFLICT (name) DO UPDATE SET
            holder = excluded.holder,
            fence = CASE WHEN lease.holder = excluded.holder AND lease.expires_ms >= now_ms() THEN lease.fence ELSE lease.fence + 1 END,
            expires_ms = excluded.expires_ms
         WHERE lease.holder = excluded.holder OR lease.expires_ms < now_ms()
        RETURNING fence
        """, static r => (long?)r.GetInt64(0),
        ("name", name), ("me", holder), ("length", (long)length.TotalMilliseconds)), ct);

    /// <summary>Gives a lease of this process back before its time.</summary>
    public Task ReleaseAsync(string name, CancellationToken ct) => db.WriteAsync(tx => tx.ExecuteAsync(
        "UPDATE lease SET expires_ms = now_ms() - 1 WHERE name = @name AND holder = @me AND expires_ms >= now_ms()", ("name", name), ("me", s_me)), ct);

    /// <summary>Whether the fence is still the lease's; to be asked first in each batch's transaction.</summary>
    public static async ValueTask<bool> HoldsAsync(Database db, Tx tx, string name, long fence) => await tx.OneAsync(
        $"SELECT 1 FROM lease WHERE name = @name AND fence = @fence {db.ForShare}", static r => r.GetInt32(0), ("name", name), ("fence", fence)) == 1;
}
