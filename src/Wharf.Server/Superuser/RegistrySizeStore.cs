using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Superuser;

/// <summary>The size of the registry: asked for by a superuser, counted in the background, kept in one row.</summary>
internal sealed class RegistrySizeStore(Database db)
{
    // After so long whoever counted has died on it.
    private const long LostMs = 10 * 60_000;

    /// <summary>Called in this process when counting was asked for.</summary>
    public event Action? Queued;

    public async ValueTask<RegistrySize> GetAsync(CancellationToken ct) => await db.OneAsync("SELECT size_bytes, completed_ms, queued_ms, started_ms FROM registry_size WHERE id = 1",
        static r => new RegistrySize(r.GetInt64(0), r.IsDBNull(1) ? null : r.GetInt64(1), !r.IsDBNull(2), !r.IsDBNull(3)), ct) ?? new RegistrySize(0, null, false, false);

    /// <summary>Asks for counting; false when that was asked for already.</summary>
    public Task<bool> QueueAsync(Principal by, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("""
            INSERT INTO registry_size (id, size_bytes, queued_ms) VALUES (1, 0, now_ms())
            ON CONFLICT (id) DO UPDATE SET queued_ms = now_ms() WHERE registry_size.queued_ms IS NULL AND registry_size.started_ms IS NULL
            """) == 0)
            return false;
        await Events.AddAsync(tx, "registry.size_queued", by.AccountId, null, null, $$"""{"by":{{by.AccountId}}}""");
        tx.OnCommit(() => Queued?.Invoke());
        return true;
    }, ct);

    /// <summary>Counts, where that was asked for. The sum is one read, which stops no writer.</summary>
    public async Task CountAsync(CancellationToken ct)
    {
        if (await db.OneAsync("SELECT 1 FROM registry_size WHERE queued_ms IS NOT NULL OR started_ms IS NOT NULL", static r => r.GetInt32(0), ct) == 0)
            return;
        if (await db.WriteAsync(tx => tx.ExecuteAsync("""
            UPDATE registry_size SET queued_ms = NULL, started_ms = now_ms()
             WHERE id = 1 AND ((queued_ms IS NOT NULL AND started_ms IS NULL) OR started_ms < now_ms() - @lost)
            """, ("lost", LostMs)), ct) == 0)
            return;
        var bytes = await db.OneAsync("SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM blob", static r => r.GetInt64(0), ct);
        await db.WriteAsync(tx => tx.ExecuteAsync("UPDATE registry_size SET size_bytes = @bytes, started_ms = NULL, completed_ms = now_ms() WHERE id = 1", ("bytes", bytes)), ct);
    }
}
