using System.Globalization;
using System.Text;
using System.Text.Json;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting.Admin;
using Wharf.Server.Hosting.Settings;

namespace Wharf.Server.GarbageCollection;

internal static class GarbageCollectionSetup
{
    public static void AddGarbageCollection(this WebApplicationBuilder builder)
    {
        builder.AddSection<GarbageCollectionOptions>("GarbageCollection");
        builder.Services.AddSingleton<CollectorRound>().AddHostedService<CollectorWorker>()
            .AddSingleton(new AdminCommand("gc.status", StatusAsync))
            .AddSingleton(new AdminCommand("gc.explain", ExplainAsync))
            .AddSingleton(new AdminCommand("gc.run", RunAsync));
    }

    public static void MapGarbageCollection(this WebApplication app)
    {
        GarbageCollectionApi.Map(app);
        LeasesApi.Map(app);
    }

    private static async Task<AdminResult> StatusAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var status = await GarbageStatus.ReadAsync(services.GetRequiredService<Database>(), ct);
        var text = new StringBuilder();
        foreach (var queue in status.Queues)
            text.AppendLine(CultureInfo.InvariantCulture, $"{queue.Kind,-12} {queue.Waiting,10} waiting, {queue.Due} of them due{(queue.Due > 0 ? $", the oldest for {TimeSpan.FromMilliseconds(queue.OldestMs):c}" : "")}");
        if (status.Queues.Count == 0)
            text.AppendLine("Nothing waits for the collector.");
        text.AppendLine(CultureInfo.InvariantCulture, $"condemned    {status.Reclaimable.CondemnedBlobs,10} blobs, {new ByteSize(status.Reclaimable.CondemnedBytes)}: nothing needs them, their time runs");
        text.AppendLine(CultureInfo.InvariantCulture, $"garbage      {status.Reclaimable.Objects,10} objects, {new ByteSize(status.Reclaimable.ObjectBytes)}: about to be deleted");
        if (status.Reclaimable is { LockedObjects: > 0, LockedUntilMs: { } until })
            text.AppendLine(CultureInfo.InvariantCulture, $"locked       {status.Reclaimable.LockedObjects,10} of these objects, {new ByteSize(status.Reclaimable.LockedBytes)}: the storage does not let them go yet, the first not before {DateTimeOffset.FromUnixTimeMilliseconds(until):u}");
        foreach (var freed in status.Freed)
            text.AppendLine(CultureInfo.InvariantCulture, $"freed {(freed.Since == "ever" ? "ever" : $"in a {freed.Since}"),-12} {new ByteSize(freed.Bytes)} of {freed.Blobs} blobs; {freed.Manifests} manifests, {freed.Links} links");
        if (status.HeldByBackup)
            text.AppendLine("A backup runs: no bytes are deleted until it is done.");
        return new AdminResult(true, text.ToString().TrimEnd(), JsonSerializer.SerializeToNode(status, GarbageCollectionJson.Default.GarbageStatus)!.AsObject());
    }

    private static async Task<AdminResult> ExplainAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        if (!Digest.TryParse(arguments.GetProperty("digest").GetString(), out var digest))
            return new AdminResult(false, "Give a digest: sha256: and 64 hexadecimal digits in lower case.");
        if (await services.GetRequiredService<Explanations>().ExplainAsync(digest, null, ct) is not { } explained)
            return new AdminResult(false, $"There is nothing here with the digest {digest}.");
        var text = new StringBuilder().Append(digest);
        if (explained.Size is { } size)
            text.Append(CultureInfo.InvariantCulture, $": a blob of {new ByteSize(size)}, {explained.State}");
        if (explained.CondemnedUntilMs is { } until)
            text.Append(CultureInfo.InvariantCulture, $" until {DateTimeOffset.FromUnixTimeMilliseconds(until):u}");
        text.AppendLine();
        foreach (var place in explained.Repositories)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {place.Repository}: {place.Why}");
        if (explained.Repositories.Count == 0)
            text.AppendLine(explained.State == "condemned" ? "  No repository has it any more." : "  It is deleted already; its bytes go next.");
        return new AdminResult(true, text.ToString().TrimEnd(), JsonSerializer.SerializeToNode(explained, GarbageCollectionJson.Default.ContentExplanation)!.AsObject());
    }

    private static async Task<AdminResult> RunAsync(IServiceProvider services, JsonElement arguments, CancellationToken ct)
    {
        var round = services.GetRequiredService<CollectorRound>();
        var dry = arguments.TryGetProperty("dry_run", out var given) && given.GetBoolean();
        var totals = dry ? await round.PreviewAsync(ct) : await round.RunAsync(static _ => { }, ct);
        var (would, was) = dry ? ("would be ", "would go") : ("", "went");
        var data = JsonSerializer.SerializeToNode(totals, GarbageCollectionJson.Default.RoundTotals)!.AsObject();
        data["dry_run"] = dry;
        return new AdminResult(true, string.Create(CultureInfo.InvariantCulture,
            $"{totals.Reviewed} reviews{(dry ? " are due" : "")}: {totals.Kept} things {would}kept, {totals.Released} {would}released (they go later); {totals.Manifests} manifests, {totals.Links} links and {totals.Blobs} blobs {was}{(dry ? ", with what they release" : $"; {totals.Objects} objects with {new ByteSize(totals.Bytes)} are deleted")}."), data);
    }
}
