using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Wharf.Oci;
using Wharf.Server.Content;
using Wharf.Server.Data;
using Wharf.Server.Hosting;
using Wharf.Storage;

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

    /// <summary>One location, with this driver.</summary>
    public static Locations In(IBlobDriver driver) => new(new Location(StorageOptions.Local, driver, new LocationOptions()));

    /// <summary>
    /// Runs the sweepers as if every session and every orphan were old, and then compares the store with the database: each object is a
    /// blob's, with that blob's bytes, each blob has one, and beside the journal nothing else is there.
    /// </summary>
    /// <param name="data">The data directory; no server may run on it.</param>
    /// <param name="settings">YAML.</param>
    /// <param name="storage">What else the section Storage has, indented by two.</param>
    /// <returns>How many sessions, orphans and blobs there were.</returns>
    public static async Task<(int Sessions, int Orphans, int Blobs)> SweepAndCompareAsync(string data, string settings = "", string storage = "")
    {
        var ct = TestContext.Current.CancellationToken;
        var config = Path.GetTempFileName();
        await File.WriteAllTextAsync(config, $"{settings}\nStorage:\n  OrphanHours: 0\n{storage}", ct);
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
        var location = app.Services.GetRequiredService<Locations>().Primary;
        var noted = await orphans.SweepUploadsAsync(location, ct);
        for (var shard = 0; shard < Orphans.Shards; shard++)
            noted += await orphans.SweepBlobsAsync(location, shard, ct);
        var garbage = app.Services.GetRequiredService<Garbage>();
        while ((await garbage.CollectAsync(ct)).Keys > 0)
        {
        }

        var named = await db.ListAsync("SELECT digest, storage_key FROM blob_placement WHERE state = 'present'",
            static r => (Digest: new Digest(r.GetFieldValue<byte[]>(0)), Key: r.GetString(1)), ct);
        var driver = location.Driver;
        Assert.Equal(named.Select(static b => b.Key).Order(StringComparer.Ordinal), (await driver.ListAsync(null, ct).Select(static o => o.Key).ToListAsync(ct)).Order(StringComparer.Ordinal));
        Assert.Empty(await driver.ListUnfinishedAsync(ct).ToListAsync(ct));
        Assert.Empty(await driver.ListForeignAsync(ct).ToListAsync(ct));
        foreach (var (digest, key) in named)
        {
            await using var stored = await driver.OpenAsync(key, 0, long.MaxValue, ct);
            using var hash = new ResumableHash(digest.Algorithm);
            var buffer = new byte[64 << 10];
            for (int n; (n = await stored!.ReadAsync(buffer, ct)) > 0;)
                hash.Append(buffer.AsSpan(0, n));
            Assert.Equal(digest, hash.Finish());
        }
        return (sessions, noted, named.Count);
    }
}
