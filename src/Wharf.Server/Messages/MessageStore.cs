using System.Text.Json.Nodes;
using Wharf.Server.Auth;
using Wharf.Server.Data;
using Wharf.Server.Outbox;

namespace Wharf.Server.Messages;

/// <summary>The messages that everybody is shown.</summary>
internal sealed class MessageStore(Database db)
{
    /// <summary>How many there are at most: everybody is shown all of them.</summary>
    public const int Most = 100;

    /// <summary>In the order in which they were made.</summary>
    public ValueTask<List<GlobalMessage>> ListAsync(CancellationToken ct) => db.ListAsync(
        $"SELECT uuid, severity, media_type, content FROM global_message ORDER BY id LIMIT {Most}",
        static r => new GlobalMessage(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3)), ct);

    /// <summary>Adds a message; false when there are as many as may be.</summary>
    public Task<bool> AddAsync(Principal by, GlobalMessage message, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.OneAsync("SELECT count(*) FROM global_message", static r => r.GetInt64(0)) >= Most)
            return false;
        await tx.ExecuteAsync("INSERT INTO global_message (uuid, severity, media_type, content, created_by, created_ms) VALUES (@uuid, @severity, @type, @content, @by, now_ms())",
            ("uuid", message.Uuid), ("severity", message.Severity), ("type", message.MediaType), ("content", message.Content), ("by", by.AccountId));
        await Events.AddAsync(tx, "message.created", by.AccountId, null, null,
            new JsonObject { ["by"] = by.AccountId, ["message"] = message.Uuid, ["severity"] = message.Severity, ["media_type"] = message.MediaType }.ToJsonString());
        return true;
    }, ct);

    public Task DeleteAsync(Principal by, string uuid, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await tx.ExecuteAsync("DELETE FROM global_message WHERE uuid = @uuid", ("uuid", uuid)) == 1)
            await Events.AddAsync(tx, "message.deleted", by.AccountId, null, null, new JsonObject { ["by"] = by.AccountId, ["message"] = uuid }.ToJsonString());
        return true;
    }, ct);
}
