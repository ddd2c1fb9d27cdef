using System.Text.Json.Nodes;
using Wharf.Oci;

namespace Wharf.Tests.Server.Security;

/// <summary>From a push to a report, and from a feed to an event.</summary>
public sealed class ScanTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task A_push_is_scanned_and_a_newer_feed_is_told_once_for_each_manifest()
    {
        var (name, cve, repository) = (NewName(), NewCve(), registry.NewRepository());
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-1-" + name, cve + "1", "PyPI", name, "2.0"));
        await registry.ImportAsync(feeds);
        var image = ImageOfFiles.Of(ImageOfFiles.Debian("12", ("libssl3", "3.0.1-1", "openssl")), ImageOfFiles.Python(name, "1.0"));

        await image.PushAsync(_client, repository, "v1");

        var report = await ScanningRegistry.ScannedAsync(_client, repository, image.Digest, "?packages=true");
        var finding = Assert.Single(report["findings"]!.AsArray())!;
        Assert.Equal(("scanned", cve + "1", "affected", "High", "2.0", "osv-PyPI"),
            ((string)report["status"]!, (string)finding["id"]!, (string)finding["status"]!, (string)finding["severity"]!, (string)finding["fixed_in"]!, (string)finding["feed"]!));
        Assert.Equal("debian", (string)report["distro"]!["id"]!);
        Assert.Equal(["libssl3", name], report["packages"]!.AsArray().Select(static p => (string)p!["name"]!).Order(StringComparer.Ordinal));
        Assert.Equal(Digest.Of(image.Layers[1]).ToString(), (string)finding["layer"]!);
        Assert.Equal(0, await EventsAsync(image.Digest));

        // The feed had said so long before the image came, and nothing is last seen before it is first.
        Assert.Equal(1, await registry.RunAsync($"UPDATE finding SET first_seen_ms = 1, last_seen_ms = 1 WHERE vulnerability = '{cve}1'"));
        finding = Assert.Single((await ScanningRegistry.ScannedAsync(_client, repository, image.Digest))["findings"]!.AsArray())!;
        Assert.StartsWith("20", (string)finding["first_seen"]!, StringComparison.Ordinal);
        Assert.Equal((string)finding["first_seen"]!, (string)finding["last_seen"]!);

        // The publisher finds two more, of which the image has one in each of two packages' names.
        feeds.Osv("PyPI", FeedsInTest.Record("PYSEC-1-" + name, cve + "1", "PyPI", name, "2.0"), FeedsInTest.Record("PYSEC-2-" + name, cve + "2", "PyPI", name, "3.0", "CRITICAL"),
            FeedsInTest.Record("PYSEC-3-" + name, cve + "3", "PyPI", name, "0.5"));
        await registry.ImportAsync(feeds);

        report = await ScanningRegistry.ScannedAsync(_client, repository, image.Digest, "?suppressed=true");
        Assert.Equal([cve + "2", cve + "1"], report["findings"]!.AsArray().Select(static f => (string)f!["id"]!));
        Assert.Equal("feed", (string)Assert.Single(report["suppressed"]!.AsArray())!["reason"]!);
        Assert.True(string.CompareOrdinal((string)report["findings"]![1]!["first_seen"]!, (string)report["findings"]![0]!["first_seen"]!) <= 0);
        Assert.Equal(1, await EventsAsync(image.Digest));

        // What is as before is no news.
        await registry.ImportAsync(feeds);
        Assert.Equal(1, await EventsAsync(image.Digest));

        // One is withdrawn.
        feeds.Osv("PyPI", FeedsInTest.Record("PYSEC-2-" + name, cve + "2", "PyPI", name, "3.0", "CRITICAL"));
        await registry.ImportAsync(feeds, "--force");
        report = await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);
        Assert.Equal([cve + "2"], report["findings"]!.AsArray().Select(static f => (string)f!["id"]!));
        Assert.Equal(2, await EventsAsync(image.Digest));
    }

    [Fact]
    public async Task An_image_whose_manifest_does_not_say_its_media_type_is_scanned_too()
    {
        var repository = registry.NewRepository();
        var whole = ImageOfFiles.Of(ImageOfFiles.Python(NewName(), "1.0"));
        var plain = JsonNode.Parse(whole.Manifest)!.AsObject();
        plain.Remove("mediaType");
        var image = whole with { Manifest = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(plain) };

        await image.PushAsync(_client, repository, "v1");

        Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(_client, repository, image.Digest))["status"]!);
    }

    [Fact]
    public async Task What_no_feed_speaks_of_is_not_said_to_be_without_vulnerabilities()
    {
        var (name, repository) = (NewName(), registry.NewRepository());
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-" + name, NewCve(), "PyPI", name, "2.0"));
        await registry.ImportAsync(feeds, "--force");
        var (unknown, known) = (ImageOfFiles.Of(ImageOfFiles.Debian("99", ("libssl3", "3.0.1-1", "openssl"))), ImageOfFiles.Of(ImageOfFiles.Python(NewName(), "1.0")));
        await unknown.PushAsync(_client, repository, "unknown");
        await known.PushAsync(_client, repository, "known");

        Assert.Contains("debian 99: its 1 packages were not looked up", (string)Assert.Single((await ScanningRegistry.ScannedAsync(_client, repository, unknown.Digest))["warnings"]!.AsArray())!, StringComparison.Ordinal);
        Assert.Empty((await ScanningRegistry.ScannedAsync(_client, repository, known.Digest))["warnings"]!.AsArray());
        var tags = (await _client.ReadAsync($"/api/v1/repository/{repository}/tag/?details=true")).Is(200).Json.GetProperty("tags").EnumerateArray()
            .ToDictionary(static t => t.GetProperty("name").GetString()!, static t => t.GetProperty("details").GetProperty("security").GetProperty("matched").GetBoolean());
        Assert.Equal((false, true), (tags["unknown"], tags["known"]));
        var now = (await _client.ReadAsync($"/api/v1/repository/{repository}/security")).Is(200).Json.GetProperty("now");
        Assert.Equal((2, 2, 1), (now.GetProperty("manifests").GetInt64(), now.GetProperty("scanned").GetInt64(), now.GetProperty("matched").GetInt64()));
    }

    [Fact]
    public async Task Quays_clients_read_the_report_in_Quays_form()
    {
        var (name, cve, repository) = (NewName(), NewCve(), registry.NewRepository());
        using var feeds = new FeedsInTest().Osv("npm", FeedsInTest.Record("GHSA-" + name, cve, "npm", name, "1.5"));
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Layer(($"app/node_modules/{name}/package.json", $$"""{"name":"{{name}}","version":"1.2.0"}""")));
        await image.PushAsync(_client, repository, "v1");
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);

        var answer = JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/security?vulnerabilities=true")).Is(200).Body)!;

        var layer = answer["data"]!["Layer"]!;
        var feature = Assert.Single(layer["Features"]!.AsArray())!;
        var vulnerability = Assert.Single(feature["Vulnerabilities"]!.AsArray())!;
        Assert.Equal(("scanned", image.Digest.ToString(), 4), ((string)answer["status"]!, (string)layer["Name"]!, (int)layer["IndexedByVersion"]!));
        Assert.Equal((name, "1.2.0", Digest.Of(image.Layers[0]).ToString()), ((string)feature["Name"]!, (string)feature["Version"]!, (string)feature["AddedBy"]!));
        Assert.Equal((cve, "High", "1.5"), ((string)vulnerability["Name"]!, (string)vulnerability["Severity"]!, (string)vulnerability["FixedBy"]!));
        Assert.Equal("", (string)vulnerability["Metadata"]!["NVD"]!["CVSSv3"]!["Vectors"]!);
    }

    [Fact]
    public async Task A_second_image_on_the_same_base_costs_only_its_new_layer()
    {
        var repository = registry.NewRepository();
        var bottom = ImageOfFiles.Debian("11", ("bash", "5.1-2", "bash"), ("nonce-" + NewName(), "1", "nonce"));
        var first = ImageOfFiles.Of(bottom, ImageOfFiles.Python("first", "1.0"));
        await first.PushAsync(_client, repository, "first");
        await ScanningRegistry.ScannedAsync(_client, repository, first.Digest);
        var before = await registry.CountAsync("SELECT count(*) FROM layer_index");

        var second = ImageOfFiles.Of(bottom, ImageOfFiles.Python("second", "1.0"));
        await second.PushAsync(_client, repository, "second");
        await ScanningRegistry.ScannedAsync(_client, repository, second.Digest);

        Assert.Equal(before + 1, await registry.CountAsync("SELECT count(*) FROM layer_index"));
    }

    [Fact]
    public async Task What_is_no_image_is_unsupported_and_what_is_no_layer_fails_and_neither_holds_up_the_next()
    {
        var repository = registry.NewRepository();
        var poison = ImageOfFiles.Of(Requests.RandomBytes(5000));
        await poison.PushAsync(_client, repository, "poison");
        var chart = Image.Random(configType: "application/vnd.cncf.helm.config.v1+json");
        await _client.PushImageAsync(repository, "chart", chart);
        var good = ImageOfFiles.Of(ImageOfFiles.Python("good", "1.0"));
        await good.PushAsync(_client, repository, "good");
        var index = Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, good.Manifest));
        (await _client.PutManifestAsync(repository, "index", index, MediaTypes.OciIndex)).Is(201);

        Assert.Equal("scanned", (string)(await ScanningRegistry.ScannedAsync(_client, repository, good.Digest))["status"]!);
        var failed = await ScanningRegistry.ScannedAsync(_client, repository, poison.Digest);
        Assert.Equal("failed", (string)failed["status"]!);
        Assert.NotEmpty((string)failed["reason"]!);
        Assert.Equal("unsupported", (string)(await ScanningRegistry.ScannedAsync(_client, repository, chart.Digest))["status"]!);
        Assert.Equal("unsupported", (string)(await ScanningRegistry.ScannedAsync(_client, repository, Digest.Of(index)))["status"]!);
    }

    [Fact]
    public async Task A_vulnerability_is_found_wherever_the_caller_may_read_and_nowhere_else()
    {
        var (name, cve, repository) = (NewName(), NewCve(), registry.NewRepository());
        using var feeds = new FeedsInTest().Osv("RubyGems", FeedsInTest.Record("GHSA-" + name, cve, "RubyGems", name, "9.0"));
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Layer(($"usr/lib/ruby/gems/3.1.0/specifications/{name}-1.0.gemspec", $"Gem::Specification.new do |s|\n  s.name = \"{name}\".freeze\n  s.version = \"1.0\"\nend\n")));
        await image.PushAsync(_client, repository, "v1");
        (await _client.PutManifestAsync(repository, "latest", image.Manifest)).Is(201);
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);
        (await _client.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        var stranger = (await registry.CreateUserAsync()).Client;

        var mine = Places(await _client.ReadAsync($"/api/v1/security/search?vulnerability={cve}"));
        var byAlias = Places(await _client.ReadAsync($"/api/v1/security/search?vulnerability=GHSA-{name}"));
        var byPackage = Places(await _client.ReadAsync($"/api/v1/security/search?package={name}"));
        var theirs = Places(await stranger.ReadAsync($"/api/v1/security/search?vulnerability={cve}"));

        var place = Assert.Single(mine)!;
        Assert.Equal((repository, image.Digest.ToString(), name, "9.0"), ((string)place["repository"]!, (string)place["manifest"]!, (string)place["package"]!, (string)place["fixed_in"]!));
        Assert.Equal(["latest", "v1"], place["tags"]!.AsArray().Select(static t => (string)t!));
        Assert.Single(byAlias);
        Assert.Single(byPackage);
        Assert.Empty(theirs);
        (await stranger.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/vulnerabilities")).Is(403);
        (await _client.ReadAsync("/api/v1/security/search")).Is(400);
        (await registry.Anonymous.ReadAsync($"/api/v1/security/search?package={name}")).Is(401);
        // Pulls are in the trail moments later.
        JsonArray pullers = [];
        await Poll.UntilAsync(async () => (pullers = JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/pullers")).Is(200).Body)!["pullers"]!.AsArray()).Count > 0);
        Assert.Equal(registry.User.Name, (string)Assert.Single(pullers)!["name"]!);
        var summary = JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/security")).Is(200).Body)!;
        Assert.Equal((1, 1, 1), ((int)summary["now"]!["manifests"]!, (int)summary["now"]!["high"]!, (int)summary["now"]!["fixable"]!));

        static JsonArray Places(Answer answer) => JsonNode.Parse(answer.Is(200).Body)!["places"]!.AsArray();
    }

    private static string NewCve() => $"CVE-2031-{System.Security.Cryptography.RandomNumberGenerator.GetInt32(100_000, 100_000_000)}";

    private static string NewName() => "p" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(6));

    private Task<long> EventsAsync(Digest manifest) => registry.CountAsync($"SELECT count(*) FROM event WHERE kind = 'manifest.vulnerabilities' AND digest = {registry.Sql(manifest)}");
}
