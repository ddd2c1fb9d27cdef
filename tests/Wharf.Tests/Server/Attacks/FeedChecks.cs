using System.Text.Json.Nodes;
using Wharf.Scanner.Tests.Indexing;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Server.Attacks;

/// <summary>Feeds that are made to hurt, or that come in pieces.</summary>
internal sealed class FeedChecks(AttackedRegistry registry) : Checks(registry)
{
    [Attack("I08")]
    public async Task Entities_of_XML_are_never_followed()
    {
        const string Laughs = """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY l0 "ha"><!ENTITY l1 "&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;"><!ENTITY l2 "&l1;&l1;&l1;&l1;&l1;&l1;&l1;&l1;">]>""";
        var scanning = await Registry.ScanningAsync();
        using var feeds = new FeedsInTest().Text("suse/suse.linux.enterprise.server.15.xml", $"{Laughs}<oval_definitions>&x;&l2;</oval_definitions>").Text("amazon/2023/updateinfo.xml", $"{Laughs}<updates>&x;&l2;</updates>");

        var finished = await scanning.TryImportAsync(feeds);

        Assert.NotEqual(0, finished.Code);
        Assert.Contains("DTD", finished.Output + finished.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain((await FeedsAsync(scanning)).AsArray(), static f => (string)f!["name"]! is "suse" or "amazon" && (string?)f["revision"] is not null);

        // Of a jar only the properties are read, never the pom.
        var jar = HostileFiles.Jar(("META-INF/maven/a/b/pom.xml", System.Text.Encoding.UTF8.GetBytes($"{Laughs}<project><version>&x;</version></project>")), HostileFiles.Pom("a", "b", "1"));
        var (image, repository) = (ImageOfFiles.Of(new TarBuilder().File("b.jar", jar).End().ToArray()), scanning.NewRepository());
        await image.PushAsync(scanning.UserClient, repository, "v1");
        var report = await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image.Digest, "?packages=true");
        Assert.Equal(("scanned", "1", 0), ((string)report["status"]!, (string)Assert.Single(report["packages"]!.AsArray())!["version"]!, report["problems"]!.AsArray().Count));
    }

    [Attack("I19")]
    public async Task What_is_cut_off_or_older_than_what_there_is_is_refused()
    {
        const string Ecosystem = "Maven", Feed = "osv-Maven";
        var scanning = await Registry.ScanningAsync();
        var (name, repository) = ("m" + Guid.NewGuid().ToString("n"), scanning.NewRepository());
        string[] records = [.. Enumerable.Range(0, 20).Select(i => FeedsInTest.Record($"GHSA-{i}-{name}", $"CVE-2031-{i}0000", Ecosystem, $"a:{name}", "2.0"))];
        using var feeds = new FeedsInTest().Osv(Ecosystem, records);
        var file = Path.Join(feeds.Directory, "osv", Ecosystem, "all.zip");
        var (whole, then) = (await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-10));
        File.SetLastWriteTimeUtc(file, then);
        await scanning.ImportAsync(feeds);
        var before = (await FeedsAsync(scanning)).AsArray().Single(static f => (string)f!["name"]! == Feed)!;
        Assert.Equal((true, true), ((bool)before["stale"]!, before["problem"] is null));
        var image = ImageOfFiles.Of(new TarBuilder().File("app.jar", HostileFiles.Jar(HostileFiles.Pom("a", name, "1"))).End().ToArray());
        await image.PushAsync(scanning.UserClient, repository, "v1");
        Assert.Equal(20, await FindingsAsync());
        // Who reads the report is told, but not where the feed has nothing to say.
        Assert.Contains(await WarningsAsync(image), static w => w.Contains("osv-Maven (10 days)", StringComparison.Ordinal));
        var other = ImageOfFiles.Of(ImageOfFiles.Python(name, "1"));
        await other.PushAsync(scanning.UserClient, repository, "other");
        Assert.DoesNotContain(await WarningsAsync(other), static w => w.Contains("osv-Maven", StringComparison.Ordinal));

        await RefusedAsync(whole[..(whole.Length / 2)], then.AddDays(1), "");
        feeds.Osv(Ecosystem, [.. records, FeedsInTest.Record("GHSA-old", "CVE-2031-77777", Ecosystem, $"a:{name}", "2.0")]);
        await RefusedAsync(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), then.AddDays(-1), "older than what there is");
        feeds.Osv(Ecosystem, records[..10]);
        await RefusedAsync(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), then.AddDays(1), "seems to be cut off");

        async Task<List<string>> WarningsAsync(ImageOfFiles of) => [.. (await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, of.Digest))["warnings"]!.AsArray().Select(static w => (string)w!)];

        async Task RefusedAsync(byte[] content, DateTime at, string reason)
        {
            await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
            File.SetLastWriteTimeUtc(file, at);
            Assert.NotEqual(0, (await scanning.TryImportAsync(feeds)).Code);
            await scanning.EvaluatedAsync();
            var now = (await FeedsAsync(scanning)).AsArray().Single(static f => (string)f!["name"]! == Feed)!;
            Assert.Equal(((string)before["revision"]!, (string)before["date"]!), ((string)now["revision"]!, (string)now["date"]!));
            Assert.Contains(reason, (string)now["problem"]!, StringComparison.Ordinal);
            Assert.Equal(20, await FindingsAsync());
        }

        async Task<int> FindingsAsync() => (await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image.Digest))["findings"]!.AsArray().Count;
    }

    [Attack("I20", Slow = true)]
    public static async Task An_import_that_is_cut_off_leaves_the_former_revision()
    {
        const string Ecosystem = "npm";
        await using var scanning = await Server.Registry.StartAsync<ScanningRegistry>();
        var (name, repository) = ("n" + Guid.NewGuid().ToString("n"), scanning.NewRepository());
        using var feeds = new FeedsInTest().Osv(Ecosystem, FeedsInTest.Record("GHSA-old", "CVE-2031-1", Ecosystem, name, "2.0"));
        await scanning.ImportAsync(feeds);
        var old = (string)(await FeedsAsync(scanning))[0]!["revision"]!;
        var image = ImageOfFiles.Of(ImageOfFiles.Layer(($"app/node_modules/{name}/package.json", $$"""{"name":"{{name}}","version":"1.0.0"}""")));
        await image.PushAsync(scanning.UserClient, repository, "v1");
        Assert.Equal(["CVE-2031-1"], await FindingsAsync());
        feeds.Osv(Ecosystem, [FeedsInTest.Record("GHSA-old", "CVE-2031-1", Ecosystem, name, "2.0"), FeedsInTest.Record("GHSA-new", "CVE-2031-2", Ecosystem, name, "2.0"), .. Enumerable.Range(0, 20_000).Select(static i => FeedsInTest.Record($"GHSA-{i}", $"CVE-2032-{i}", Ecosystem, $"other{i}", "1.0"))]);

        var compiled = Path.Join(scanning.DataDirectory, "feeds", "import");
        // While it is compiled, a moment later, and while it is stored. A command that finds no server would do it by itself, so the server has to have begun.
        Func<Task<bool>>[] points =
        [
            () => Task.FromResult(Directory.EnumerateFiles(compiled, "*.feed*").Any()), () => Task.FromResult(Directory.EnumerateFiles(compiled, "*.feed").Any(static f => new FileInfo(f).Length > 0)),
            async () => await scanning.CountAsync("SELECT count(*) FROM stored_file WHERE purpose = 'feed'") > 2,
        ];
        var kept = 0;
        foreach (var isThere in points)
        {
            foreach (var left in Directory.GetFiles(compiled))
                File.Delete(left);
            await scanning.RunAsync("DELETE FROM stored_file WHERE purpose = 'feed' AND storage_key NOT IN (SELECT storage_key FROM feed) AND NOT EXISTS (SELECT 1 FROM feed f WHERE f.files LIKE '%' || stored_file.storage_key || '%')");
            var importing = scanning.TryImportAsync(feeds);
            while (!importing.IsCompleted && !await isThere())
                await Task.Delay(1, TestContext.Current.CancellationToken);
            await scanning.KillAsync();
            await importing;
            await scanning.RestartAsync();
            await scanning.EvaluatedAsync();
            var isOld = (string)(await FeedsAsync(scanning))[0]!["revision"]! == old;
            Assert.Equal(isOld ? ["CVE-2031-1"] : ["CVE-2031-1", "CVE-2031-2"], await FindingsAsync());
            if (!isOld)
                break;
            kept++;
        }
        Assert.True(kept > 0, "No kill came before the import was done: this proves nothing.");

        await scanning.ImportAsync(feeds);
        Assert.Equal(["CVE-2031-1", "CVE-2031-2"], await FindingsAsync());

        async Task<string[]> FindingsAsync() => [.. (await ScanningRegistry.ScannedAsync(scanning.UserClient, repository, image.Digest))["findings"]!.AsArray().Select(static f => (string)f!["id"]!).Order(StringComparer.Ordinal)];
    }

    private static async Task<JsonNode> FeedsAsync(ScanningRegistry scanning) => JsonNode.Parse((await scanning.UserClient.ReadAsync("/api/v1/security/feeds")).Is(200).Body)!["feeds"]!;
}
