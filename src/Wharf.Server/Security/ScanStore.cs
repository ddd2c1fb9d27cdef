using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Scanner.Indexing;
using Wharf.Scanner.Matching;
using Wharf.Server.Data;

namespace Wharf.Server.Security;

/// <summary>What was found in layers and images.</summary>
internal sealed class ScanStore(Database db)
{
    private const int Batch = 2000;

    /// <summary>What is in a layer, if this indexer has read it before.</summary>
    public async Task<LayerIndex?> FindLayerAsync(Digest layer, CancellationToken ct)
    {
        var bytes = await db.OneAsync<byte[]?>("SELECT content FROM layer_index WHERE layer = @layer AND version = @version", static r => r.GetFieldValue<byte[]>(0), ct,
            ("layer", layer.ToArray()), ("version", (long)LayerIndexer.Version));
        try
        {
            return bytes is null ? null : LayerIndex.Read(bytes);
        }
        catch (InvalidDataException)
        {
            // Damaged where it lay: the layer itself tells it again.
            return null;
        }
    }

    public Task SaveLayerAsync(Digest layer, LayerIndex index, CancellationToken ct)
    {
        var content = index.Write();
        return db.WriteAsync(async tx =>
        {
            await tx.ExecuteAsync("DELETE FROM layer_index WHERE layer = @layer AND version < @version", ("layer", layer.ToArray()), ("version", (long)LayerIndexer.Version));
            return await tx.ExecuteAsync("INSERT INTO layer_index (layer, version, content, created_ms) VALUES (@layer, @version, @content, now_ms()) ON CONFLICT (layer, version) DO UPDATE SET content = excluded.content",
                ("layer", layer.ToArray()), ("version", (long)LayerIndexer.Version), ("content", content));
        }, ct);
    }

    /// <summary>Saves what is in an image. Packages that no image had before are matched first; when a feed changed meanwhile, again.</summary>
    public async Task SaveAsync(ScanTurn turn, IReadOnlyList<Digest> layers, Inventory inventory, FeedsInUse feeds, CancellationToken ct)
    {
        // Two components that feeds cannot tell apart are one row, with the places of both.
        var components = inventory.Components.GroupBy(c => Convert.ToHexStringLower(StoredComponent.Of(c, inventory).Identity()), StringComparer.Ordinal)
            .ToDictionary(static g => g.Key, static g => g.ToList(), StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var page in components.Keys.Chunk(Batch))
            known.UnionWith(await db.ListAsync($"SELECT identity FROM component WHERE identity {db.AmongBytes("identities")}", static r => Convert.ToHexStringLower(r.GetFieldValue<byte[]>(0)), ct,
                ("identities", page.Select(Convert.FromHexString).ToArray())));
        var fresh = components.Where(c => !known.Contains(c.Key)).Select(c => (c.Key, Stored: StoredComponent.Of(c.Value[0], inventory))).ToList();
        while (true)
        {
            using var lease = await feeds.UseAsync(ct);
            var matcher = new Matcher(lease.Feeds);
            var matched = fresh.ConvertAll(f => (f.Key, f.Stored, Result: matcher.Match(f.Stored.ToInventory())));
            if (await SaveAsync(turn, layers, inventory, components, matched, lease.Fingerprint, ct))
                return;
        }
    }

    private Task<bool> SaveAsync(
        ScanTurn turn, IReadOnlyList<Digest> layers, Inventory inventory, Dictionary<string, List<Component>> components, List<(string Key, StoredComponent Stored, MatchResult Result)> fresh, string fingerprint, CancellationToken ct)
    {
        var added = new JsonArray();
        foreach (var (key, stored, _) in fresh)
        {
            var p = stored.Package;
            added.Add(new JsonArray(key, p.Type.ToString(), p.Name, p.Version, p.Source, p.SourceVersion, p.Arch, p.Module, stored.Distro?.Id, stored.Distro?.Version,
                stored.Repositories.Count > 0 ? JsonSerializer.Serialize(stored.Repositories, SecurityJson.Default.IReadOnlyListString) : null, stored.IsOwned ? 1 : 0));
        }
        var names = new JsonArray();
        foreach (var (key, stored, _) in fresh)
        {
            foreach (var (ecosystem, name) in stored.Names())
                names.Add(new JsonArray(key, ecosystem, name));
        }
        var places = new JsonArray();
        foreach (var (key, list) in components)
        {
            var first = list.Min(static c => c.Layer);
            places.Add(new JsonArray(key, Convert.ToHexStringLower(layers[Math.Min(first, layers.Count - 1)].Span),
                JsonSerializer.Serialize([.. list.SelectMany(static c => c.Locations).Take(50)], SecurityJson.Default.IReadOnlyListString), list[0].OwnedBy));
        }
        var (raw, identities) = (turn.Manifest.ToArray(), new JsonArray([.. components.Keys.Select(static k => (JsonNode)new JsonArray(k))]).ToJsonString());
        return db.WriteAsync(async tx =>
        {
            if (await FeedStore.FingerprintAsync(db, tx) != fingerprint)
                return false;
            if (fresh.Count > 0)
            {
                await tx.ExecuteAsync($"""
                    INSERT INTO component (identity, type, name, version, source, source_version, arch, module, distro, distro_version, repositories, owned)
                    SELECT identity, type, name, version, source, source_version, arch, module, distro, distro_version, repositories, owned
                      FROM {db.RowsOfJson("rows", "identity#", "type$", "name$", "version$", "source$", "source_version$", "arch$", "module$", "distro$", "distro_version$", "repositories$", "owned")} WHERE 1 = 1
                    ON CONFLICT (identity) DO NOTHING
                    """, ("rows", added.ToJsonString()));
                await tx.ExecuteAsync($"""
                    INSERT INTO component_name (ecosystem, name, component_id)
                    SELECT n.ecosystem, n.name, c.id FROM (SELECT * FROM {db.RowsOfJson("rows", "identity#", "ecosystem$", "name$")}) n JOIN component c ON c.identity = n.identity WHERE 1 = 1
                    ON CONFLICT (ecosystem, name, component_id) DO NOTHING
                    """, ("rows", names.ToJsonString()));
                var ids = (await tx.ListAsync($"SELECT identity, id FROM component WHERE identity {db.AmongBytes("identities")}", static r => (Convert.ToHexStringLower(r.GetFieldValue<byte[]>(0)), r.GetInt64(1)),
                    ("identities", fresh.Select(static f => Convert.FromHexString(f.Key)).ToArray()))).ToDictionary(static c => c.Item1, static c => c.Item2, StringComparer.Ordinal);
                await FindingStore.UpsertAsync(db, tx, [.. fresh.SelectMany(f => f.Result.Findings.Concat(f.Result.Suppressed).Select(finding => (ids[f.Key], finding)))]);
            }
            // Since when an image has a package is kept when it is scanned again.
            await tx.ExecuteAsync($"""
                INSERT INTO manifest_component (manifest, component_id, layer, locations, owned_by, since_ms)
                SELECT @manifest, c.id, p.layer, p.locations, p.owned_by, now_ms() FROM (SELECT * FROM {db.RowsOfJson("rows", "identity#", "layer#", "locations$", "owned_by$")}) p JOIN component c ON c.identity = p.identity WHERE 1 = 1
                ON CONFLICT (manifest, component_id) DO UPDATE SET layer = excluded.layer, locations = excluded.locations, owned_by = excluded.owned_by
                """, ("manifest", raw), ("rows", places.ToJsonString()));
            await tx.ExecuteAsync($"""
                DELETE FROM manifest_component WHERE manifest = @manifest
                   AND component_id NOT IN (SELECT c.id FROM (SELECT * FROM {db.RowsOfJson("rows", "identity#")}) p JOIN component c ON c.identity = p.identity)
                """, ("manifest", raw), ("rows", identities));
            await ScanNews.AddAsync(tx, turn.Manifest);
            return await tx.ExecuteAsync("""
                UPDATE scan SET state = 'scanned', reason = NULL, due_ms = CASE WHEN queued_ms = @queued THEN NULL ELSE due_ms END, attempts = CASE WHEN queued_ms = @queued THEN 0 ELSE attempts END, version = @version, distro = @distro, distro_version = @distro_version, problems = @problems, scanned_ms = now_ms()
                 WHERE manifest = @manifest
                """, ("manifest", raw), ("queued", turn.QueuedMs), ("version", (long)LayerIndexer.Version), ("distro", inventory.Distro?.Id), ("distro_version", inventory.Distro?.Version),
                ("problems", inventory.Problems.Count == 0 ? null : JsonSerializer.Serialize([.. inventory.Problems.Take(100)], SecurityJson.Default.IReadOnlyListString))) >= 0;
        }, ct);
    }
}
