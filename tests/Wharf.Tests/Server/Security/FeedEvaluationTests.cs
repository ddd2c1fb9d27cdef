using System.Text.Json.Nodes;

namespace Wharf.Tests.Server.Security;

/// <summary>Feeds that come at the same time, or while others are evaluated: nothing is lost, and nothing is told twice.</summary>
public sealed class FeedEvaluationTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Of_two_imports_at_once_one_is_after_the_other()
    {
        var name = "t" + Guid.NewGuid().ToString("n");
        var (repository, first) = (registry.NewRepository(), FeedsInTest.Record("GHSA-first", "CVE-2031-1", "npm", name, "2.0.0"));
        using var start = new FeedsInTest().Osv("npm", first);
        await registry.ImportAsync(start, "--force");
        var image = Npm((name, "1.0.0"));
        await image.PushAsync(_client, repository, "v1");
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);

        for (var round = 2; round < 20; round += 2)
        {
            using var one = new FeedsInTest().Osv("npm", first, Of(round));
            using var two = new FeedsInTest().Osv("npm", first, Of(round), Of(round + 1));
            var both = await Task.WhenAll(registry.TryImportAsync(one, "--force"), registry.TryImportAsync(two, "--force"));
            Assert.All(both, static finished => Assert.True(finished.Code == 0, finished.Output + finished.Errors));
            await registry.EvaluatedAsync();
            // What was imported last, as a whole.
            Assert.InRange((await FindingsAsync(repository, image)).Count, 2, 3);
        }

        await CheckEventsAsync(repository, image, 1);
        Assert.Equal(await registry.CountAsync("SELECT count(*) FROM feed") * 2, await registry.CountAsync("SELECT count(*) FROM stored_file WHERE purpose = 'feed'"));
        Assert.Equal(0, await registry.CountAsync("SELECT count(*) FROM stored_file WHERE purpose = 'feed' AND expires_ms IS NOT NULL"));

        string Of(int n) => FeedsInTest.Record($"GHSA-{n}", $"CVE-2031-{n}", "npm", name, "2.0.0");
    }

    [Fact]
    public async Task What_is_imported_while_another_revision_is_evaluated_is_what_counts()
    {
        const int Packages = 2000;
        var name = "w" + Guid.NewGuid().ToString("n");
        var repository = registry.NewRepository();
        using var feeds = new FeedsInTest().Osv("npm", FeedsInTest.Record("GHSA-none", "CVE-2031-1", "npm", "nothing-has-it", "2.0.0"));
        await registry.ImportAsync(feeds, "--force");
        var image = Npm([.. Enumerable.Range(0, Packages).Select(i => ($"{name}{i}", "1.0.0"))]);
        await image.PushAsync(_client, repository, "v1");
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);

        var overtaken = 0;
        for (var revision = 0; revision < 8; revision++)
        {
            // Each says something else of each name, or nothing.
            feeds.Osv("npm", [.. Enumerable.Range(0, Packages).Where(i => (i + revision) % 3 != 0).Select(i => FeedsInTest.Record($"GHSA-{i}", $"CVE-2032-{i}{(revision == 7 ? 0 : 1 + (revision % 4))}", "npm", $"{name}{i}", "2.0.0"))]);
            var finished = await registry.TryImportAsync(feeds, "--force");
            Assert.True(finished.Code == 0, finished.Output + finished.Errors);
            overtaken += (int)await registry.CountAsync("SELECT count(*) FROM feed WHERE name = 'osv-npm' AND evaluated_key <> storage_key");
        }
        await registry.EvaluatedAsync();

        Assert.True(overtaken > 0, "Every revision was evaluated before the next came: this proves nothing.");
        Assert.Equal(Enumerable.Range(0, Packages).Where(static i => (i + 7) % 3 != 0).Select(static i => $"CVE-2032-{i}0").Order(StringComparer.Ordinal), await FindingsAsync(repository, image));
        await CheckEventsAsync(repository, image, 0);
    }

    [Fact]
    public async Task What_only_a_revision_said_whose_file_is_lost_goes_with_the_next()
    {
        var name = "g" + Guid.NewGuid().ToString("n");
        var repository = registry.NewRepository();
        using var feeds = new FeedsInTest().Osv("RubyGems", FeedsInTest.Record("GHSA-gone", "CVE-2031-1", "RubyGems", name, "2.0"), FeedsInTest.Record("GHSA-other", "CVE-2031-2", "RubyGems", "other", "2.0"));
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Layer(($"usr/lib/ruby/gems/3.1.0/specifications/{name}-1.0.gemspec", $"# stub: {name} 1.0 ruby lib\n")));
        await image.PushAsync(_client, repository, "v1");
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);
        Assert.Equal(["CVE-2031-1"], await FindingsAsync(repository, image));

        Assert.Equal(1, await registry.RunAsync("DELETE FROM stored_file WHERE storage_key = (SELECT evaluated_key FROM feed WHERE name = 'osv-RubyGems')"));
        Directory.Delete(Path.Join(registry.DataDirectory, "feeds", "compiled"), recursive: true);
        feeds.Osv("RubyGems", FeedsInTest.Record("GHSA-other", "CVE-2031-2", "RubyGems", "other", "2.0"));
        await registry.ImportAsync(feeds, "--force");

        Assert.Empty(await FindingsAsync(repository, image));
        await CheckEventsAsync(repository, image, 1);
    }

    private static ImageOfFiles Npm(params (string Name, string Version)[] packages) => ImageOfFiles.Of(ImageOfFiles.Layer(
        [.. packages.Select(static p => ($"app/node_modules/{p.Name}/package.json", $$"""{"name":"{{p.Name}}","version":"{{p.Version}}"}"""))]));

    private async Task<List<string>> FindingsAsync(string repository, ImageOfFiles image) =>
        [.. (await ScanningRegistry.ScannedAsync(_client, repository, image.Digest))["findings"]!.AsArray().Select(static f => (string)f!["id"]!).Order(StringComparer.Ordinal)];

    /// <summary>One event for each revision, and together they tell how the findings became what they are.</summary>
    private async Task CheckEventsAsync(string repository, ImageOfFiles image, int before)
    {
        var payloads = new List<JsonNode>();
        await using (var database = await registry.OpenDatabaseAsync())
        await using (var command = database.CreateCommand())
        {
            command.CommandText = $"SELECT payload FROM event WHERE kind = 'manifest.vulnerabilities' AND digest = {registry.Sql(image.Digest)} ORDER BY id";
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
                payloads.Add(JsonNode.Parse(reader.GetString(0))!);
        }
        Assert.NotEmpty(payloads);
        Assert.Equal(payloads.Count, payloads.DistinctBy(static p => (string)p["revision"]!).Count());
        Assert.Equal((await FindingsAsync(repository, image)).Count, before + payloads.Sum(static p => (int)p["added"]! - (int)p["removed"]!));
    }
}
