using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Server.Security;

namespace Wharf.Tests.Server.Manifests;

/// <summary>Two images beside each other, and the packages of one.</summary>
public sealed class CompareTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Layers_packages_and_vulnerabilities_of_two_images_are_told_apart()
    {
        var (name, repository, cve) = ("p" + Convert.ToHexStringLower(Requests.RandomBytes(6)), registry.NewRepository(), $"CVE-2031-{Random.Shared.Next(100_000, 100_000_000)}");
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-A-" + name, cve + "1", "PyPI", name, "2.0"), FeedsInTest.Record("PYSEC-B-" + name, cve + "2", "PyPI", name, "9.0", "CRITICAL"),
            FeedsInTest.Record("PYSEC-C-" + name, cve + "3", "PyPI", name + "-old", "9.0", "LOW"));
        await registry.ImportAsync(feeds, "--force");
        var bottom = ImageOfFiles.Debian("12", ("libc6", "2.36-9", "glibc"), ("nonce-" + name, "1", "nonce"));
        var first = ImageOfFiles.Of(bottom, ImageOfFiles.Python(name, "1.0"), ImageOfFiles.Python(name + "-old", "1.0"));
        var second = ImageOfFiles.Of(bottom, ImageOfFiles.Python(name, "3.0"), ImageOfFiles.Python(name + "-new", "1.0"));
        await first.PushAsync(_client, repository, "one");
        await second.PushAsync(_client, repository, "two");
        await ScanningRegistry.ScannedAsync(_client, repository, first.Digest);
        await ScanningRegistry.ScannedAsync(_client, repository, second.Digest);

        var answer = await CompareAsync(repository, "one", second.Digest.ToString());

        Assert.Equal((first.Digest.ToString(), "scanned", second.Digest.ToString()), ((string)answer["from"]!["digest"]!, (string)answer["from"]!["status"]!, (string)answer["to"]!["digest"]!));
        var layers = answer["layers"]!;
        Assert.Equal([Digest.Of(bottom).ToString()], layers["shared"]!.AsArray().Select(static l => (string)l!["digest"]!));
        Assert.Equal(second.Layers.Skip(1).Select(static l => Digest.Of(l).ToString()), layers["added"]!.AsArray().Select(static l => (string)l!["digest"]!));
        Assert.Equal((bottom.Length, first.Layers.Skip(1).Sum(static l => l.Length)), ((int)layers["shared_size"]!, (int)layers["removed_size"]!));
        var packages = answer["packages"]!;
        Assert.Equal([name + "-new"], packages["added"]!.AsArray().Select(static p => (string)p!["name"]!));
        Assert.Equal([name + "-old"], packages["removed"]!.AsArray().Select(static p => (string)p!["name"]!));
        var changed = Assert.Single(packages["changed"]!.AsArray())!;
        Assert.Equal((name, "1.0", "3.0", 1), ((string)changed["name"]!, (string)changed["from"]!, (string)changed["to"]!, (int)packages["changed_count"]!));
        var vulnerabilities = answer["vulnerabilities"]!;
        Assert.Empty(vulnerabilities["added"]!.AsArray());
        Assert.Equal([(cve + "1", "High"), (cve + "3", "Low")], vulnerabilities["removed"]!.AsArray().Select(static v => ((string)v!["id"]!, (string)v["severity"]!)));
        Assert.Equal((1, 1, 2), ((int)vulnerabilities["kept_counts"]!["all"]!, (int)vulnerabilities["kept_counts"]!["critical"]!, (int)vulnerabilities["removed_counts"]!["all"]!));
        Assert.Equal(["nonce"], answer["config"]!.AsArray().Select(static c => (string)c!["name"]!));
    }

    [Fact]
    public async Task Packages_come_in_pages_by_name_with_their_worst_finding()
    {
        var (name, repository, cve) = ("p" + Convert.ToHexStringLower(Requests.RandomBytes(6)), registry.NewRepository(), $"CVE-2031-{Random.Shared.Next(100_000, 100_000_000)}");
        using var feeds = new FeedsInTest().Osv("PyPI", FeedsInTest.Record("PYSEC-A-" + name, cve + "1", "PyPI", name, "2.0"), FeedsInTest.Record("PYSEC-B-" + name, cve + "2", "PyPI", name, "9.0", "CRITICAL"));
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Debian("12", ("libssl3", "3.0.1-1", "openssl"), ("bash", "5.2-1", "bash")), ImageOfFiles.Python(name, "1.0"));
        await image.PushAsync(_client, repository, "v1");
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);

        var (all, next) = (new List<JsonNode>(), "");
        do
        {
            var page = await PackagesAsync($"?limit=2{(next.Length > 0 ? "&next_page=" + next : "")}");
            all.AddRange(page["packages"]!.AsArray().Select(static p => p!));
            next = (string?)page["next_page"] ?? "";
        }
        while (next.Length > 0);

        Assert.Equal(["bash", "libssl3", name], all.Select(static p => (string)p["name"]!));
        Assert.Equal(("openssl", "deb", Digest.Of(image.Layers[0]).ToString(), 0L), ((string)all[1]["source"]!, (string)all[1]["type"]!, (string)all[1]["layer"]!, (long)all[1]["vulnerabilities"]!));
        Assert.Equal((2L, "Critical", $"pkg:pypi/{name}@1.0"), ((long)all[2]["vulnerabilities"]!, (string)all[2]["severity"]!, (string)all[2]["purl"]!));
        Assert.Equal(["libssl3"], (await PackagesAsync("?filter=SSL"))["packages"]!.AsArray().Select(static p => (string)p!["name"]!));
        Assert.Empty((await PackagesAsync("?filter=%25"))["packages"]!.AsArray());
        var path = $"/api/v1/repository/{repository}/manifest/{image.Digest}/packages";
        (await _client.ReadAsync(path + "?limit=0")).Is(400);
        (await _client.ReadAsync(path + "?next_page=x")).Is(400);
        Assert.Empty((await PackagesAsync("?filter=%00"))["packages"]!.AsArray());

        async Task<JsonNode> PackagesAsync(string query) => JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/packages{query}")).Is(200).Body)!;
    }

    [Fact]
    public async Task Configs_are_compared_value_by_value()
    {
        var repository = registry.NewRepository();
        var layer = ImageOfFiles.Python("p", "1");
        await PushAsync("one", """{"os":"linux","config":{"Env":["PATH=/bin","OLD=1"],"Labels":{"a.b":"1"},"Cmd":["a"],"User":null},"history":[]}""");
        await PushAsync("two", """{"os":"linux","config":{"Env":["PATH=/usr/bin"],"Labels":{"a.b":"1","c":"2"},"Cmd":["a","b"]},"created":"2026-01-01T00:00:00Z"}""");

        var answer = await CompareAsync(repository, "one", "two");

        Assert.Equal([("config.Cmd", "[\"a\"]", "[\"a\",\"b\"]"), ("config.Env.OLD", "1", null), ("config.Env.PATH", "/bin", "/usr/bin"), ("config.Labels.c", null, "2"), ("created", null, "2026-01-01T00:00:00Z")],
            answer["config"]!.AsArray().Select(static c => ((string)c!["name"]!, (string?)c["from"], (string?)c["to"])));
        Assert.Empty((await CompareAsync(repository, "one", "one"))["config"]!.AsArray());

        async Task PushAsync(string tag, string config)
        {
            await _client.PushBlobAsync(repository, Encoding.UTF8.GetBytes(config));
            await _client.PushBlobAsync(repository, layer);
            (await _client.PutManifestAsync(repository, tag, JsonSerializer.SerializeToUtf8Bytes(new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = MediaTypes.OciManifest,
                ["config"] = Image.Descriptor(MediaTypes.OciConfig, Encoding.UTF8.GetBytes(config)),
                ["layers"] = new JsonArray(Image.Descriptor(MediaTypes.OciLayerGzip, layer)),
            }))).Is(201);
        }
    }

    [Fact]
    public async Task Of_indexes_the_images_for_one_platform_are_compared()
    {
        var repository = registry.NewRepository();
        var images = new List<Image>();
        for (var i = 0; i < 3; i++)
            images.Add(await _client.PushImageAsync(repository, $"i{i}"));
        await IndexAsync("a", (images[0], "linux/arm64"), (images[1], "linux/amd64"));
        await IndexAsync("b", (images[2], "linux/arm64"), (images[1], "linux/amd64"));
        await IndexAsync("c", (images[2], "windows/amd64"));

        var usual = await CompareAsync(repository, "a", "b");
        var asked = await CompareAsync(repository, "a", "b", "&platform=linux/arm64");
        // The image says of itself that it is linux/amd64.
        var mixed = await CompareAsync(repository, "i2", "b");

        Assert.Equal(("linux/amd64", images[1].Digest.ToString(), images[1].Digest.ToString()), ((string)usual["platform"]!, (string)usual["from"]!["digest"]!, (string)usual["to"]!["digest"]!));
        Assert.Equal((images[0].Digest.ToString(), images[2].Digest.ToString()), ((string)asked["from"]!["digest"]!, (string)asked["to"]!["digest"]!));
        Assert.Equal((images[2].Digest.ToString(), images[1].Digest.ToString()), ((string)mixed["from"]!["digest"]!, (string)mixed["to"]!["digest"]!));
        foreach (var query in new[] { "from=a&to=c", "from=a&to=b&platform=plan9/68k", "from=a&to=none", "from=none&to=a", "from=%00&to=a" })
            (await _client.ReadAsync($"/api/v1/repository/{repository}/compare?{query}")).Is(404);
        (await _client.ReadAsync($"/api/v1/repository/{repository}/compare?from=a")).Is(400);
        (await registry.Anonymous.ReadAsync($"/api/v1/repository/{repository}/compare?from=a&to=b")).Is(401);

        async Task IndexAsync(string tag, params (Image Image, string Platform)[] children) => (await _client.PutManifestAsync(repository, tag, JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray([.. children.Select(static c =>
            {
                var child = Image.Descriptor(MediaTypes.OciManifest, c.Image.Manifest);
                child["platform"] = new JsonObject { ["os"] = c.Platform.Split('/')[0], ["architecture"] = c.Platform.Split('/')[1] };
                return (JsonNode)child;
            })]),
        }), MediaTypes.OciIndex)).Is(201);
    }

    private async Task<JsonNode> CompareAsync(string repository, string from, string to, string more = "") =>
        JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/compare?from={from}&to={to}{more}")).Is(200).Body)!;
}
