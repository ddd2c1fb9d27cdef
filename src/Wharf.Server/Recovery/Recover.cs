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
internal sealed class Recover(Database db, Locations locations, Placements placements, AccountStore accounts)
{
    // What the events of the lost database may have come to, that no file tells of: readers of the outbox that outlived it wait for later ones.
    private const long PositionsAhead = 1_000_000;
    private const int Batch = 500;
    private const int MostFindings = 200;

    /// <param name="from">The name of a location of the settings, or else the directory of a blob storage, with a journal.</param>
    public async Task<AdminResult> RunAsync(string from, CancellationToken ct)
    {
        Action<string> progress = CommandProgress.Tell;
        var (here, location) = (locations.Find(from), locations.Find(from) is null ? Path.GetFullPath(from) : from);
        if (here is null && !Directory.Exists(Path.Join(location, "blobs")))
            return new AdminResult(false, $"{location} is no blob storage: it has no directory 'blobs'. The settings name the locations {string.Join(", ", locations.All.Select(static l => l.Name))}.");
        if (await db.OneAsync("SELECT 1 FROM namespace LIMIT 1", static r => r.GetInt32(0), ct) == 1)
            return new AdminResult(false, "The database is not empty. A recovery needs a new one: give a new data directory with --data, or an empty PostgreSQL database.");
        here ??= locations.All.FirstOrDefault(l => l.Driver is LocalDriver local && local.Root == location);
        var source = here?.Driver ?? new LocalDriver(location);
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

        var (lost, copied) = await CompareAsync(source, here, progress, ct);
        var gone = await new RecoveredContent(db).SettleAsync(lost, MostFindings, ct);
        problems.AddRange(gone);
        return await TellAsync(whole, last, problems, copied, ct);
    }

    // The newest whole snapshot, and what came behind it in the same life.
    private static async Task<(List<(JournalName File, JournalHeader Header)> Files, bool Whole)> ChooseAsync(IBlobDriver source, List<string> problems, Action<string> progress, CancellationToken ct)
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

    private static async Task ApplyAsync(IBlobDriver source, Staging staging, JournalName file, JournalHeader header, Action<string> progress, CancellationToken ct)
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

    /// <summary>
    /// Compares each placement with its object. One that is not where the journal says, but in the place that is recovered from (whose name
    /// may be another now), is in that place from now on; or is brought to this server's storage, where the settings do not have that place.
    /// </summary>
    /// <returns>How many objects are missing or have another size, and how many were brought.</returns>
    private async Task<(long Lost, long Copied)> CompareAsync(IBlobDriver source, Location? here, Action<string> progress, CancellationToken ct)
    {
        var (lost, copied, seen, target) = (0L, 0L, 0L, here ?? locations.Primary);
        foreach (var name in await placements.LocationsAsync(ct))
        {
            var recovered = new ShardSizes(source);
            var own = name == here?.Name ? recovered : locations.Find(name) is { } location ? new ShardSizes(location.Driver) : null;
            for (var after = ""; await placements.ListAsync(name, after, 500, ct) is { Count: > 0 } page; after = page[^1].Key)
            {
                var (missing, moved) = (new List<Placement>(), new List<(Placement Placement, string Key)>());
                foreach (var placement in page)
                {
                    if (own is not null && await own.FindAsync(placement.Key, ct) == placement.Size)
                        continue;
                    if (await recovered.FindAsync(placement.Key, ct) != placement.Size)
                    {
                        missing.Add(placement);
                        continue;
                    }
                    var key = here is not null || StorageKey.IsValid(placement.Key) ? placement.Key : StorageKey.New();
                    if (here is null)
                        copied += await ObjectCopy.BringAsync(source, placement.Key, target.Driver, key, placement.Size, ct) ? 1 : 0;
                    moved.Add((placement, key));
                }
                lost += missing.Count;
                await MoveAsync(name, target.Name, missing, moved, ct);
                progress(string.Create(CultureInfo.InvariantCulture, $"Comparing objects: {seen += page.Count}, {lost} missing, {copied} brought"));
            }
        }
        copied += await CompareFilesAsync(source, here, target, ct);
        // A blob that another place has is not lost.
        await db.WriteAsync(static tx => tx.ExecuteAsync("DELETE FROM blob_placement AS p WHERE state = 'lost' AND EXISTS (SELECT 1 FROM blob_placement o WHERE o.digest = p.digest AND o.state = 'present')"), ct);
        if (here is null)
            ObjectCopy.Flush(target.Driver);
        return (lost, copied);
    }

    private Task MoveAsync(string from, string to, List<Placement> missing, List<(Placement Placement, string Key)> moved, CancellationToken ct) => missing.Count + moved.Count == 0 ? Task.CompletedTask : db.WriteAsync(async tx =>
    {
        foreach (var placement in missing)
            await tx.ExecuteAsync("UPDATE blob_placement SET state = 'lost' WHERE digest = @digest AND location = @from", ("digest", placement.Digest.ToArray()), ("from", from));
        foreach (var (placement, key) in moved)
        {
            (string, object?)[] args = [("digest", placement.Digest.ToArray()), ("from", from), ("to", to)];
            if (from != to)
                await tx.ExecuteAsync("DELETE FROM blob_placement WHERE digest = @digest AND location = @to AND state <> 'present' AND @from <> @to", args);
            if (await tx.ExecuteAsync("UPDATE blob_placement SET location = @to, storage_key = @key WHERE digest = @digest AND location = @from AND (@from = @to OR NOT EXISTS (SELECT 1 FROM blob_placement o WHERE o.digest = @digest AND o.location = @to))", [.. args, ("key", key)]) == 0)
                await tx.ExecuteAsync("DELETE FROM blob_placement WHERE digest = @digest AND location = @from AND @from <> @to", args);
        }
        return 0;
    }, ct);

    private async Task<long> CompareFilesAsync(IBlobDriver source, Location? here, Location target, CancellationToken ct)
    {
        var copied = 0L;
        foreach (var (name, key) in await db.ListAsync("SELECT location, storage_key FROM stored_file", static r => (r.GetString(0), r.GetString(1)), ct))
        {
            if ((locations.Find(name) is { } own && await own.Driver.StatAsync(key, ct) is not null) || await source.StatAsync(key, ct) is not { } size)
                continue;
            if (here is null && await ObjectCopy.BringAsync(source, key, target.Driver, key, size, ct))
                copied++;
            await db.WriteAsync(async tx =>
            {
                await tx.ExecuteAsync("DELETE FROM stored_file WHERE storage_key = @key AND location = @name AND EXISTS (SELECT 1 FROM stored_file o WHERE o.storage_key = @key AND o.location = @target AND @target <> @name)", ("key", key), ("name", name), ("target", target.Name));
                return await tx.ExecuteAsync("UPDATE stored_file SET location = @target WHERE storage_key = @key AND location = @name", ("key", key), ("name", name), ("target", target.Name));
            }, ct);
        }
        return copied;
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
