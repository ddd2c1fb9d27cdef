using System.Data.Common;
using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Server.QuayApi;

namespace Wharf.Server.ServiceKeys;

/// <summary>The public keys of services.</summary>
internal sealed class ServiceKeyStore(Database db)
{
    /// <summary>How many keys there are at most.</summary>
    private const int Most = 10_000;

    private const string Select = """
        SELECT k.kid, k.name, k.service, k.jwk, k.metadata, k.created_ms, k.expires_ms, k.rotation_s, k.approval_type, k.approved_ms, n.name, k.approval_notes
          FROM service_key k LEFT JOIN namespace n ON n.id = k.approved_by AND n.deleted_ms IS NULL AND n.kind = 'user'
        """;

    /// <summary>In the order of their kids, after one.</summary>
    public ValueTask<List<ServiceKey>> ListAsync(string after, int count, CancellationToken ct) => db.ListAsync(
        $"{Select} WHERE k.kid > @after ORDER BY k.kid LIMIT @count", Read, ct, ("after", after), ("count", count));

    public ValueTask<ServiceKey?> FindAsync(string kid, CancellationToken ct) => db.OneAsync($"{Select} WHERE k.kid = @kid", Read, ct, ("kid", kid));

    /// <summary>Adds a key of the superuser's own making, which is approved by that; what stands against it, or null.</summary>
    public Task<string?> AddAsync(Principal by, KeyPair pair, string name, string service, string metadata, long? expiresMs, string notes, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        if (await tx.OneAsync("SELECT count(*) FROM service_key", static r => r.GetInt64(0)) >= Most)
            return $"There are at most {Most} service keys; delete some first.";
        if (expiresMs <= await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0)))
            return "Expiration date cannot be in the past";
        await tx.ExecuteAsync("""
            INSERT INTO service_key (kid, name, service, jwk, metadata, created_ms, expires_ms, approval_type, approved_ms, approved_by, approval_notes)
            VALUES (@kid, @name, @service, @jwk, @metadata, now_ms(), @expires, @type, now_ms(), @by, @notes)
            """, ("kid", pair.Kid), ("name", name), ("service", service), ("jwk", pair.Jwk), ("metadata", metadata), ("expires", expiresMs), ("type", BySuperuser), ("by", by.AccountId), ("notes", notes));
        await AddEventAsync(tx, "servicekey.created", by, pair.Kid, service, name, expiresMs, new JsonObject { ["preshared"] = true, ["auto_approved"] = true });
        await AddEventAsync(tx, "servicekey.approved", by, pair.Kid, service, name, expiresMs, new JsonObject { ["auto_approved"] = true });
        return null;
    }, ct);

    /// <summary>Changes what is given of a key; what stands against it, or null. An empty text when there is no such key.</summary>
    /// <param name="expires">Whether the expiration is given; null is never.</param>
    public Task<string?> ChangeAsync(Principal by, string kid, string? name, string? metadata, bool expires, long? expiresMs, CancellationToken ct) => db.WriteAsync<string?>(async tx =>
    {
        await tx.ListAsync($"SELECT kid FROM service_key WHERE kid = @kid {db.ForUpdate}", static r => r.GetString(0), ("kid", kid));
        if (await tx.OneAsync($"{Select} WHERE k.kid = @kid", Read, ("kid", kid)) is not { } key)
            return "";
        if (expires && expiresMs <= await tx.OneAsync("SELECT now_ms()", static r => r.GetInt64(0)))
            return "Cannot have an expiration date in the past";
        if (expires)
        {
            await tx.ExecuteAsync("UPDATE service_key SET expires_ms = @expires WHERE kid = @kid", ("expires", expiresMs), ("kid", kid));
            await AddEventAsync(tx, "servicekey.extended", by, kid, key.Service, name ?? key.Name, expiresMs, new JsonObject { ["old_expiration_date"] = QuayDate.Format(key.ExpiresMs) });
        }
        if ((name ?? metadata) is null)
            return null;
        await tx.ExecuteAsync("UPDATE service_key SET name = coalesce(@name, name), metadata = coalesce(@metadata, metadata) WHERE kid = @kid", ("name", name), ("metadata", metadata), ("kid", kid));
        await AddEventAsync(tx, "servicekey.modified", by, kid, key.Service, name ?? key.Name, expires ? expiresMs : key.ExpiresMs, []);
        return null;
    }, ct);

    /// <summary>Approves a key; false when there is none. One that is approved already stays as it is.</summary>
    public Task<bool> ApproveAsync(Principal by, string kid, string notes, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync($"{Select} WHERE k.kid = @kid", Read, ("kid", kid)) is not { } key)
            return false;
        if (await tx.ExecuteAsync("UPDATE service_key SET approval_type = @type, approved_ms = now_ms(), approved_by = @by, approval_notes = @notes WHERE kid = @kid AND approval_type IS NULL",
            ("type", BySuperuser), ("by", by.AccountId), ("notes", notes), ("kid", kid)) == 1)
            await AddEventAsync(tx, "servicekey.approved", by, kid, key.Service, key.Name, key.ExpiresMs, []);
        return true;
    }, ct);

    public Task<bool> DeleteAsync(Principal by, string kid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var gone = await tx.OneAsync("DELETE FROM service_key WHERE kid = @kid RETURNING service, name, created_ms, expires_ms",
            static r => ((string Service, string Name, long CreatedMs, long? ExpiresMs)?)(r.GetString(0), r.GetString(1), r.GetInt64(2), r.IsDBNull(3) ? null : r.GetInt64(3)), ("kid", kid));
        if (gone is not { } key)
            return false;
        await AddEventAsync(tx, "servicekey.deleted", by, kid, key.Service, key.Name, key.ExpiresMs, new JsonObject { ["created_date"] = QuayDate.Format(key.CreatedMs) });
        return true;
    }, ct);

    // Quay's name for it.
    private const string BySuperuser = "ServiceKeyApprovalType.SUPERUSER";

    private static ValueTask<int> AddEventAsync(Tx tx, string kind, Principal by, string kid, string service, string name, long? expiresMs, JsonObject more)
    {
        var payload = new JsonObject { ["by"] = by.AccountId, ["kid"] = kid, ["service"] = service, ["name"] = name, ["expiration_date"] = QuayDate.Format(expiresMs) };
        foreach (var (key, value) in more)
            payload[key] = value?.DeepClone();
        return Events.AddAsync(tx, kind, by.AccountId, null, null, payload.ToJsonString());
    }

    private static ServiceKey Read(DbDataReader r) => new(
        r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt64(5), r.IsDBNull(6) ? null : r.GetInt64(6), r.IsDBNull(7) ? null : r.GetInt64(7),
        r.IsDBNull(8) ? null : new ServiceKeyApproval(r.GetString(8), r.GetInt64(9), r.IsDBNull(10) ? null : r.GetString(10), r.GetString(11)));
}
