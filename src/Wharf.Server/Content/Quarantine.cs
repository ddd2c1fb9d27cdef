using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// What becomes of a blob whose bytes are missing or damaged: it is not served any more, so that a HEAD says it is absent and the next
/// push brings it back; or it gets sound bytes of another location. Damaged bytes stay where they are until others are in their place.
/// </summary>
internal sealed class Quarantine(Database db, ContentStore content, IBlobDriver driver, IEnumerable<OtherLocation> others)
{
    /// <summary>Takes a placement out of service. The row tells whether the finding still is one: bytes are deleted only after it.</summary>
    /// <returns>False when the blob has gone meanwhile, or has other bytes.</returns>
    public Task<bool> MarkLostAsync(Digest digest, string storageKey, string why, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, digest, storageKey) is not "present")
            return false;
        await MoveAsync(tx, digest, storageKey, storageKey, "lost");
        await TellAsync(tx, "scrub.lost", digest, storageKey, why);
        return true;
    }, ct);

    /// <summary>Takes a placement into service again whose bytes are sound after all: somebody has put them back.</summary>
    public Task<bool> MarkPresentAsync(Digest digest, string storageKey, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, digest, storageKey) is not "lost")
            return false;
        await MoveAsync(tx, digest, storageKey, storageKey, "present");
        await TellAsync(tx, "scrub.found", digest, storageKey, "its bytes are sound");
        return true;
    }, ct);

    /// <summary>Copies the blob from another location, verifies it on the way, and puts the copy in the place of what is lost.</summary>
    /// <returns>False when no other location has it, or has it whole.</returns>
    public async Task<bool> RepairAsync(Digest digest, long size, string lostKey, CancellationToken ct)
    {
        var places = await db.ListAsync("SELECT location, storage_key FROM blob_placement WHERE digest = @digest AND location <> @here AND state = 'present'",
            static r => (Location: r.GetString(0), Key: r.GetString(1)), ct, ("digest", digest.ToArray()), ("here", ContentStore.Location));
        foreach (var (location, key) in places)
        {
            if (others.FirstOrDefault(o => o.Name == location) is not { } other || await CopyAsync(other.Driver, key, digest, size, ct) is not { } copy)
                continue;
            return await db.WriteAsync(async tx =>
            {
                if (await LockAsync(tx, digest, lostKey) is not null)
                {
                    await MoveAsync(tx, digest, lostKey, copy, "present");
                    await TellAsync(tx, "scrub.repaired", digest, copy, $"copied from {location}");
                    return true;
                }
                await tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() ON CONFLICT (location, storage_key) DO NOTHING",
                    ("location", ContentStore.Location), ("key", copy));
                return false;
            }, ct);
        }
        return false;
    }

    private async Task<string?> CopyAsync(IBlobDriver from, string key, Digest digest, long size, CancellationToken ct)
    {
        const int BufferSize = 1 << 20;
        await using var source = await from.OpenAsync(key, 0, long.MaxValue, ct);
        if (source is null)
            return null;
        var to = StorageKey.New();
        await using var writer = await driver.BeginAsync(to, ct);
        using var hash = new ResumableHash(digest.Algorithm);
        try
        {
            var buffer = new byte[(int)Math.Clamp(size, 1, BufferSize)];
            for (int n; (n = await source.ReadAsync(buffer, ct)) > 0;)
            {
                hash.Append(buffer.AsSpan(0, n));
                await writer.WriteAsync(buffer.AsMemory(0, n), ct);
            }
            if (writer.Length != size || hash.Finish() != digest)
            {
                await writer.AbortAsync(CancellationToken.None);
                return null;
            }
            await writer.CompleteAsync(ct);
            return to;
        }
        catch
        {
            await writer.AbortAsync(CancellationToken.None);
            throw;
        }
    }

    // Its state, when it still is under this key.
    private ValueTask<string?> LockAsync(Tx tx, Digest digest, string key) => tx.OneAsync(
        $"SELECT state FROM blob_placement WHERE digest = @digest AND location = @location AND storage_key = @key {db.ForUpdate}", static r => r.GetString(0),
        ("digest", digest.ToArray()), ("location", ContentStore.Location), ("key", key));

    private static ValueTask<int> MoveAsync(Tx tx, Digest digest, string from, string to, string state) => tx.ExecuteAsync(
        "UPDATE blob_placement SET storage_key = @to, state = @state WHERE digest = @digest AND location = @location AND storage_key = @from",
        ("to", to), ("state", state), ("digest", digest.ToArray()), ("location", ContentStore.Location), ("from", from));

    private async ValueTask TellAsync(Tx tx, string kind, Digest digest, string key, string why)
    {
        await Events.AddAsync(tx, kind, 0, null, digest.ToArray(), new JsonObject { ["by"] = 0, ["digest"] = digest.ToString(), ["storage_key"] = key, ["why"] = why }.ToJsonString());
        tx.OnCommit(content.DropPlacements);
    }
}
