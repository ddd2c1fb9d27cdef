using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting;

namespace Wharf.Tests.Server.Crashes;

/// <summary>The slices of the server in the test's process: on a data directory that no server uses, or listening with a part replaced.</summary>
internal static class ContentAtRest
{
    /// <summary>What Program.cs composes, with the test's own replacements registered last, and without logs.</summary>
    public static Composition Slices(Action<WebApplicationBuilder>? replace = null) => new(
        builder =>
        {
            builder.Logging.ClearProviders();
            ProgramParts.Add(builder);
            replace?.Invoke(builder);
        },
        ProgramParts.Use,
        ProgramParts.Map);

    /// <summary>
    /// Runs the sweepers as if every session and every orphan were old, and then compares the store with the database: each file but the journal's is a
    /// blob's, with that blob's bytes, and each blob has one.
    /// </summary>
    /// <param name="data">The data directory; no server may run on it.</param>
    /// <param name="settings">YAML.</param>
    /// <returns>How many sessions, orphans and blobs there were.</returns>
    public static async Task<(int Sessions, int Orphans, int Blobs)> SweepAndCompareAsync(string data, string settings = "")
    {
        var ct = TestContext.Current.CancellationToken;
        var config = Path.GetTempFileName();
        await File.WriteAllTextAsync(config, settings + "\nStorage:\n  OrphanHours: 0\n", ct);
        var prepared = ServerApp.Prepare(new Launch { Data = data, Config = config }, Slices());
        File.Delete(config);
        prepared.Data.Open();
        await using var app = prepared.BuildForCommand();
        await ServerApp.RunStartupStepsAsync(app, ct);
        var (db, uploads, orphans) = (app.Services.GetRequiredService<Database>(), app.Services.GetRequiredService<Uploads>(), app.Services.GetRequiredService<Orphans>());

        await db.WriteAsync(tx => tx.ExecuteAsync("UPDATE upload SET expires_ms = 0"), ct);
        var sessions = 0;
        for (int n; (n = await uploads.SweepAsync(ct)) > 0;)
            sessions += n;
        var noted = await orphans.SweepUploadsAsync(ct);
        for (var shard = 0; shard < Orphans.Shards; shard++)
            noted += await orphans.SweepBlobsAsync(shard, ct);
        var garbage = app.Services.GetRequiredService<Garbage>();
        while ((await garbage.CollectAsync(ct)).Keys > 0)
        {
        }

        var named = await db.ListAsync("SELECT digest, storage_key FROM blob_placement WHERE state = 'present'",
            static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Key: r.GetString(1)), ct);
        var storage = Path.Join(data, "storage");
        var files = Directory.GetFiles(storage, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(storage, file)).Where(static file => !file.StartsWith("meta/", StringComparison.Ordinal));
        Assert.Equal(named.Select(static b => "blobs/" + b.Key).Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
        foreach (var (digest, key) in named)
            Assert.Equal(digest, Digest.Of(await File.ReadAllBytesAsync(Path.Join(storage, "blobs", key), ct), digest.Algorithm));
        return (sessions, noted, named.Count);
    }
}
