using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Server.Data;
using Wharf.Server.Outbox;
using Wharf.Storage;

namespace Wharf.Server.Content;

/// <summary>
/// Which blobs are where, for whoever copies them from one location to another while the registry serves. Nothing is decided by what was
/// read before: each change locks and looks again. New bytes are noted as garbage of a later time before the first of them is written, so that
/// they go when the copy is never finished, and so that nobody takes an object whose time is old (a second name for a file) for an orphan.
/// </summary>
internal sealed class Placements(Database db, ContentStore content, LifetimeOptions lifetimes)
{
    // How long a copy may take. Whoever comes in the last hour of it comes too late: the collector may be at it.
    private const long ReservedMs = 7 * 24 * 3_600_000L;
    private const long LateMs = 3_600_000;

    private readonly long _windowMs = (long)lifetimes.RestoreWindow(db).TotalMilliseconds;

    /// <summary>The locations that placements name, whatever the settings do.</summary>
    public async ValueTask<List<string>> LocationsAsync(CancellationToken ct)
    {
        var names = new List<string>();
        // One step of the index for each.
        while (await db.OneAsync("SELECT min(location) FROM blob_placement WHERE location > @after", static r => r.IsDBNull(0) ? null : r.GetString(0), ct, ("after", names.LastOrDefault() ?? "")) is { } name)
            names.Add(name);
        return names;
    }

    /// <summary>How many placements a location has that are present, and their bytes.</summary>
    public ValueTask<(long Count, long Bytes)> CountAsync(string location, CancellationToken ct) => db.OneAsync(
        "SELECT count(*), coalesce(sum(b.size), 0) FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE p.location = @location AND p.state = 'present'", ReadSum, ct, ("location", location));

    /// <summary>The same of those that another location has not.</summary>
    public ValueTask<(long Count, long Bytes)> CountMissingAsync(string from, string to, CancellationToken ct) => db.OneAsync($"""
        SELECT count(*), coalesce(sum(b.size), 0) FROM blob_placement p JOIN blob b ON b.digest = p.digest WHERE {IsMissing}
        """, ReadSum, ct, ("from", from), ("to", to));

    /// <summary>How many placements of a location another has too, whatever their state here.</summary>
    public ValueTask<(long Count, long Bytes)> CountDoubleAsync(string from, string to, CancellationToken ct) => db.OneAsync("""
        SELECT count(*), coalesce(sum(b.size), 0) FROM blob_placement p JOIN blob b ON b.digest = p.digest
          JOIN blob_placement t ON t.digest = p.digest AND t.location = @to AND t.state = 'present' WHERE p.location = @from
        """, ReadSum, ct, ("from", from), ("to", to));

    /// <summary>A page of a location's placements, in the order of their keys.</summary>
    public ValueTask<List<Placement>> ListAsync(string location, string afterKey, int count, CancellationToken ct) => db.ListAsync("""
        SELECT p.digest, p.storage_key, p.state, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest
         WHERE p.location = @location AND p.storage_key > @after ORDER BY p.storage_key LIMIT @count
        """, static r => new Placement(new Digest(r.GetFieldValue<byte[]>(0)), r.GetString(1), r.GetString(2), r.GetInt64(3)), ct, ("location", location), ("after", afterKey), ("count", count));

    /// <summary>A page of the present placements of a location whose blobs another location has not, in the order of their keys.</summary>
    public ValueTask<List<Placement>> ListMissingAsync(string from, string to, string afterKey, int count, CancellationToken ct) => db.ListAsync($"""
        SELECT p.digest, p.storage_key, p.state, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest
         WHERE {IsMissing} AND p.storage_key > @after ORDER BY p.storage_key LIMIT @count
        """, static r => new Placement(new Digest(r.GetFieldValue<byte[]>(0)), r.GetString(1), r.GetString(2), r.GetInt64(3)), ct, ("from", from), ("to", to), ("after", afterKey), ("count", count));

    /// <summary>A page of the placements of a location whose blobs another location has too, with the key there.</summary>
    public ValueTask<List<(Placement Here, string There)>> ListDoubleAsync(string from, string to, string afterKey, int count, CancellationToken ct) => db.ListAsync("""
        SELECT p.digest, p.storage_key, p.state, b.size, t.storage_key FROM blob_placement p JOIN blob b ON b.digest = p.digest
          JOIN blob_placement t ON t.digest = p.digest AND t.location = @to AND t.state = 'present'
         WHERE p.location = @from AND p.storage_key > @after ORDER BY p.storage_key LIMIT @count
        """, static r => (new Placement(new Digest(r.GetFieldValue<byte[]>(0)), r.GetString(1), r.GetString(2), r.GetInt64(3)), r.GetString(4)), ct, ("from", from), ("to", to), ("after", afterKey), ("count", count));

    /// <summary>Whether it still is as it was read.</summary>
    public async ValueTask<bool> IsStillAsync(string location, Placement placement, CancellationToken ct) => await db.OneAsync(
        "SELECT 1 FROM blob_placement WHERE digest = @digest AND location = @location AND storage_key = @key AND state = @state", static r => r.GetInt32(0), ct,
        ("digest", placement.Digest.ToArray()), ("location", location), ("key", placement.Key), ("state", placement.State)) == 1;

    /// <summary>Notes keys that are about to be written as garbage of a later time.</summary>
    public Task ReserveAsync(string location, IReadOnlyList<string> keys, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        foreach (var key in keys)
            await tx.ExecuteAsync("INSERT INTO storage_garbage (location, storage_key, upload_state, after_ms) SELECT @location, @key, @state, now_ms() + @time",
                ("location", location), ("key", key), ("state", Array.Empty<byte>()), ("time", ReservedMs));
        return 0;
    }, ct);

    /// <summary>Reserved keys of which nothing came: what was written under them is garbage now.</summary>
    public Task DiscardAsync(string location, IReadOnlyList<string> keys, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        foreach (var key in keys)
            await NoteAsync(tx, location, key, 0, null, 0);
        return 0;
    }, ct);

    /// <summary>Gives a blob a second place, whose bytes are there under a reserved key.</summary>
    /// <param name="from">The location whose placement this is a copy of.</param>
    /// <returns>False when it was not needed any more: the blob has gone or moved, or the other place has it by now. Then the new bytes are garbage.</returns>
    public Task<bool> AddAsync(Placement copied, string from, string to, string key, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var raw = ("digest", (object?)copied.Digest.ToArray());
        // The lock first, and the judgement in the next statement (contract 2).
        if (db.ForKeyShare.Length > 0)
            await tx.OneAsync($"SELECT 1 FROM blob WHERE digest = @digest {db.ForKeyShare}", static r => r.GetInt32(0), raw);
        var isReserved = await tx.ExecuteAsync("DELETE FROM storage_garbage WHERE location = @to AND storage_key = @key AND after_ms > now_ms() + @late", ("to", to), ("key", key), ("late", LateMs)) == 1;
        var placed = !isReserved ? 0 : await tx.ExecuteAsync("""
            INSERT INTO blob_placement (digest, location, storage_key, state)
            SELECT b.digest, @to, @key, 'present' FROM blob b JOIN blob_placement p ON p.digest = b.digest AND p.location = @from AND p.storage_key = @former AND p.state = 'present'
             WHERE b.digest = @digest AND b.size = @size AND b.state <> 'deleting'
            ON CONFLICT (digest, location) DO UPDATE SET storage_key = excluded.storage_key, state = 'present' WHERE blob_placement.state <> 'present'
            """, raw, ("from", from), ("former", copied.Key), ("to", to), ("key", key), ("size", copied.Size));
        if (placed == 0)
        {
            await NoteAsync(tx, to, key, 0, copied.Digest, copied.Size);
            return false;
        }
        await TellAsync(tx, "storage.placed", to, [copied.Digest]);
        return true;
    }, ct);

    /// <summary>Takes away placements of blobs that another location has: the bytes become garbage when the time is over in which a restore may want them, and what others wrote is only forgotten.</summary>
    /// <param name="double">Each with its key in the other location, where it was just seen.</param>
    /// <returns>How many went.</returns>
    public Task<int> RemoveAsync(string from, string to, IReadOnlyList<(Placement Here, string There)> @double, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var removed = new List<Digest>();
        foreach (var (here, there) in @double.OrderBy(static d => d.Here.Digest))
        {
            var raw = ("digest", (object?)here.Digest.ToArray());
            if (await tx.OneAsync($"SELECT 1 FROM blob_placement WHERE digest = @digest AND location = @to AND storage_key = @key AND state = 'present' {db.ForShare}", static r => r.GetInt32(0), raw, ("to", to), ("key", there)) == 0
                || await tx.ExecuteAsync("DELETE FROM blob_placement WHERE digest = @digest AND location = @from AND storage_key = @key", raw, ("from", from), ("key", here.Key)) == 0)
                continue;
            if (StorageKey.IsValid(here.Key))
                await NoteAsync(tx, from, here.Key, _windowMs, here.Digest, here.Size);
            removed.Add(here.Digest);
        }
        await TellAsync(tx, "storage.removed", from, removed);
        tx.OnCommit(content.DropPlacements);
        return removed.Count;
    }, ct);

    /// <summary>Which of these keys placements of the location name.</summary>
    public async ValueTask<HashSet<string>> NamedAsync(string location, string[] keys, CancellationToken ct) => (await db.ListAsync(
        $"SELECT storage_key FROM blob_placement WHERE location = @location AND storage_key {db.Among("keys")}", static r => r.GetString(0), ct, ("location", location), ("keys", keys))).ToHashSet(StringComparer.Ordinal);

    /// <summary>Which of these blobs a location has.</summary>
    public async ValueTask<HashSet<Digest>> PresentAsync(string location, IEnumerable<Digest> digests, CancellationToken ct) => (await db.ListAsync(
        $"SELECT digest FROM blob_placement WHERE location = @location AND digest {db.AmongBytes("digests")} AND state = 'present'", static r => new Digest(r.GetFieldValue<byte[]>(0)), ct,
        ("location", location), ("digests", digests.Select(static d => d.ToArray()).ToArray()))).ToHashSet();

    /// <summary>
    /// Takes objects that others wrote as blobs, under the names that they have. No repository has them by that, so nobody is served them;
    /// and nothing has the collector look at them before one had them and has them no more.
    /// </summary>
    /// <returns>Those that were not taken because the blob is known with another size.</returns>
    public Task<List<Digest>> AdoptAsync(string location, IReadOnlyList<(Digest Digest, string Key, long Size)> objects, CancellationToken ct) => db.WriteAsync(async tx =>
    {
        var (placed, refused) = (new List<Digest>(), new List<Digest>());
        foreach (var (digest, key, size) in objects.OrderBy(static o => o.Digest))
        {
            var (raw, bytes) = (("digest", (object?)digest.ToArray()), ("size", (object?)size));
            await tx.ExecuteAsync("INSERT INTO blob (digest, size, state) VALUES (@digest, @size, 'live') ON CONFLICT (digest) DO NOTHING", raw, bytes);
            if (await tx.ExecuteAsync("""
                INSERT INTO blob_placement (digest, location, storage_key, state) SELECT digest, @location, @key, 'present' FROM blob WHERE digest = @digest AND size = @size
                ON CONFLICT (digest, location) DO UPDATE SET storage_key = excluded.storage_key, state = 'present' WHERE blob_placement.state <> 'present'
                """, raw, bytes, ("location", location), ("key", key)) == 1)
                placed.Add(digest);
            else if (await tx.OneAsync("SELECT 1 FROM blob WHERE digest = @digest AND size <> @size", static r => r.GetInt32(0), raw, bytes) == 1)
                refused.Add(digest);
        }
        await TellAsync(tx, "storage.placed", location, placed);
        return refused;
    }, ct);

    private static ValueTask<int> NoteAsync(Tx tx, string location, string key, long afterMs, Digest? digest, long size) => tx.ExecuteAsync("""
        INSERT INTO storage_garbage (location, storage_key, after_ms, digest, size) SELECT @location, @key, now_ms() + @after, @digest, @size WHERE 1 = 1
        ON CONFLICT (location, storage_key) DO UPDATE SET after_ms = excluded.after_ms
        """, ("location", location), ("key", key), ("after", afterMs), ("digest", digest?.ToArray()), ("size", size));

    // The journal hears by it which blobs have other places, and other replicas that what they remember is none any more.
    private static async ValueTask TellAsync(Tx tx, string kind, string location, List<Digest> digests)
    {
        foreach (var some in digests.Chunk(CollectedContent.MaxDigests))
            await Events.AddAsync(tx, kind, 0, null, null, new JsonObject { ["by"] = 0, ["location"] = location, ["digests"] = new JsonArray([.. some.Select(static d => (JsonNode)d.ToString())]) }.ToJsonString());
    }

    /// <summary>SQL for whether a key, a column, is the name of an object that others wrote: no key of Wharf's own has two slashes.</summary>
    public static string IsForeign(string column) => $"{column} LIKE '%/%/%'";

    private const string IsMissing = """
        p.location = @from AND p.state = 'present' AND NOT EXISTS (SELECT 1 FROM blob_placement t WHERE t.digest = p.digest AND t.location = @to AND t.state = 'present')
        """;

    private static (long, long) ReadSum(System.Data.Common.DbDataReader r) => (r.GetInt64(0), Convert.ToInt64(r.GetValue(1), System.Globalization.CultureInfo.InvariantCulture));
}
