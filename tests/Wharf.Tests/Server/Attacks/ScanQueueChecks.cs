using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Images that the scanner does not get done with.</summary>
internal sealed class ScanQueueChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("I16", Slow = true)]
    public static async Task A_scanner_that_is_killed_anywhere_is_followed_by_one_that_finds_the_same()
    {
        await using var scanning = await Server.Registry.StartAsync<ScanningRegistry>();
        // What is scanned again is decided by the same rows on PostgreSQL, where each start takes longer.
        var points = scanning.Database is null ? 20 : 8;
        var repository = scanning.NewRepository();
        var began = await BeginAsync(-1);
        var clean = Told(await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, began, "?packages=true"), -1);
        await scanning.RestartAsync();
        began = await BeginAsync(-2);
        var started = Stopwatch.GetTimestamp();
        await Poll.UntilAsync(async () => await scanning.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {scanning.Sql(began)} AND state = 'scanned'") > 0);
        var whole = Stopwatch.GetElapsedTime(started);

        var (kills, cut, longest) = (0, 0, whole);
        // How long a scan takes changes with what else the machine does: a kill that came too late makes the later ones come sooner.
        for (; kills < points || (cut <= points / 3 && kills < 3 * points); kills++)
        {
            var image = await BeginAsync(kills);
            await Task.Delay(longest * (kills % points) / points, TestContext.Current.CancellationToken);
            await scanning.KillAsync();
            await scanning.RestartAsync(async () =>
            {
                if (await scanning.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {scanning.Sql(image)} AND state = 'queued' AND attempts = 1") == 1)
                    cut++;
                else
                    longest *= 0.8;
                // As if half a minute were over.
                await scanning.HastenAsync();
            });

            Assert.Equal(clean, Told(await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image, "?packages=true"), kills));
        }

        Assert.True(cut > points / 3, $"Only {cut} of {kills} kills came while it was scanned: this proves nothing.");
        Console.WriteLine($"   {cut} of {kills} kills of the scanner came within a scan, which took {whole.TotalMilliseconds:0} ms; each image was scanned as if there had been none");

        // Pushes an image whose layers and packages no other has, and waits until it is begun.
        async Task<Digest> BeginAsync(int point)
        {
            var status = await File.ReadAllTextAsync(Path.Join(SourceTree.Root, "tests", "data", "vulndata", "pkgdb", "dpkg", "bookworm-minbase.status"), TestContext.Current.CancellationToken);
            var layers = new List<byte[]> { ImageOfFiles.Layer(("var/lib/dpkg/status", status.Replace("\nVersion: ", $"\nVersion: {point + 10}:", StringComparison.Ordinal))) };
            for (var n = 0; n < 10; n++)
                layers.Add(ImageOfFiles.Layer([($"random{n}", Convert.ToBase64String(Requests.RandomBytes(1 << 20))), .. Enumerable.Range(0, 30).Select(i => ($"a{n}/node_modules/m{i}/package.json", $$"""{"name":"m{{i}}","version":"{{n}}.{{i}}.{{point + 10}}"}"""))]));
            var image = ImageOfFiles.Of(layers);
            await image.PushAsync(scanning.UserClient, repository, $"v{point + 10}");
            var deadline = TimeProvider.System.GetTimestamp();
            while (await scanning.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {scanning.Sql(image.Digest)} AND (attempts > 0 OR state = 'scanned')") == 0)
            {
                Assert.True(Stopwatch.GetElapsedTime(deadline) < TimeSpan.FromSeconds(20), "It was not begun within 20 s.");
                await Task.Delay(2, TestContext.Current.CancellationToken);
            }
            return image.Digest;
        }

        static List<string> Told(JsonNode report, int point)
        {
            Assert.Equal("scanned", (string)report["status"]!);
            Assert.Empty(report["problems"]!.AsArray());
            return [.. report["packages"]!.AsArray().Select(p => ((string)p!["purl"]!).Replace($"epoch={point + 10}", "epoch=N", StringComparison.Ordinal).Replace($"{point + 10}:", "N:", StringComparison.Ordinal)
                .Replace($"{point + 10}%3A", "N:", StringComparison.Ordinal)).Select(p => p.StartsWith("pkg:npm", StringComparison.Ordinal) ? p[..p.LastIndexOf('.')] : p).Order(StringComparer.Ordinal)];
        }
    }

    [Attack("I17")]
    public async Task An_image_that_fails_each_time_is_given_up_after_three()
    {
        var scanning = await Registry.ScanningAsync();
        var repository = scanning.NewRepository();
        var image = ImageOfFiles.Of(ImageOfFiles.Python("never", "1.0"));
        await image.PushBlobsAsync(scanning.UserClient, repository);
        Assert.Equal(1, await scanning.RunAsync($"UPDATE blob_placement SET storage_key = substr(storage_key, 1, length(storage_key) - 6) || '000000' WHERE digest = {scanning.Sql(Digest.Of(image.Layers[0]))}"));
        (await scanning.UserClient.PutManifestAsync(repository, "poison", image.Manifest)).Is(201);

        foreach (var (attempt, pause) in ((int, int)[])[(1, 30), (2, 120)])
        {
            await EndedAsync(attempt, "queued");
            var good = ImageOfFiles.Of(ImageOfFiles.Python("good", "1.0"));
            await good.PushAsync(scanning.UserClient, repository, "good");
            Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, good.Digest))["status"]!);
            var due = DateTimeOffset.FromUnixTimeMilliseconds(await scanning.CountAsync($"SELECT due_ms FROM scan WHERE manifest = {scanning.Sql(image.Digest)}"));
            Assert.InRange((due - TimeProvider.System.GetUtcNow()).TotalSeconds, pause - 25, pause);
            await scanning.HastenAsync();
        }
        await EndedAsync(3, "failed");

        var report = await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image.Digest);
        Assert.Equal(("failed", string.Create(CultureInfo.InvariantCulture, $"The bytes of the layer {Digest.Of(image.Layers[0])} are not there.")), ((string)report["status"]!, (string)report["reason"]!));
        await scanning.HastenAsync();
        Assert.Equal(0, await scanning.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {scanning.Sql(image.Digest)} AND due_ms IS NOT NULL"));

        Task EndedAsync(int attempt, string state) => Poll.UntilAsync(async () =>
            await scanning.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {scanning.Sql(image.Digest)} AND attempts = {attempt} AND state = '{state}' AND reason IS NOT NULL") > 0);
    }
}
