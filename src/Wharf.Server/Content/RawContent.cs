using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>Manifests and blobs by digest, whatever repositories link them: for the server's own work, never for a caller.</summary>
internal sealed class RawContent(Database db, Locations locations)
{
    /// <summary>A manifest's bytes; null when it is gone.</summary>
    public ValueTask<byte[]?> ReadManifestAsync(Digest digest, CancellationToken ct) =>
        db.OneAsync<byte[]?>("SELECT content FROM manifest WHERE digest = @digest", static r => r.GetFieldValue<byte[]>(0), ct, ("digest", digest.ToArray()));

    /// <summary>A blob's bytes, of the first location that has them; null when none does.</summary>
    /// <exception cref="StorageException">No location that should have them answers.</exception>
    public async Task<Stream?> OpenBlobAsync(Digest digest, CancellationToken ct)
    {
        var placements = await db.ListAsync("SELECT location, storage_key FROM blob_placement WHERE digest = @digest AND state = 'present'",
            static r => (Location: r.GetString(0), Key: r.GetString(1)), ct, ("digest", digest.ToArray()));
        StorageException? failed = null;
        foreach (var (name, key) in placements.OrderBy(p => locations.RankOf(p.Location) ?? int.MaxValue))
        {
            try
            {
                if (await locations.Of(name).Driver.OpenAsync(key, 0, long.MaxValue, ct) is { } stream)
                    return stream;
            }
            catch (StorageException e)
            {
                failed = e;
            }
        }
        return failed is null ? null : throw failed;
    }
}
