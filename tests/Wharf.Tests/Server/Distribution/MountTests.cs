using Wharf.Oci;

namespace Wharf.Tests.Server.Distribution;

/// <summary>distribution-spec 1.1.1, "Mounting a blob from another repository" (end-11).</summary>
public sealed class MountTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private HttpClient Client => registry.UserClient;

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_blob_of_ones_own_is_mounted_and_pulled_from_the_target()
    {
        var (from, to, content) = (registry.NewRepository(), registry.NewRepository(), Requests.RandomBytes(1000));
        var digest = await Client.PushBlobAsync(from, content);

        var mount = (await Client.SendAsync("POST", $"/v2/{to}/blobs/uploads/?mount={digest}&from={from}", [])).Is(201);

        Assert.Equal($"/v2/{to}/blobs/{digest}", mount.Location);
        Assert.Equal(digest.ToString(), mount.Header("Docker-Content-Digest"));
        Assert.Equal(content, (await Client.ReadAsync(mount.Location)).Is(200).Body);
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task Without_from_the_blob_is_found_where_the_caller_may_read()
    {
        var (from, to) = (registry.NewRepository(), registry.NewRepository());
        var digest = await Client.PushBlobAsync(from, Requests.RandomBytes(1000));

        (await Client.SendAsync("POST", $"/v2/{to}/blobs/uploads/?mount={digest}", [])).Is(201);
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task Without_from_a_strangers_private_blob_is_not_found()
    {
        var stranger = await registry.CreateUserAsync();
        var content = Requests.RandomBytes(1000);
        var digest = await stranger.Client.PushBlobAsync($"{stranger.Name}/private", content);

        var start = (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads/?mount={digest}", [])).Is(202);

        (await Client.SendAsync("PUT", $"{start.Location}?digest={digest}", content)).Is(201);
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_source_that_the_caller_may_not_read_or_that_does_not_exist_falls_back_to_an_upload()
    {
        var stranger = await registry.CreateUserAsync();
        var digest = await stranger.Client.PushBlobAsync($"{stranger.Name}/private", Requests.RandomBytes(1000));

        foreach (var from in new[] { $"{stranger.Name}/private", $"{stranger.Name}/nothing", "nobody/nothing", registry.NewRepository(), "NOT/A/NAME" })
        {
            var (to, mount) = (registry.NewRepository(), $"?mount={digest}&from={from}");
            var start = (await Client.SendAsync("POST", $"/v2/{to}/blobs/uploads/{mount}", [])).Is(202);

            Assert.StartsWith($"/v2/{to}/blobs/uploads/", start.Location, StringComparison.Ordinal);
            (await Client.ReadAsync($"/v2/{to}/blobs/{digest}")).Is(404);
        }
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_strangers_public_repository_is_a_source()
    {
        var stranger = await registry.CreateUserAsync();
        var digest = await stranger.Client.PushBlobAsync($"{stranger.Name}/open", Requests.RandomBytes(1000));
        (await stranger.Client.SendAsync("POST", $"/api/v1/repository/{stranger.Name}/open/changevisibility", """{"visibility":"public"}"""u8.ToArray(), ("Content-Type", "application/json"))).Is(200);

        (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads/?mount={digest}&from={stranger.Name}/open", [])).Is(201);
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_mount_from_a_repository_that_lost_the_blob_is_202_even_while_another_has_it()
    {
        var (holder, empty) = (registry.NewRepository(), registry.NewRepository());
        var digest = await Client.PushBlobAsync(holder, Requests.RandomBytes(1000));
        await Client.PushImageAsync(empty, "v1");

        (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads/?mount={digest}&from={empty}", [])).Is(202);
    }

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_malformed_digest_is_400() =>
        (await Client.SendAsync("POST", $"/v2/{registry.NewRepository()}/blobs/uploads/?mount=sha256:zz&from={registry.NewRepository()}", [])).Is(400, "DIGEST_INVALID");

    [Fact, Trait("Spec", "mounting-a-blob-from-another-repository end-11")]
    public async Task A_fallback_that_is_left_alone_makes_no_repository()
    {
        var to = registry.NewRepository();

        (await Client.SendAsync("POST", $"/v2/{to}/blobs/uploads/?mount={Digest.Of("nowhere"u8)}&from={registry.NewRepository()}", [])).Is(202);

        (await Client.ReadAsync($"/v2/{to}/tags/list")).Is(404, "NAME_UNKNOWN");
    }
}
