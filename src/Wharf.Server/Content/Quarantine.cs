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
internal sealed class Quarantine(Database db, ContentStore content, Locations locations)
{
    /// <summary>Takes a placement of a location out of service. The row tells whether the finding still is one: bytes are deleted only after it.</summary>
    /// <returns>False when the blob has gone meanwhile, or has other bytes.</returns>
    public Task<bool> MarkLostAsync(Location location, Digest digest, string storageKey, string why, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, location, digest, storageKey) is not "present")
            return false;
        await MoveAsync(tx, location, digest, storageKey, storageKey, "lost");
        await TellAsync(tx, "scrub.lost", digest, storageKey, why);
        return true;
    }, ct);

    /// <summary>Takes a placement into service again whose bytes are sound after all: somebody has put them back.</summary>
    public Task<bool> MarkPresentAsync(Location location, Digest digest, string storageKey, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        if (await LockAsync(tx, location, digest, storageKey) is not "lost")
            return false;
        await MoveAsync(tx, location, digest, storageKey, storageKey, "present");
        await TellAsync(tx, "scrub.found", digest, storageKey, "its bytes are sound");
        return true;
    }, ct);

    /// <summary>Copies the blob from another location, verifies it on the way, and puts the copy in the place of what is lost.</summary>
    /// <returns>False when no other location has it, or has it whole.</returns>
    public async Task<bool> RepairAsync(Location here, Digest digest, long size, string lostKey, CancellationToken ct)
    {
        var places = await db.ListAsync("SELECT location, storage_key FROM blob_placement WHERE digest = @digest AND location <> @here AND state = 'present'",
            static r => (Location: r.GetString(0), Key: r.GetString(1)), ct, ("digest", digest.ToArray()), ("here", here.Name));
        foreach (var (location, key) in places.Where(p => locations.RankOf(p.Location) is not null).OrderBy(p => locations.RankOf(p.Location)))
        {
            if (await CopyAsync(locations.Of(location).Driver, key, here, digest, size, ct) is not { } copy)
                continue;
            return await db.WriteAsync(async tx =>
            {
                if (await LockAsync(tx, here, digest, lostKey) is not null)
                {
                    await MoveAsync(tx, here, digest, lostKey, copy, "present");
                    await TellAsync(tx, "scrub.repaired", digest, copy, $"copied from {location}");
                    return true;
                }
                await tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, after_ms) SELECT @location, @key, now_ms() WHERE 1 = 1 ON CONFLICT (location, storage_key) DO NOTHING",
                    ("location", here.Name), ("key", copy));
                return false;
            }, ct);
        }
        return false;
    }

    // Another place that fails is none to copy from; the next may do.
    private static async Task<string?> CopyAsync(IBlobDriver from, string key, Location here, Digest digest, long size, CancellationToken ct)
    {
        var to = StorageKey.New();
        try
        {
            return await StoredContent.TransferAsync(from, key, digest, size, here.Driver, to, Pace.None, ct) is null ? to : null;
        }
        catch (StorageException)
        {
            return null;
        }
    }

    // Its state, when it still is under this key.
    private ValueTask<string?> LockAsync(Tx tx, Location location, Digest digest, string key) => tx.OneAsync(
        $"SELECT state FROM blob_placement WHERE digest = @digest AND location = @location AND storage_key = @key {db.ForUpdate}", static r => r.GetString(0),
        ("digest", digest.ToArray()), ("location", location.Name), ("key", key));

    private static ValueTask<int> MoveAsync(Tx tx, Location location, Digest digest, string from, string to, string state) => tx.ExecuteAsync(
        "UPDATE blob_placement SET storage_key = @to, state = @state WHERE digest = @digest AND location = @location AND storage_key = @from",
        ("to", to), ("state", state), ("digest", digest.ToArray()), ("location", location.Name), ("from", from));

    private async ValueTask TellAsync(Tx tx, string kind, Digest digest, string key, string why)
    {
        await Events.AddAsync(tx, kind, 0, null, digest.ToArray(), new JsonObject { ["by"] = 0, ["digest"] = digest.ToString(), ["storage_key"] = key, ["why"] = why }.ToJsonString());
        tx.OnCommit(content.DropPlacements);
    }
}
