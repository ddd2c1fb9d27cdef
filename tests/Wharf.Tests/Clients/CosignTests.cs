using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

/// <summary>Signs with a key and without a transparency log. A signature is kept in a tag named after the digest (legacy) or hangs on the image as a referrer (OCI 1.1).</summary>
public sealed class CosignTests : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();
    private readonly Registry _registry;

    public CosignTests(Registry registry)
    {
        _registry = registry;
        _home.Variables["COSIGN_PASSWORD"] = "";
    }

    [Fact]
    public async Task Cosign_2_signs_into_a_tag_and_verifies()
    {
        var (user, image) = await SignedInWithImageAsync("cosign2");

        await _home.RunAsync("cosign2", "sign", "--yes", "--key", "cosign.key", "--tlog-upload=false", image);
        var verified = await VerifyAsync("cosign2", image);

        var digest = image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..];
        Assert.Equal(digest, SignedDigest(verified));
        Assert.Contains(SignatureTag(digest), await user.Client.TagsAsync($"{user.Name}/app"));
    }

    [Fact]
    public async Task Cosign_2_signs_into_a_referrer_and_verifies()
    {
        var (user, image) = await SignedInWithImageAsync("cosign2");
        _home.Variables["COSIGN_EXPERIMENTAL"] = "1";

        await _home.RunAsync("cosign2", "sign", "--yes", "--key", "cosign.key", "--tlog-upload=false", "--registry-referrers-mode=oci-1-1", image);
        var verified = await VerifyAsync("cosign2", image, "--experimental-oci11");

        var digest = image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..];
        Assert.Equal(digest, SignedDigest(verified));
        Assert.Equal(["application/vnd.dev.cosign.artifact.sig.v1+json"], await ReferrerTypesAsync(user, digest));
        Assert.Equal(["v1"], await user.Client.TagsAsync($"{user.Name}/app"));
    }

    [Fact]
    public async Task Cosign_3_signs_into_a_bundle_that_refers_to_the_image_and_verifies()
    {
        var (user, image) = await SignedInWithImageAsync("cosign3");

        await _home.RunAsync("cosign3", "sign", "--yes", "--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", image);
        var verified = await VerifyAsync("cosign3", image);

        var digest = image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..];
        Assert.Equal(digest, SignedDigest(verified));
        Assert.Equal(["application/vnd.dev.sigstore.bundle.v0.3+json"], await ReferrerTypesAsync(user, digest));
        Assert.Equal(["v1"], await user.Client.TagsAsync($"{user.Name}/app"));
    }

    [Fact]
    public async Task Cosign_3_signs_into_a_tag_and_verifies()
    {
        var (user, image) = await SignedInWithImageAsync("cosign3");

        await _home.RunAsync("cosign3", "sign", "--yes", "--key", "cosign.key", "--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false", image);
        var verified = await VerifyAsync("cosign3", image);

        var digest = image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..];
        Assert.Equal(digest, SignedDigest(verified));
        Assert.Contains(SignatureTag(digest), await user.Client.TagsAsync($"{user.Name}/app"));
    }

    [Fact]
    public async Task An_attestation_is_attached_and_verified()
    {
        var (user, image) = await SignedInWithImageAsync("cosign3");
        await File.WriteAllTextAsync(_home.At("predicate.json"), """{"scanned":true}""", TestContext.Current.CancellationToken);

        await _home.RunAsync("cosign3", "attest", "--yes", "--key", "cosign.key", "--predicate", "predicate.json", "--type", "custom", "--use-signing-config=false", "--tlog-upload=false", image);
        var verified = await _home.RunAsync("cosign3", "verify-attestation", "--key", "cosign.pub", "--type", "custom", "--insecure-ignore-tlog=true", image);

        Assert.False(string.IsNullOrWhiteSpace(JsonDocument.Parse(verified).RootElement.GetProperty("payload").GetString()));
        Assert.Single(await ReferrerTypesAsync(user, image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..]));
    }

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3", "--new-bundle-format=false", "--use-signing-config=false")]
    public async Task An_immutable_image_is_attested_and_signed_again_and_again(string cosign, params string[] format)
    {
        var (user, image) = await SignedInWithImageAsync(cosign);
        var policies = $"/api/v1/repository/{user.Name}/app/immutabilitypolicy/";
        using var policy = new StringContent("""{"tagPattern":".*"}""", System.Text.Encoding.UTF8, "application/json");
        using var made = await user.Client.PostAsync(policies, policy, TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.Created, made.StatusCode);

        foreach (var scan in new[] { "first", "second" })
        {
            await File.WriteAllTextAsync(_home.At("predicate.json"), $$"""{"scan":"{{scan}}"}""", TestContext.Current.CancellationToken);
            await _home.RunAsync([cosign, "attest", "--yes", "--key", "cosign.key", "--predicate", "predicate.json", "--type", "custom", .. format, "--tlog-upload=false", image]);
            await _home.RunAsync([cosign, "sign", "--yes", "--key", "cosign.key", .. format, "--tlog-upload=false", "-a", $"scan={scan}", image]);
        }

        var verified = await _home.RunAsync(cosign, "verify-attestation", "--key", "cosign.pub", "--type", "custom", "--insecure-ignore-tlog=true", image);
        Assert.Equal(2, verified.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var digest = image[(image.IndexOf('@', StringComparison.Ordinal) + 1)..].Replace(':', '-');
        Assert.Equal([$"{digest}.att", $"{digest}.sig", "v1"], (await user.Client.TagsAsync($"{user.Name}/app")).Order(StringComparer.Ordinal));
        // The image itself stays where it is.
        var layout = new ImageLayout(_home.At("other"));
        layout.AddImage("v1", "another");
        Assert.Contains("TAG_IMMUTABLE", await _home.RefusedAsync("crane", "push", layout.Folder, $"{_registry.Host}/{user.Name}/app:v1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cosign2")]
    [InlineData("cosign3")]
    public async Task An_image_without_a_signature_does_not_verify(string cosign)
    {
        var (_, image) = await SignedInWithImageAsync(cosign);

        var refusal = await _home.RefusedAsync(cosign, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", image);

        Assert.Contains("no signatures found", refusal, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private static string SignatureTag(string digest) => digest.Replace(':', '-') + ".sig";

    private static string? SignedDigest(JsonElement verified) =>
        verified[0].GetProperty("critical").GetProperty("image").GetProperty("docker-manifest-digest").GetString();

    private async Task<JsonElement> VerifyAsync(string cosign, string image, params string[] more) =>
        JsonDocument.Parse(await _home.RunAsync([cosign, "verify", "--key", "cosign.pub", "--insecure-ignore-tlog=true", .. more, image])).RootElement;

    private static async Task<string[]> ReferrerTypesAsync(Account user, string digest)
    {
        using var document = JsonDocument.Parse(await user.Client.GetStringAsync($"/v2/{user.Name}/app/referrers/{digest}", TestContext.Current.CancellationToken));
        return [.. document.RootElement.GetProperty("manifests").EnumerateArray().Select(m => m.GetProperty("artifactType").GetString()!)];
    }

    /// <summary>A user signed in to the registry, with a key pair and an image, which is answered by digest.</summary>
    private async Task<(Account User, string Image)> SignedInWithImageAsync(string cosign)
    {
        var user = await _registry.CreateUserAsync();
        await _home.RunAsync(cosign, "login", _registry.Host, "-u", user.Name, "-p", user.Password);
        await _home.RunAsync(cosign, "generate-key-pair");
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "to be signed");
        await _home.RunAsync("crane", "push", layout.Folder, $"{_registry.Host}/{user.Name}/app:v1");
        return (user, $"{_registry.Host}/{user.Name}/app@{digest}");
    }
}
