using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Wharf.Oci;
using Wharf.Tests.Clients;

namespace Wharf.Tests.Server.Security;

/// <summary>SBOMs that are attached to images: as referrers, by cosign's tags, and by the attestations in an index.</summary>
public sealed class AttachedSbomTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private const string CycloneDx = "application/vnd.cyclonedx+json";
    private const string Spdx = "application/spdx+json";
    private readonly HttpClient _client = registry.UserClient;

    [Theory]
    [InlineData(CycloneDx)]
    [InlineData(Spdx)]
    public async Task An_SBOM_that_comes_later_tells_of_packages_of_which_the_image_shows_none(string mediaType)
    {
        var (name, repository) = ("s" + Guid.NewGuid().ToString("n"), registry.NewRepository());
        using var feeds = new FeedsInTest().Osv("Go", FeedsInTest.Record("GO-" + name, "CVE-2031-1", "Go", $"example.com/{name}", "2.0.0")).Osv("PyPI", FeedsInTest.Record("PYSEC-" + name, "CVE-2031-2", "PyPI", name, "2.0"));
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0"));
        await image.PushAsync(_client, repository, "v1");
        Assert.Empty((await ScanningRegistry.ScannedAsync(_client, repository, image.Digest))["findings"]!.AsArray());

        var sbom = Sbom(mediaType, $"pkg:golang/example.com/{name}@v1.0.0", $"pkg:pypi/{name}@1.0");
        var referrer = await AttachAsync(repository, image, mediaType, sbom);

        var report = await UntilAsync(repository, image, static r => r["findings"]!.AsArray().Count > 0);
        var finding = Assert.Single(report["findings"]!.AsArray())!;
        // Its Python packages are those that are there.
        Assert.Equal(("CVE-2031-1", $"example.com/{name}", Digest.Of(sbom).ToString()), ((string)finding["id"]!, (string)finding["package"]!, (string)finding["layer"]!));
        Assert.StartsWith(referrer.ToString(), (string)Assert.Single(finding["locations"]!.AsArray())!, StringComparison.Ordinal);
        Assert.Equal([$"example.com/{name}", "shown"], report["packages"]!.AsArray().Select(static p => (string)p!["name"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task An_SBOM_of_a_distribution_is_matched_as_that_distributions()
    {
        var (name, repository) = ("s" + Guid.NewGuid().ToString("n"), registry.NewRepository());
        using var feeds = new FeedsInTest().Text("debian/json", $$"""{"{{name}}":{"CVE-2031-7":{"scope":"remote","releases":{"bookworm":{"status":"resolved","repositories":{"bookworm":"2.0-1"},"fixed_version":"2.0-1","urgency":"high"} } } } }""");
        await registry.ImportAsync(feeds, "--force");
        var image = ImageOfFiles.Of(ImageOfFiles.Layer(("nothing", "at all"), ("nonce", name)));
        await image.PushBlobsAsync(_client, repository);
        await AttachAsync(repository, image, CycloneDx, Sbom(CycloneDx, $"pkg:deb/debian/{name}@1.0-1?arch=amd64&distro=debian-12"));
        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);

        var report = await UntilAsync(repository, image, static r => r["findings"]!.AsArray().Count > 0);

        Assert.Equal(("CVE-2031-7", "2.0-1"), ((string)report["findings"]![0]!["id"]!, (string)report["findings"]![0]!["fixed_in"]!));
        Assert.Equal("debian", (string)report["distro"]!["id"]!);
    }

    [Fact]
    public async Task What_is_attached_elsewhere_is_not_in_the_report_of_anothers_image()
    {
        var (mine, name) = (registry.NewRepository(), "s" + Guid.NewGuid().ToString("n"));
        var stranger = await registry.CreateUserAsync();
        var image = ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0"));
        await image.PushAsync(_client, mine, "v1");
        await image.PushAsync(stranger.Client, $"{stranger.Name}/copy", "v1");
        await ScanningRegistry.ScannedAsync(_client, mine, image.Digest);

        var sbom = Sbom(CycloneDx, $"pkg:npm/{name}@1.0.0");
        var referrer = await AttachAsync($"{stranger.Name}/copy", image, CycloneDx, sbom, stranger.Client);
        await AgainAsync(image, referrer);
        Assert.Equal(["shown"], await NamesAsync(_client, mine, image));

        await AttachAsync(mine, image, CycloneDx, sbom);
        await registry.RunAsync($"UPDATE scan SET due_ms = 0, queued_ms = 0, attempts = 0 WHERE manifest = {registry.Sql(image.Digest)}");
        await UntilAsync(mine, image, r => r["packages"]!.AsArray().Any(p => (string)p!["name"]! == name));
    }

    [Theory]
    [InlineData("cosign2", "attach", "sbom", "--sbom", "sbom.json", "--type", "cyclonedx")]
    [InlineData("cosign2", "attest", "--yes", "--key", "cosign.key", "--predicate", "sbom.json", "--type", "cyclonedx", "--tlog-upload=false")]
    [InlineData("cosign3", "attest", "--yes", "--key", "cosign.key", "--predicate", "sbom.json", "--type", "cyclonedx", "--use-signing-config=false", "--tlog-upload=false")]
    public async Task What_cosign_attaches_or_attests_is_read(params string[] command)
    {
        await using var home = new ClientHome { Variables = { ["COSIGN_PASSWORD"] = "" } };
        var (user, name) = (await registry.CreateUserAsync(), "s" + Guid.NewGuid().ToString("n"));
        var (repository, image) = ($"{user.Name}/app", ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0")));
        await image.PushAsync(user.Client, repository, "v1");
        await ScanningRegistry.ScannedAsync(user.Client, repository, image.Digest);
        await File.WriteAllBytesAsync(home.At("sbom.json"), Sbom(CycloneDx, $"pkg:npm/{name}@1.0.0"), TestContext.Current.CancellationToken);
        await home.RunAsync(command[0], "login", registry.Host, "-u", user.Name, "-p", user.Password);
        await home.RunAsync(command[0], "generate-key-pair");

        await home.RunAsync([.. command, $"{registry.Host}/{repository}@{image.Digest}"]);

        await UntilAsync(repository, image, r => r["packages"]!.AsArray().Any(p => (string)p!["name"]! == name), user.Client);
    }

    [Fact]
    public async Task What_BuildKit_attests_beside_an_image_in_an_index_is_read_for_that_image()
    {
        var (repository, name) = (registry.NewRepository(), "s" + Guid.NewGuid().ToString("n"));
        var (image, other) = (ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0")), ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0")));
        await image.PushAsync(_client, repository, "amd64");
        await other.PushAsync(_client, repository, "arm64");
        var (sbom, provenance) = (Statement("https://spdx.dev/Document", Sbom(Spdx, $"pkg:npm/{name}@1.0.0")), Statement("https://slsa.dev/provenance/v1", "{}"u8.ToArray()));
        var config = Encoding.UTF8.GetBytes("""{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}""");
        foreach (var blob in new[] { sbom, provenance, config })
            await _client.PushBlobAsync(repository, blob);
        var attestation = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["config"] = Image.Descriptor(MediaTypes.OciConfig, config),
            ["layers"] = new JsonArray(Layer(sbom, "https://spdx.dev/Document"), Layer(provenance, "https://slsa.dev/provenance/v1")),
        });
        (await _client.PutManifestAsync(repository, Digest.Of(attestation).ToString(), attestation)).Is(201);
        await ScanningRegistry.ScannedAsync(_client, repository, image.Digest);
        await ScanningRegistry.ScannedAsync(_client, repository, other.Digest);
        var of = Image.Descriptor(MediaTypes.OciManifest, attestation);
        of["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        of["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest", ["vnd.docker.reference.digest"] = image.Digest.ToString() };
        var index = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciIndex,
            ["manifests"] = new JsonArray(Image.Descriptor(MediaTypes.OciManifest, image.Manifest), Image.Descriptor(MediaTypes.OciManifest, other.Manifest), of),
        });

        (await _client.PutManifestAsync(repository, "latest", index, MediaTypes.OciIndex)).Is(201);

        var report = await UntilAsync(repository, image, r => r["packages"]!.AsArray().Any(p => (string)p!["name"]! == name));
        Assert.Empty(report["problems"]!.AsArray());
        await AgainAsync(other, Digest.Of(index));
        Assert.Equal(["shown"], await NamesAsync(_client, repository, other));

        // In a second repository only the image is: there nobody has said it, and so it is not said anywhere.
        await image.PushAsync(_client, registry.NewRepository(), "v1");
        await registry.RunAsync($"UPDATE scan SET due_ms = 0, queued_ms = 0, attempts = 0 WHERE manifest = {registry.Sql(image.Digest)}");
        await UntilAsync(repository, image, static r => r["packages"]!.AsArray().Count == 1);

        static JsonObject Layer(byte[] statement, string predicate)
        {
            var descriptor = Image.Descriptor("application/vnd.in-toto+json", statement);
            descriptor["annotations"] = new JsonObject { ["in-toto.io/predicate-type"] = predicate };
            return descriptor;
        }
    }

    [Theory]
    [InlineData("application/vnd.cyclonedx+xml", """<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><bom xmlns="http://cyclonedx.org/schema/bom/1.4"><components><component type="library"><name>&x;</name></component></components></bom>""", "DTD")]
    [InlineData(CycloneDx, "garbage", "no SBOM")]
    [InlineData(Spdx, "{\"spdxVersion\":\"SPDX-2.3\",\"packages\":[", "broken")]
    public async Task A_broken_SBOM_is_a_problem_and_no_failure(string mediaType, string content, string problem)
    {
        var repository = registry.NewRepository();
        var image = ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0"));
        await image.PushBlobsAsync(_client, repository);
        await AttachAsync(repository, image, mediaType, Encoding.UTF8.GetBytes(content));
        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);

        var report = await UntilAsync(repository, image, static r => r["problems"]!.AsArray().Count > 0);

        Assert.Equal("scanned", (string)report["status"]!);
        Assert.Contains(problem, (string)Assert.Single(report["problems"]!.AsArray())!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_too_many_SBOMs_the_first_are_read()
    {
        var repository = registry.NewRepository();
        var image = ImageOfFiles.Of(ImageOfFiles.Python("shown", "1.0"));
        await image.PushBlobsAsync(_client, repository);
        for (var n = 0; n < 17; n++)
            await AttachAsync(repository, image, CycloneDx, Sbom(CycloneDx, $"pkg:npm/a{n:00}@1.0.0"));
        (await _client.PutManifestAsync(repository, "v1", image.Manifest)).Is(201);

        var report = await UntilAsync(repository, image, static r => r["problems"]!.AsArray().Count > 0);

        Assert.Equal(17, report["packages"]!.AsArray().Count);
        Assert.StartsWith("More than 16 SBOMs", (string)Assert.Single(report["problems"]!.AsArray())!, StringComparison.Ordinal);
    }

    private static async Task<string[]> NamesAsync(HttpClient client, string repository, ImageOfFiles image) =>
        [.. (await ScanningRegistry.ScannedAsync(client, repository, image.Digest, "?packages=true"))["packages"]!.AsArray().Select(static p => (string)p!["name"]!)];

    private static byte[] Statement(string predicateType, byte[] predicate) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["_type"] = "https://in-toto.io/Statement/v0.1",
        ["predicateType"] = predicateType,
        ["subject"] = new JsonArray(),
        ["predicate"] = JsonNode.Parse(predicate),
    });

    private static byte[] Sbom(string mediaType, params string[] purls) => JsonSerializer.SerializeToUtf8Bytes(mediaType == CycloneDx
        ? new JsonObject { ["bomFormat"] = "CycloneDX", ["specVersion"] = "1.5", ["components"] = new JsonArray([.. purls.Select(static p => (JsonNode)new JsonObject { ["type"] = "library", ["name"] = "x", ["purl"] = p })]) }
        : new JsonObject
        {
            ["spdxVersion"] = "SPDX-2.3",
            ["packages"] = new JsonArray([.. purls.Select(static p => (JsonNode)new JsonObject { ["name"] = "x", ["externalRefs"] = new JsonArray(new JsonObject { ["referenceType"] = "purl", ["referenceLocator"] = p }) })]),
        });

    private async Task<Digest> AttachAsync(string repository, ImageOfFiles image, string mediaType, byte[] sbom, HttpClient? client = null)
    {
        client ??= _client;
        var empty = "{}"u8.ToArray();
        await client.PushBlobAsync(repository, empty);
        await client.PushBlobAsync(repository, sbom);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.OciManifest,
            ["artifactType"] = "sbom/example",
            ["config"] = Image.Descriptor("application/vnd.oci.empty.v1+json", empty),
            ["layers"] = new JsonArray(Image.Descriptor(mediaType, sbom)),
            ["subject"] = Image.Descriptor(MediaTypes.OciManifest, image.Manifest),
        });
        var digest = Digest.Of(manifest);
        (await client.PutManifestAsync(repository, digest.ToString(), manifest)).Is(201);
        return digest;
    }

    private Task<JsonNode> UntilAsync(string repository, ImageOfFiles image, Func<JsonNode, bool> isThere, HttpClient? client = null) => Poll.UntilAsync<JsonNode>(async () =>
    {
        var report = JsonNode.Parse((await (client ?? _client).ReadAsync($"/api/v1/repository/{repository}/manifest/{image.Digest}/vulnerabilities?packages=true")).Is(200).Body)!;
        return (string)report["status"]! == "scanned" && isThere(report) ? report : null!;
    });

    /// <summary>Waits until a referrer was seen, and its image scanned again for it.</summary>
    private Task<bool> AgainAsync(ImageOfFiles image, Digest referrer) => Poll.UntilAsync(async () =>
        await registry.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {registry.Sql(referrer)} AND due_ms IS NULL") == 1
        && await registry.CountAsync($"SELECT count(*) FROM scan WHERE manifest = {registry.Sql(image.Digest)} AND due_ms IS NULL") == 1);
}
