using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Wharf.Server.Accounts;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Admin;
using Wharf.Storage;
using Wharf.Storage.Local;

namespace Wharf.Server.Recovery;

/// <summary>
/// Makes a lost database anew from the metadata journal: 1. the files are verified, and the newest whole snapshot is taken with all changes
/// behind it; 2. their lines are applied to tables of our own, in order; 3. one transaction moves what fits together into the real
/// tables; 4. objects are compared with what names them, and content that is gone and that nothing holds is left out. A run that is
/// killed before the third step has changed nothing, and one after it is repeated by the scrub.
/// </summary>
internal sealed class Recover(Database db, IBlobDriver driver, AccountStore accounts)
{
    // What the events of the lost database may have come to, that no file tells of: readers of the outbox that outlived it wait for later ones.
    private const long PositionsAhead = 1_000_000;
    private const int Batch = 500;
    private const int MostFindings = 200;

    /// <param name="location">The directory of a blob storage with a journal.</param>
    public async Task<AdminResult> RunAsync(string location, CancellationToken ct)
    {
        Action<string> progress = CommandProgress.Tell;
        location = Path.GetFullPath(location);
        if (!Directory.Exists(Path.Join(location, "blobs")))
            return new AdminResult(false, $"{location} is no blob storage: it has no directory 'blobs'.");
        if (await db.OneAsync("SELECT 1 FROM namespace LIMIT 1", static r => r.GetInt32(0), ct) == 1)
            return new AdminResult(false, "The database is not empty. A recovery needs a new one: give a new data directory with --data, or an empty PostgreSQL database.");
        var source = new LocalDriver(location);
        var problems = new List<string>();
        var (files, whole) = await ChooseAsync(source, problems, progress, ct);
        if (files.Count == 0)
            return new AdminResult(false, $"{location} has no metadata journal that could be read.{string.Concat(problems.Select(static p => "\n  " + p))}", Report(problems));

        var staging = new Staging(db);
        await staging.CreateAsync(ct);
        foreach (var (file, header) in files)
            await ApplyAsync(source, staging, file, header, progress, ct);
        progress("Putting the rows in place");
        var (last, newest) = (files[^1].Header, (await JournalName.ListAsync(source, ct))[^1].Number);
        var dropped = await db.WriteAsync(async tx =>
        {
            var left = await staging.MoveAsync(tx, accounts.HashAndSeal(Convert.ToHexString(RandomNumberGenerator.GetBytes(32))), RandomNumberGenerator.GetBytes(32), last.To + PositionsAhead);
            await Journal.BeginLifeAsync(tx, Journal.NewLife(), newest + 1, last.To + PositionsAhead);
            return left;
        }, ct);
        problems.AddRange(dropped);

        var (lost, copied) = await CompareAsync(source, location, progress, ct);
        var gone = await new RecoveredContent(db).SettleAsync(lost, MostFindings, ct);
        problems.AddRange(gone);
        return await TellAsync(whole, last, problems, copied, ct);
    }

    // The newest whole snapshot, and what came behind it in the same life.
    private static async Task<(List<(JournalName File, JournalHeader Header)> Files, bool Whole)> ChooseAsync(LocalDriver source, List<string> problems, Action<string> progress, CancellationToken ct)
    {
        var all = await JournalName.ListAsync(source, ct);
        var chosen = new List<(JournalName, JournalHeader Header)>();
        for (var i = all.Count - 1; i >= 0; i--)
        {
            progress($"Verifying {all[i].Name}");
            var (header, problem) = await JournalReader.VerifyAsync(source, all[i], ct);
            if (header is null)
            {
                problems.Add($"{all[i].Name} was left out: {problem}.");
                continue;
            }
            chosen.Add((all[i], header));
            if (!header.Snapshot)
                continue;
            chosen.Reverse();
            chosen.RemoveAll(c => c.Header.Life != header.Life);
            var at = header.To;
            foreach (var (name, next) in chosen.Skip(1))
            {
                if (!next.Snapshot && next.From > at)
                    problems.Add(string.Create(CultureInfo.InvariantCulture, $"What was changed before {DateTimeOffset.FromUnixTimeMilliseconds(next.AtMs):u} is missing in part: no file has the events {at + 1} to {next.From}."));
                at = Math.Max(at, next.To);
            }
            return (chosen, problems.Count == 0);
        }
        return ([], false);
    }

    private static async Task ApplyAsync(LocalDriver source, Staging staging, JournalName file, JournalHeader header, Action<string> progress, CancellationToken ct)
    {
        var (batch, lines) = (new List<JournalEntry>(Batch), 0L);
        await foreach (var entry in JournalReader.ReadAsync(source, file, ct))
        {
            batch.Add(entry);
            lines++;
            if (batch.Count < Batch)
                continue;
            await staging.ApplyAsync(batch, header.Snapshot, ct);
            batch.Clear();
            progress(string.Create(CultureInfo.InvariantCulture, $"Reading {file.Name}: {lines} lines"));
        }
        await staging.ApplyAsync(batch, header.Snapshot, ct);
        if (header.Snapshot)
            await staging.IndexAsync(ct);
    }

    /// <summary>Compares each placement with its object, which is brought here where this server's storage is another place.</summary>
    /// <returns>How many objects are missing or have another size, and how many were brought.</returns>
    private async Task<(long Lost, long Copied)> CompareAsync(LocalDriver source, string location, Action<string> progress, CancellationToken ct)
    {
        // Journals of one place name its objects only; more places come with replication.
        var moves = driver is not LocalDriver here || here.Root != location;
        var (lost, copied) = (0L, 0L);
        for (var shard = 0; shard < Orphans.Shards; shard++)
        {
            var prefix = $"{shard:x2}/";
            var there = new Dictionary<string, long>(StringComparer.Ordinal);
            await foreach (var stored in source.ListAsync(prefix, ct))
                there.Add(stored.Key, stored.Size);
            var after = "";
            while (await db.ListAsync("""
                SELECT p.storage_key, b.size FROM blob_placement p JOIN blob b ON b.digest = p.digest
                 WHERE p.location = @location AND p.storage_key > @after AND p.storage_key >= @prefix AND p.storage_key < @end ORDER BY p.storage_key LIMIT 500
                """, static r => (Key: r.GetString(0), Size: r.GetInt64(1)), ct,
                ("location", ContentStore.Location), ("after", after), ("prefix", prefix), ("end", $"{shard:x2}0")) is { Count: > 0 } page)
            {
                after = page[^1].Key;
                var missing = page.Where(p => there.GetValueOrDefault(p.Key, -1) != p.Size).Select(static p => p.Key).ToList();
                lost += missing.Count;
                if (missing.Count > 0)
                    await db.WriteAsync(async tx =>
                    {
                        foreach (var key in missing)
                            await tx.ExecuteAsync("UPDATE blob_placement SET state = 'lost' WHERE location = @location AND storage_key = @key", ("location", ContentStore.Location), ("key", key));
                        return 0;
                    }, ct);
                if (!moves)
                    continue;
                foreach (var key in page.Select(static p => p.Key).Except(missing, StringComparer.Ordinal))
                    copied += await ObjectCopy.BringAsync(source, driver, key, there[key], ct) ? 1 : 0;
                progress(string.Create(CultureInfo.InvariantCulture, $"Bringing objects: {copied}"));
            }
            if (moves)
                foreach (var key in await db.ListAsync("SELECT storage_key FROM stored_file WHERE location = @location AND storage_key >= @prefix AND storage_key < @end", static r => r.GetString(0), ct,
                    ("location", ContentStore.Location), ("prefix", prefix), ("end", $"{shard:x2}0")))
                    if (there.TryGetValue(key, out var size) && await ObjectCopy.BringAsync(source, driver, key, size, ct))
                        copied++;
            progress($"Comparing objects: {shard * 100 / Orphans.Shards} %");
        }
        if (moves)
            ObjectCopy.Flush(driver);
        return (lost, copied);
    }

    private async Task<AdminResult> TellAsync(bool whole, JournalHeader last, List<string> problems, long copied, CancellationToken ct)
    {
        var counts = new JsonObject();
        foreach (var (name, sql) in ((string, string)[])[("repositories", "repository WHERE deleted_ms IS NULL"), ("tags", "tag WHERE ended_ms IS NULL"), ("manifests", "manifest_link WHERE deleted_ms IS NULL"),
            ("blobs", "blob"), ("lost", "blob_placement WHERE state = 'lost'"), ("people", "account"), ("robots", "robot")])
            counts[name] = await db.OneAsync($"SELECT count(*) FROM {sql}", static r => r.GetInt64(0), ct);
        var people = await db.ListAsync($"SELECT n.name FROM account a JOIN namespace n ON n.id = a.id AND n.deleted_ms IS NULL ORDER BY a.superuser DESC, n.name LIMIT {MostFindings}", static r => r.GetString(0), ct);
        var robots = await db.ListAsync($"SELECT n.name FROM robot r JOIN namespace n ON n.id = r.id AND n.deleted_ms IS NULL ORDER BY n.name LIMIT {MostFindings}", static r => r.GetString(0), ct);
        var report = Report(problems);
        report["journal"] = new JsonObject { ["at_ms"] = last.AtMs, ["whole"] = whole };
        report["counts"] = counts;
        report["copied"] = copied;
        report["people"] = new JsonArray([.. people.Select(static p => (JsonNode)p)]);
        report["robots"] = new JsonArray([.. robots.Select(static p => (JsonNode)p)]);
        var text = new System.Text.StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"The registry is as it was at {DateTimeOffset.FromUnixTimeMilliseconds(last.AtMs):u}: ");
        text.AppendJoin(", ", counts.Select(static c => $"{c.Value} {c.Key}")).AppendLine(".");
        if (copied > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{copied} objects were brought into this server's storage.");
        foreach (var problem in problems)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {problem}");
        text.AppendLine("Nobody can sign in yet: the journal has no passwords and no mail addresses. For each person, superusers first:");
        foreach (var person in people)
            text.AppendLine(CultureInfo.InvariantCulture, $"  wharf user password {person} < password.txt");
        if (robots.Count > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Robots need new tokens (regenerate): {string.Join(", ", robots)}{(robots.Count == MostFindings ? ", ..." : "")}.");
        text.Append("App tokens, OAuth applications, sessions, stars and messages are gone; the audit trail is only what audit.db still has.");
        return new AdminResult(true, text.ToString(), report);
    }

    private static JsonObject Report(List<string> problems) => new() { ["problems"] = new JsonArray([.. problems.Select(static p => (JsonNode)p)]) };
}
