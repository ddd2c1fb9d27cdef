using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Server.Content;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.Pruning;

internal static class PruningSetup
{
    private const int Page = 1000;

    public static void AddPruning(this WebApplicationBuilder builder)
    {
        var options = builder.AddSection<PruningOptions>("Pruning");
        builder.Services.AddSingleton<PrunePolicyStore>().AddSingleton<Pruner>()
            .AddSingleton(new NamespacePurge(PrunePolicyStore.PurgeAsync))
            .AddSingleton(new AdminCommand("prune", RunAsync));
        if (options.Enabled)
            builder.Services.AddHostedService<PruneWorker>();
    }

    private static async Task<AdminResult> RunAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var (pruner, store) = (services.GetRequiredService<Pruner>(), services.GetRequiredService<PrunePolicyStore>());
        var name = arguments.GetProperty("name").GetString()!;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (await store.FindPlaceAsync(slash < 0 ? name : name[..slash], slash < 0 ? null : name[(slash + 1)..], ct) is not { } place)
            return new AdminResult(false, slash < 0 ? $"There is no organization or user {name}." : $"There is no repository {name}.");
        long? repository = place.RepositoryId == 0 ? null : place.RepositoryId;
        if (arguments.TryGetProperty("dry_run", out var dry) && dry.GetBoolean())
            return await PreviewAsync(pruner, place, repository, arguments.GetProperty("limit").GetInt32(), ct);
        var done = await pruner.RunAsync(place.NamespaceId, place.Namespace, repository, null, ct);
        return new AdminResult(true, string.Create(CultureInfo.InvariantCulture, $"{done.Tags} of {done.Seen} tags and {done.Manifests} manifests without tags were pruned; {done.Spared} were protected."),
            new JsonObject { ["tags_seen"] = done.Seen, ["tags"] = done.Tags, ["manifests"] = done.Manifests, ["protected"] = done.Spared });
    }

    private static async Task<AdminResult> PreviewAsync(Pruner pruner, PrunePlace place, long? repository, int limit, CancellationToken ct)
    {
        var text = new StringBuilder();
        var list = new JsonArray();
        PrunePreview? first = null;
        PreviewPlace? from = null;
        do
        {
            var preview = await pruner.PreviewAsync(place.NamespaceId, place.Namespace, repository, null, from, Math.Min(Page, limit - list.Count), ct);
            foreach (var entry in (await pruner.ShowAsync(preview, counted: false, ct)).Entries)
            {
                list.Add(JsonSerializer.SerializeToNode(entry, PruningJson.Default.ShownVerdict));
                text.AppendLine(CultureInfo.InvariantCulture, $"{(entry.ProtectedBy is null ? "goes " : "stays")} {entry.Repository}{(entry.Tag is null ? "@" + entry.ManifestDigest : ":" + entry.Tag)}  {entry.Reason}{(entry.ProtectedBy is null ? "" : $"; protected: {entry.ProtectedBy}")}");
            }
            first ??= preview;
            from = preview.Next;
        }
        while (from is not null && list.Count < limit);
        if (from is not null)
            text.AppendLine(CultureInfo.InvariantCulture, $"... and more than these {list.Count} (--limit)");
        text.Append(CultureInfo.InvariantCulture, $"{first.Tags} of {first.Seen} tags and {first.Manifests} manifests without tags would go, {first.Stay} tags would stay; {first.Protected} are protected.");
        if (!first.Complete)
            text.Append(" There are more tags than a preview looks at.");
        if (first.Warning is { } warning)
            text.AppendLine().Append(warning);
        return new AdminResult(true, text.ToString(), new JsonObject
        {
            ["dry_run"] = true,
            ["tags_seen"] = first.Seen,
            ["would_go"] = first.Tags,
            ["manifests_would_go"] = first.Manifests,
            ["protected"] = first.Protected,
            ["stay"] = first.Stay,
            ["complete"] = first.Complete,
            ["warning"] = first.Warning,
            ["entries"] = list,
        });
    }
}
