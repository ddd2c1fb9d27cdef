using System.Text.Json.Nodes;

namespace Wharf.Tests.Server.Security;

/// <summary>What Quay's clients ask of signatures and of how far the scanner is.</summary>
public sealed class SignatureTests(ScanningRegistry registry) : IClassFixture<ScanningRegistry>
{
    private readonly HttpClient _client = registry.UserClient;

    [Fact]
    public async Task Tags_that_cosign_and_notation_signed_are_told_with_the_digests_of_their_manifests()
    {
        var repository = registry.NewRepository();
        var (beside, attached, both) = (await _client.PushImageAsync(repository, "beside"), await _client.PushImageAsync(repository, "attached"), await _client.PushImageAsync(repository, "both"));
        await _client.PushImageAsync(repository, "unsigned");
        await _client.PushImageAsync(repository, $"sha256-{Convert.ToHexStringLower(beside.Digest.Span)}.sig");
        await _client.PushImageAsync(repository, "sha256-nothing.sig");
        foreach (var (image, type) in ((Image, string)[])[(attached, "application/vnd.dev.sigstore.bundle.v0.3+json"), (both, "application/vnd.dev.cosign.artifact.sig.v1+json"), (both, "application/vnd.cncf.notary.signature"), (both, "application/spdx+json")])
        {
            var signature = Image.Random(artifactType: type, subject: image.Digest);
            await _client.PushBlobAsync(repository, signature.Config);
            await _client.PushBlobAsync(repository, signature.Layer);
            (await _client.PutManifestAsync(repository, signature.Digest.ToString(), signature.Manifest)).Is(201);
        }

        var delegations = JsonNode.Parse((await _client.ReadAsync($"/api/v1/repository/{repository}/signatures")).Is(200).Body)!["delegations"]!.AsObject();

        Assert.Equal(["cosign", "notation"], delegations.Select(static d => d.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["attached", "beside", "both"], delegations["cosign"]!["targets"]!.AsObject().Select(static t => t.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["both"], delegations["notation"]!["targets"]!.AsObject().Select(static t => t.Key));
        var target = delegations["cosign"]!["targets"]!["beside"]!;
        Assert.Equal((Convert.ToBase64String(beside.Digest.Span), beside.Manifest.Length), ((string)target["hashes"]!["sha256"]!, (int)target["length"]!));
        Assert.Null(delegations["cosign"]!["expiration"]);
        (await _client.ReadAsync($"/api/v1/repository/{registry.NewRepository()}/signatures")).Is(404);
    }

    [Fact]
    public async Task Anybody_may_know_how_far_the_scanner_is() =>
        Assert.InRange((double)JsonNode.Parse((await registry.Anonymous.ReadAsync("/secscan/_backfill_status")).Is(200).Body)!["backfill_percent"]!, 0, 1);
}
