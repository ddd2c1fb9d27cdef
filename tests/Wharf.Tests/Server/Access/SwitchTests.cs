using Wharf.Oci;

namespace Wharf.Tests.Server.Access;

/// <summary>A registry with every switch of issue 2 turned the other way.</summary>
public sealed class SwitchTests(SwitchTests.TurnedRegistry registry) : IClassFixture<SwitchTests.TurnedRegistry>
{
    [Fact]
    public async Task Without_anonymous_access_nothing_is_read_without_an_account()
    {
        var user = await registry.CreateUserAsync();
        var image = await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        await user.Client.SetPublicAsync($"{user.Name}/app", isPublic: true);

        (await registry.Anonymous.ReadAsync($"/v2/{user.Name}/app/manifests/v1")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.ReadAsync($"/v2/{user.Name}/app/blobs/{image.LayerDigest}")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.ReadAsync($"/v2/{user.Name}/app/tags/list")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.ReadAsync("/v2/_catalog")).Is(401, "UNAUTHORIZED");
        (await registry.Anonymous.ReadAsync($"/v2/auth?scope=repository:{user.Name}/app:pull")).Is(401, "UNAUTHORIZED");
        (await (await registry.CreateUserAsync()).Client.ReadAsync($"/v2/{user.Name}/app/manifests/v1")).Is(200);
    }

    [Fact]
    public async Task Without_CreatePrivateRepoOnPush_a_push_makes_a_public_repository()
    {
        var (owner, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());

        await owner.Client.PushImageAsync($"{owner.Name}/app", "v1");

        (await other.Client.ReadAsync($"/v2/{owner.Name}/app/manifests/v1")).Is(200);
    }

    [Fact]
    public async Task With_CreateNamespaceOnPush_a_push_makes_an_organization_that_the_pusher_owns()
    {
        var (owner, other) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var organization = $"org{Guid.NewGuid():n}";
        var token = await owner.Client.TokenAsync($"repository:{organization}/app:pull,push");

        await owner.Client.PushImageAsync($"{organization}/app", "v1");

        (await registry.Anonymous.WithTokenAsync(token, "POST", $"/v2/{organization}/second/blobs/uploads/", [])).Is(401, "UNAUTHORIZED");
        await owner.Client.PushImageAsync($"{organization}/second", "v1");
        (await other.Client.SendAsync("POST", $"/v2/{organization}/app/blobs/uploads/", [])).Is(403, "DENIED");
        (await other.Client.SendAsync("POST", $"/v2/{organization}/third/blobs/uploads/", [])).Is(403, "DENIED");
        await owner.Client.SetPublicAsync($"{organization}/app", isPublic: false);
        (await other.Client.ReadAsync($"/v2/{organization}/app/manifests/v1")).Is(403, "DENIED");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("two__low")]
    [InlineData("two--dashes")]
    public async Task A_push_makes_no_organization_under_a_name_that_none_can_have(string name)
    {
        var owner = await registry.CreateUserAsync();

        (await owner.Client.SendAsync("POST", $"/v2/{name}/app/blobs/uploads/?digest={Digest.Of("x"u8)}", "x"u8.ToArray())).Is(403, "DENIED");
    }

    [Fact]
    public async Task A_refused_push_makes_no_namespace()
    {
        var (one, two) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var organization = $"org{Guid.NewGuid():n}";

        (await one.Client.PutManifestAsync($"{organization}/app", "v1", Image.Random().Manifest)).Is(404, "MANIFEST_BLOB_UNKNOWN");
        (await one.Client.SendAsync("POST", $"/v2/{organization}/app/blobs/uploads/?digest={Digest.Of("x"u8)}", [])).Is(400, "DIGEST_INVALID");
        await one.Client.StartUploadAsync($"{organization}/app");

        await two.Client.PushImageAsync($"{organization}/app", "v1");
    }

    [Fact]
    public async Task With_CreateNamespaceOnPush_nothing_is_made_by_reading()
    {
        var (one, two) = (await registry.CreateUserAsync(), await registry.CreateUserAsync());
        var organization = $"org{Guid.NewGuid():n}";

        (await one.Client.ReadAsync($"/v2/{organization}/app/manifests/v1")).Is(404, "NAME_UNKNOWN");
        await one.Client.TokenAsync($"repository:{organization}/app:pull,push");

        await two.Client.PushImageAsync($"{organization}/app", "v1");
    }

    [Fact]
    public async Task Without_SparseIndexes_a_child_that_is_not_here_is_404_MANIFEST_BLOB_UNKNOWN()
    {
        var user = await registry.CreateUserAsync();
        var child = await user.Client.PushImageAsync($"{user.Name}/app", "v1");
        var missing = Image.Random();

        var refused = (await user.Client.PutManifestAsync($"{user.Name}/app", "multi",
            Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, child.Manifest), (MediaTypes.OciManifest, missing.Manifest)), MediaTypes.OciIndex)).Is(404, "MANIFEST_BLOB_UNKNOWN");

        Assert.Equal(missing.Digest.ToString(), refused.Detail);
        (await user.Client.PutManifestAsync($"{user.Name}/app", "multi", Image.Index(MediaTypes.OciIndex, (MediaTypes.OciManifest, child.Manifest)), MediaTypes.OciIndex)).Is(201);
    }

    [Fact]
    public async Task Without_LibrarySupport_a_name_of_one_part_is_400_NAME_INVALID() =>
        (await registry.Client.ReadAsync("/v2/busybox/manifests/v1")).Is(400, "NAME_INVALID");

    [Fact]
    public async Task OCI_Chunk_Min_Length_tells_the_configured_size()
    {
        var user = await registry.CreateUserAsync();

        Assert.Equal("1048576", (await user.Client.SendAsync("POST", $"/v2/{user.Name}/app/blobs/uploads/", [])).Is(202).Header("OCI-Chunk-Min-Length"));
    }

    [Fact]
    public async Task A_blob_over_MaxBlobBytes_is_413_however_it_comes()
    {
        var user = await registry.CreateUserAsync();
        var large = new byte[(2 << 20) + 1];
        var location = await user.Client.StartUploadAsync($"{user.Name}/app");

        (await user.Client.SendAsync("POST", $"/v2/{user.Name}/app/blobs/uploads/?digest={Digest.Of(large)}", large)).Is(413, "SIZE_INVALID");
        (await user.Client.SendAsync("PATCH", location, large)).Is(413, "SIZE_INVALID");
        (await user.Client.SendAsync("PUT", $"{location}?digest={Digest.Of(large)}", large)).Is(413, "SIZE_INVALID");
    }

    public sealed class TurnedRegistry : Registry
    {
        protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
        {
            ["Auth:PasswordRounds"] = "1000",
            ["Auth:AnonymousAccess"] = "false",
            ["Registry:CreatePrivateRepoOnPush"] = "false",
            ["Registry:CreateNamespaceOnPush"] = "true",
            ["Registry:SparseIndexes"] = "false",
            ["Registry:LibrarySupport"] = "false",
            ["Registry:ChunkMinLength"] = "1048576",
            ["Registry:MaxBlobBytes"] = "2097152",
        };
    }
}
