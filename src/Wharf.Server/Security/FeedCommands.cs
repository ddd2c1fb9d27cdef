using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Security;

/// <summary><c>wharf feeds list|update|import|export</c>.</summary>
internal static class FeedCommands
{
    public static async Task<AdminResult> ListAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var (store, options, clock) = (services.GetRequiredService<FeedStore>(), services.GetRequiredService<SecurityOptions>(), services.GetRequiredService<TimeProvider>());
        var (rows, problems) = (await store.ListAsync(ct), await store.ListProblemsAsync(ct));
        if (rows.Count + problems.Count == 0)
            return new AdminResult(true, "There are no feeds yet: nothing is known of any vulnerability. `wharf feeds update` fetches them from their publishers, `wharf feeds import DIR` takes them from a directory.",
                new JsonObject { ["feeds"] = new JsonArray() });
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"{"FEED",-22} {"REVISION",-13} {"DATE",-17} {"STATEMENTS",11}  LICENCE"));
        foreach (var row in rows)
        {
            var age = row.Age(clock);
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{row.Name,-22} {row.Revision,-13} {DateTimeOffset.FromUnixTimeMilliseconds(row.DateMs):yyyy-MM-dd HH:mm}  {row.Statements,11}  {row.Licence}");
            if (age > options.StaleAfter)
                text.Append(CultureInfo.InvariantCulture, $"  STALE: {age.TotalDays:0} days old");
            if (row.EvaluatedKey != row.StorageKey)
                text.Append("  (being evaluated)");
            if (row.Problem is not null)
                text.AppendLine().Append("    ").Append(row.Problem);
        }
        foreach (var (name, problem, _) in problems)
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"{name,-22} {"none yet",-13}").AppendLine().Append("    ").Append(problem);
        return new AdminResult(true, text.ToString(), new JsonObject
        {
            ["feeds"] = new JsonArray([.. rows.Select(r => (JsonNode)new JsonObject
            {
                ["name"] = r.Name,
                ["revision"] = r.Revision,
                ["date"] = DateTimeOffset.FromUnixTimeMilliseconds(r.DateMs).ToString("O", CultureInfo.InvariantCulture),
                ["licence"] = r.Licence,
                ["statements"] = r.Statements,
                ["stale"] = r.Age(clock) > options.StaleAfter,
                ["problem"] = r.Problem,
            })]),
            ["failed"] = new JsonArray([.. problems.Select(static p => (JsonNode)new JsonObject { ["name"] = p.Name, ["problem"] = p.Problem })]),
        });
    }

    public static async Task<AdminResult> UpdateAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var update = services.GetRequiredService<FeedUpdate>();
        var names = arguments.GetProperty("names").EnumerateArray().Select(static n => n.GetString()!).ToList();
        return Tell(await update.RunAsync(names.Count > 0 ? names : update.Wanted, arguments.GetProperty("force").GetBoolean(), CommandProgress.Tell, ct), "No feed is wanted.");
    }

    public static async Task<AdminResult> ImportAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var directory = arguments.GetProperty("directory").GetString()!;
        var force = arguments.TryGetProperty("force", out var given) && given.GetBoolean();
        if (!Directory.Exists(directory))
            return new AdminResult(false, $"{directory} is no directory.");
        var outcomes = await services.GetRequiredService<FeedImport>().RunAsync(directory, force, new Dictionary<string, string>(), CommandProgress.Tell, ct);
        return Tell(outcomes, $"{directory} has no file in the layout of docs/feeds.md, such as osv/PyPI/all.zip or debian/json.");
    }

    public static async Task<AdminResult> ExportAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var directory = arguments.GetProperty("directory").GetString()!;
        var (rows, files) = (await services.GetRequiredService<FeedStore>().ListAsync(ct), services.GetRequiredService<StoredFiles>());
        var (count, bytes) = (0, 0L);
        foreach (var file in rows.SelectMany(static r => r.Files))
        {
            CommandProgress.Tell(file.Path);
            var path = Path.GetFullPath(Path.Join(directory, file.Path));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await files.CopyAsync(file, path, ct);
            (count, bytes) = (count + 1, bytes + file.Size);
        }
        return new AdminResult(true, $"{count} files of {rows.Count} feeds, {new ByteSize(bytes)}, are in {directory}: take it to another host and run there: wharf feeds import {directory}", new JsonObject { ["files"] = count, ["bytes"] = bytes });
    }

    /// <summary>What became of each feed.</summary>
    internal static AdminResult Tell(IReadOnlyList<FeedOutcome> outcomes, string nothing)
    {
        if (outcomes.Count == 0)
            return new AdminResult(false, nothing);
        var text = new StringBuilder();
        foreach (var outcome in outcomes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{outcome.Name}: {(outcome.Info is not { } info ? "refused" : outcome.IsNew ? $"revision {info.Revision}, {info.Statements} statements" : $"revision {info.Revision} as before")}");
            text.AppendLine(outcome.Problem is null ? "" : $". {outcome.Problem}");
        }
        return new AdminResult(outcomes.All(static o => o.Info is not null), text.ToString().TrimEnd(), new JsonObject
        {
            ["feeds"] = new JsonArray([.. outcomes.Select(static o => (JsonNode)new JsonObject { ["name"] = o.Name, ["revision"] = o.Info?.Revision, ["statements"] = o.Info?.Statements, ["new"] = o.IsNew, ["problem"] = o.Problem })]),
        });
    }
}
