using System.Data.Common;
using System.Text.Json;
using Wharf.Oci;

namespace Wharf.Server.Recovery;

// Which rows an event is about, and their copy.
internal sealed partial class Journal
{
    private const int Page = 1000;
    private const int Chunk = 200;

    // Index in index in index: deeper ones are restored one by one.
    private const int MaxDepth = 4;

    // A tag's time may lie before its event's by as long as the transaction took.
    private const long SlackMs = 10 * 60_000;

    // Kinds that change nothing that the journal keeps.
    private static readonly string[] s_unkept = ["session.", "apptoken.", "message.", "servicekey.", "oauth.", "recovery.", "registry.", "repositoryemail.", "logs."];

    // Kinds that change what a namespace's content may be and do.
    private static readonly string[] s_policies = ["immutability.", "quota."];

    /// <returns>The last position read; 0 when there was nothing.</returns>
    private async Task<long> ReadEventsAsync(Changes changes, long after, CancellationToken ct)
    {
        var events = await db.ListAsync($"""
            SELECT {Position}, kind, namespace_id, repository_id, digest, at_ms, payload FROM event WHERE {Position} > @after ORDER BY {Position} LIMIT {Page}
            """, static r => (Position: r.GetInt64(0), Kind: r.GetString(1), Namespace: r.GetInt64(2), Repository: r.IsDBNull(3) ? (long?)null : r.GetInt64(3),
                Digest: r.IsDBNull(4) ? null : r.GetFieldValue<byte[]>(4), AtMs: r.GetInt64(5), Payload: r.GetString(6)), ct, ("after", after));
        foreach (var e in events)
        {
            if (Array.Exists(s_unkept, e.Kind.StartsWith))
                continue;
            if (e.Kind.StartsWith("hold.", StringComparison.Ordinal))
            {
                changes.Holds.Add(e.Namespace);
                continue;
            }
            using var payload = Parse(e.Payload);
            if (e.Repository is { } repository)
                Note(changes.In(e.Namespace, repository, e.AtMs), e.Kind, e.Digest, payload);
            else if (e.Digest is { } blob)
                changes.Blobs.Add(new Digest(blob));
            else if (e.Kind.StartsWith("storage.", StringComparison.Ordinal))
                changes.Blobs.UnionWith(Digests(payload));
            else
                Note(changes, e.Kind, e.Namespace, payload);
        }
        return events.Count > 0 ? events[^1].Position : 0;
    }

    private static void Note(RepositoryChanges changes, string kind, byte[]? digest, JsonDocument? payload)
    {
        changes.Permissions |= kind.StartsWith("repository.", StringComparison.Ordinal) || kind.StartsWith("prunepolicy.", StringComparison.Ordinal);
        changes.Policies |= kind.StartsWith("immutability.", StringComparison.Ordinal);
        changes.Immutable |= kind == "tag.made_immutable";
        if (digest is not null)
            changes.Digests.Add(new Digest(digest));
        if (payload?.RootElement is not { ValueKind: JsonValueKind.Object } root)
            return;
        changes.Digests.UnionWith(Digests(payload));
        if (root.TryGetProperty("tag", out var tag) && tag.ValueKind == JsonValueKind.String)
            changes.Tags.Add(tag.GetString()!);
        if (root.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Array)
            foreach (var one in tags.EnumerateArray())
                if (one.ValueKind == JsonValueKind.String)
                    changes.Tags.Add(one.GetString()!);
    }

    private static void Note(Changes changes, string kind, long ns, JsonDocument? payload)
    {
        if (kind.StartsWith("robot.", StringComparison.Ordinal) && Number(payload, "robot") is { } robot)
            changes.Accounts.Add(robot);
        else if (kind.StartsWith("team.", StringComparison.Ordinal) && (Number(payload, "team") ?? Number(payload, "account")) is not null)
        {
            if (Number(payload, "team") is { } team)
                changes.Teams.Add(team);
            if (Number(payload, "account") is { } member)
                changes.Accounts.Add(member);
        }
        else if (Array.Exists(s_policies, kind.StartsWith))
            changes.Policies.Add(ns);
        else if (ns != 0)
        {
            changes.Accounts.Add(ns);
            if (!kind.StartsWith("profile.", StringComparison.Ordinal))
                changes.Namespaces.Add(ns);
        }
    }

    private static IEnumerable<Digest> Digests(JsonDocument? payload)
    {
        if (payload?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("digests", out var digests) && digests.ValueKind == JsonValueKind.Array)
            foreach (var one in digests.EnumerateArray())
                if (Digest.TryParse(one.GetString(), out var parsed))
                    yield return parsed;
    }

    private static long? Number(JsonDocument? payload, string name) =>
        payload?.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;

    private static JsonDocument? Parse(string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private async Task CopyAsync(JournalWriter writer, Changes changes, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        foreach (var ns in changes.Namespaces)
        {
            await ReplaceAsync("team", writer, progress, ct, ("namespace_id", ns));
            await CopyAsync(writer, JournalTable.Get("team_member"), "team_id IN (SELECT id FROM team WHERE namespace_id = @ns)", progress, ct, ("ns", ns));
            await CopyAsync(writer, JournalTable.Get("namespace"), "id IN (SELECT id FROM robot WHERE namespace_id = @ns)", progress, ct, ("ns", ns));
            foreach (var table in (string[])["robot", "prototype", "repository", "prune_policy"])
                await ReplaceAsync(table, writer, progress, ct, ("namespace_id", ns));
        }
        foreach (var ns in changes.Policies)
            foreach (var table in (string[])["immutability_policy", "quota", "quota_limit"])
                await ReplaceAsync(table, writer, progress, ct, ("namespace_id", ns));
        foreach (var team in changes.Teams)
        {
            await ReplaceAsync("team", writer, progress, ct, ("id", team));
            foreach (var table in (string[])["team_member", "team_grant", "prototype"])
                await ReplaceAsync(table, writer, progress, ct, ("team_id", team));
        }
        foreach (var account in changes.Accounts)
        {
            foreach (var table in (string[])["namespace", "account", "robot"])
                await ReplaceAsync(table, writer, progress, ct, ("id", account));
            foreach (var table in (string[])["team_member", "account_grant", "prototype"])
                await ReplaceAsync(table, writer, progress, ct, ("account_id", account));
            await ReplaceAsync("prototype", writer, progress, ct, ("activating_id", account));
        }
        foreach (var ns in changes.Holds)
            await ReplaceAsync("legal_hold", writer, progress, ct, ("namespace_id", ns));
        foreach (var ((ns, repository), changed) in changes.Repositories)
            await CopyAsync(writer, ns, repository, changed, progress, ct);
        foreach (var chunk in changes.Blobs.Chunk(Chunk))
        {
            // A place of a blob may have gone.
            foreach (var blob in chunk)
                await writer.ClearAsync(JournalTable.Get("blob_placement"), ct, ("digest", blob.ToArray()));
            await CopyBlobsAsync(writer, chunk, progress, ct);
        }
        await CopyStoredFilesAsync(writer, progress, ct);
    }

    private async Task CopyStoredFilesAsync(JournalWriter writer, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        var counts = await db.ListAsync("SELECT location, count(*), min(storage_key) FROM stored_file WHERE expires_ms IS NULL GROUP BY location ORDER BY location",
            static r => (Location: r.GetString(0), Count: r.GetInt64(1), First: r.GetString(2)), ct);
        if (_storedFiles is { } told && told.SequenceEqual(counts))
            return;
        foreach (var location in counts.Select(static c => c.Location).Concat(locations.All.Select(static l => l.Name)).Distinct(StringComparer.Ordinal))
            await writer.ClearAsync(JournalTable.Get("stored_file"), ct, ("location", location));
        await CopyAsync(writer, JournalTable.Get("stored_file"), JournalTable.Get("stored_file").Where, progress, ct);
        _storedFiles = counts;
    }

    private async Task CopyAsync(JournalWriter writer, long ns, long repository, RepositoryChanges changed, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        await ReplaceAsync("repository", writer, progress, ct, ("id", repository));
        if (await db.OneAsync("SELECT 1 FROM repository WHERE id = @repo", static r => r.GetInt32(0), ct, ("repo", repository)) == 0)
        {
            foreach (var table in JournalTable.All.Where(static t => t.Columns.Any(static c => c.Name == "repository_id")))
                await writer.ClearAsync(table, ct, ("namespace_id", ns), ("repository_id", repository));
            return;
        }
        if (changed.Permissions)
            foreach (var table in (string[])["account_grant", "team_grant", "prune_policy"])
                await ReplaceAsync(table, writer, progress, ct, ("namespace_id", ns), ("repository_id", repository));
        if (changed.Policies)
            await ReplaceAsync("immutability_policy", writer, progress, ct, ("namespace_id", ns), ("repository_id", repository));

        const string InRepository = "namespace_id = @ns AND repository_id = @repo";
        var since = changed.SinceMs - SlackMs;
        // Whatever moved tags (a push, a restoration of all of them) did it at its own time. A tag that was moved or deleted may keep or revive what it names.
        var moved = $"{InRepository} AND (started_ms >= @since OR ended_ms >= @since)";
        await CopyAsync(writer, JournalTable.Get("tag"), moved, progress, ct, ("ns", ns), ("repo", repository), ("since", since));
        if (changed.Immutable)
            await CopyAsync(writer, JournalTable.Get("tag"), $"{InRepository} AND immutable = 1 AND ended_ms IS NULL", progress, ct, ("ns", ns), ("repo", repository));
        foreach (var tags in changed.Tags.Chunk(Chunk))
            foreach (var tag in tags)
                await CopyAsync(writer, JournalTable.Get("tag"), $"{InRepository} AND name = @name", progress, ct, ("ns", ns), ("repo", repository), ("name", tag));
        changed.Digests.UnionWith((await db.ListAsync($"SELECT DISTINCT digest FROM tag WHERE {moved}", static r => new Digest(r.GetFieldValue<byte[]>(0)), ct, ("ns", ns), ("repo", repository), ("since", since))));

        var open = changed.Digests.ToList();
        for (var depth = 0; open.Count > 0 && depth <= MaxDepth; depth++)
        {
            var next = new List<Digest>();
            foreach (var chunk in open.Chunk(Chunk))
            {
                var digests = Array.ConvertAll(chunk, static d => d.ToArray());
                (string, object?)[] args = [("ns", ns), ("repo", repository), ("digests", digests)];
                foreach (var (table, column) in ((string, string)[])[("manifest_link", "digest"), ("manifest_ref", "manifest"), ("label", "manifest"), ("digest_lease", "digest"), ("repository_blob", "digest")])
                    foreach (var digest in digests)
                        await writer.ClearAsync(JournalTable.Get(table), ct, ("namespace_id", ns), ("repository_id", repository), (column, digest));
                await CopyAsync(writer, JournalTable.Get("manifest"), $"digest IN (SELECT digest FROM manifest_link WHERE {InRepository} AND digest {db.AmongBytes("digests")})", progress, ct, args);
                foreach (var (table, column) in ((string, string)[])[("manifest_link", "digest"), ("manifest_ref", "manifest"), ("label", "manifest"), ("digest_lease", "digest")])
                    await CopyAsync(writer, JournalTable.Get(table), $"{InRepository} AND {column} {db.AmongBytes("digests")}", progress, ct, args);
                var named = await db.ListAsync($"SELECT DISTINCT digest, kind FROM manifest_ref WHERE {InRepository} AND manifest {db.AmongBytes("digests")}",
                    static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), IsChild: r.GetString(1) == "child"), ct, args);
                next.AddRange(named.Where(n => n.IsChild && changed.Digests.Add(n.Digest)).Select(static n => n.Digest));
                foreach (var blobs in named.Where(static n => !n.IsChild).Select(static n => n.Digest).Concat(chunk).Distinct().Chunk(Chunk))
                {
                    await CopyBlobsAsync(writer, blobs, progress, ct);
                    await CopyAsync(writer, JournalTable.Get("repository_blob"), $"{InRepository} AND digest {db.AmongBytes("digests")}", progress, ct,
                        ("ns", ns), ("repo", repository), ("digests", Array.ConvertAll(blobs, static d => d.ToArray())));
                }
            }
            open = next;
        }
    }

    private async Task CopyBlobsAsync(JournalWriter writer, Digest[] digests, Func<CancellationToken, Task> progress, CancellationToken ct)
    {
        foreach (var table in (string[])["blob", "blob_placement"])
            await CopyAsync(writer, JournalTable.Get(table), $"digest {db.AmongBytes("digests")}", progress, ct, ("digests", Array.ConvertAll(digests, static d => d.ToArray())));
    }

    // What went is told by what is written again.
    private async Task ReplaceAsync(string name, JournalWriter writer, Func<CancellationToken, Task> progress, CancellationToken ct, params (string Column, long Value)[] where)
    {
        var table = JournalTable.Get(name);
        await writer.ClearAsync(table, ct, Array.ConvertAll(where, static w => (w.Column, (object)w.Value)));
        await CopyAsync(writer, table, string.Join(" AND ", where.Select(static w => $"{w.Column} = @{w.Column}")), progress, ct, Array.ConvertAll(where, static w => (w.Column, (object?)w.Value)));
    }

    /// <summary>Writes the rows of a table, page by page in the order of its key, so that a page never waits for more than its own rows.</summary>
    private async Task CopyAsync(JournalWriter writer, JournalTable table, string where, Func<CancellationToken, Task> progress, CancellationToken ct, params (string Name, object? Value)[] args)
    {
        var keys = string.Join(", ", table.Keys);
        var select = $"SELECT {table.ColumnList} FROM {table.Name} WHERE {where}";
        var order = $"ORDER BY {keys} LIMIT {table.PageSize}";
        var after = $"({keys}) > ({string.Join(", ", table.Keys.Select(static k => $"@after_{k}"))})";
        object?[]? last = null;
        while (true)
        {
            var rows = last is null
                ? await db.ListAsync($"{select} {order}", r => Read(r, table), ct, args)
                : await db.ListAsync($"{select} AND {after} {order}", r => Read(r, table), ct, [.. args, .. table.Keys.Select((k, i) => ($"after_{k}", last[i]))]);
            foreach (var row in rows)
                await writer.WriteAsync(table, row, ct);
            if (rows.Count < table.PageSize)
                return;
            last = rows[^1];
            await progress(ct);
        }
    }

    private static object?[] Read(DbDataReader r, JournalTable table)
    {
        var row = new object?[table.Columns.Count];
        for (var i = 0; i < row.Length; i++)
            row[i] = r.IsDBNull(i) ? null : table.Columns[i].Type switch
            {
                JournalType.Number => r.GetInt64(i),
                JournalType.Text => r.GetString(i),
                _ => r.GetFieldValue<byte[]>(i),
            };
        return row;
    }

    private sealed class Changes
    {
        public HashSet<long> Namespaces { get; } = [];

        public HashSet<long> Accounts { get; } = [];

        /// <summary>The namespaces with other holds than before; 0 for those on the audit trail.</summary>
        public HashSet<long> Holds { get; } = [];

        public HashSet<long> Teams { get; } = [];

        /// <summary>Namespaces whose policies or quotas changed.</summary>
        public HashSet<long> Policies { get; } = [];

        public HashSet<Digest> Blobs { get; } = [];

        public Dictionary<(long Namespace, long Repository), RepositoryChanges> Repositories { get; } = [];

        public RepositoryChanges In(long ns, long repository, long atMs)
        {
            if (!Repositories.TryGetValue((ns, repository), out var changes))
                Repositories.Add((ns, repository), changes = new RepositoryChanges { SinceMs = atMs });
            changes.SinceMs = Math.Min(changes.SinceMs, atMs);
            return changes;
        }
    }

    private sealed class RepositoryChanges
    {
        public bool Permissions { get; set; }

        public bool Policies { get; set; }

        /// <summary>Whether a policy made tags immutable, which are not named.</summary>
        public bool Immutable { get; set; }

        public long SinceMs { get; set; }

        public HashSet<Digest> Digests { get; } = [];

        public HashSet<string> Tags { get; } = new(StringComparer.Ordinal);
    }
}
