using System.Net;
using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class CraneTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task A_layout_is_pushed_listed_and_pulled_with_the_same_digest()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "one", "two");

        var pushed = await _home.RunAsync("crane", "push", layout.Folder, At(user, "app:v1"));
        var tags = await _home.RunAsync("crane", "ls", At(user, "app"));
        var said = await _home.RunAsync("crane", "digest", At(user, "app:v1"));
        await _home.RunAsync("crane", "pull", "--format", "oci", At(user, "app:v1"), _home.At("back"));
        await _home.RunAsync("crane", "validate", "--remote", At(user, "app:v1"));

        // crane pushes a layout with one image as that image
        Assert.Equal($"{At(user, $"app@{digest}")}\n", pushed);
        Assert.Equal("v1\n", tags);
        Assert.Equal($"{digest}\n", said);
        Assert.Equal(layout.Blob(digest), await File.ReadAllBytesAsync(_home.At($"back/blobs/sha256/{digest["sha256:".Length..]}"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Copying_to_another_repository_mounts_the_layers()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "shared by two repositories");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "one:v1"));

        var copy = await _home.StartAsync(["crane", "copy", At(user, "one:v1"), At(user, "two:v1")], input: null);

        Assert.True(copy.ExitCode == 0, copy.ToString());
        Assert.Contains("mounted blob", copy.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("pushed blob", copy.Error, StringComparison.Ordinal);
        var manifest = await user.Client.ManifestAsync($"{user.Name}/two", "v1");
        Assert.Equal(digest, manifest.Digest);
        await user.Client.WholeImageAsync($"{user.Name}/two", manifest);
    }

    [Fact]
    public async Task A_blob_of_somebody_elses_private_repository_is_not_mounted()
    {
        var owner = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "a secret that only its owner may read");
        await _home.RunAsync("crane", "push", layout.Folder, At(owner, "secret:v1"));
        var thief = await registry.CreateUserAsync();
        var blob = (await owner.Client.ManifestAsync($"{owner.Name}/secret", "v1")).LayerDigests[0];

        using var mount = await thief.Client.PostAsync($"/v2/{thief.Name}/loot/blobs/uploads/?mount={blob}&from={owner.Name}/secret", null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Accepted, mount.StatusCode); // an upload begins instead: distribution-spec, mounting a blob
        Assert.Equal(HttpStatusCode.NotFound, await thief.Client.StatusAsync(HttpMethod.Get, $"/v2/{thief.Name}/loot/blobs/{blob}"));
    }

    [Fact]
    public async Task Tagging_and_mutating_make_new_manifests_of_the_same_layers()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "to be labelled");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "app:v1"));

        await _home.RunAsync("crane", "tag", At(user, "app:v1"), "v1.0");
        await _home.RunAsync("crane", "mutate", "--label", "team=harbour", "--tag", At(user, "app:labelled"), At(user, "app:v1"));

        var same = await user.Client.ManifestAsync($"{user.Name}/app", "v1.0");
        var labelled = await user.Client.ManifestAsync($"{user.Name}/app", "labelled");
        Assert.Equal(digest, same.Digest);
        Assert.NotEqual(digest, labelled.Digest);
        Assert.Equal(same.LayerDigests, labelled.LayerDigests);
        var config = JsonDocument.Parse(await user.Client.BlobAsync($"{user.Name}/app", labelled.BlobDigests[0])).RootElement;
        Assert.Equal("harbour", config.GetProperty("config").GetProperty("Labels").GetProperty("team").GetString());
    }

    [Fact]
    public async Task Appending_a_layer_adds_it_on_top()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "the base");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "app:v1"));
        await File.WriteAllTextAsync(_home.At("new-file"), "on top", TestContext.Current.CancellationToken);
        await _home.RunAsync("tar", "-cf", _home.At("layer.tar"), "new-file");

        await _home.RunAsync("crane", "append", "--base", At(user, "app:v1"), "--new_layer", _home.At("layer.tar"), "--new_tag", At(user, "app:v2"));
        await _home.RunAsync("crane", "export", At(user, "app:v2"), _home.At("files.tar"));

        var one = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        var two = await user.Client.ManifestAsync($"{user.Name}/app", "v2");
        Assert.Equal(2, two.LayerDigests.Length);
        Assert.Equal(one.LayerDigests[0], two.LayerDigests[0]);
        Assert.Contains("new-file", await _home.RunAsync("tar", "-tf", _home.At("files.tar")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_is_copied_with_its_children()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddMultiArchitectureImage("v1", "for two machines");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "app:v1"));

        await _home.RunAsync("crane", "copy", At(user, "app:v1"), At(user, "copy:v1"));
        var arm = await _home.RunAsync("crane", "digest", "--platform", "linux/arm64", At(user, "copy:v1"));

        var index = await user.Client.ManifestAsync($"{user.Name}/copy", "v1");
        Assert.Equal(digest, index.Digest);
        Assert.Equal(index.Children[1], arm.Trim());
        await user.Client.WholeImageAsync($"{user.Name}/copy", await user.Client.ManifestAsync($"{user.Name}/copy", index.Children[0]));
    }

    [Fact]
    public async Task Deleting_by_digest_takes_the_tags_with_it()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "to be deleted");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "app:v1"));

        await _home.RunAsync("crane", "delete", At(user, $"app@{digest}"));

        await _home.RefusedAsync("crane", "digest", At(user, "app:v1"));
        Assert.Equal(HttpStatusCode.NotFound, await user.Client.StatusAsync(HttpMethod.Get, $"/v2/{user.Name}/app/manifests/v1"));
    }

    [Fact]
    public async Task The_catalog_shows_what_the_caller_may_see()
    {
        var user = await SignInAsync();
        var other = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "listed");
        await _home.RunAsync("crane", "push", layout.Folder, At(user, "mine:v1"));

        var mine = await _home.RunAsync("crane", "catalog", registry.Host);
        await _home.RunAsync("crane", "auth", "login", registry.Host, "-u", other.Name, "-p", other.Password);
        var others = await _home.RunAsync("crane", "catalog", registry.Host);

        Assert.Contains($"{user.Name}/mine", mine.Split('\n'));
        Assert.DoesNotContain($"{user.Name}/mine", others.Split('\n'));
    }

    [Fact]
    public async Task A_deep_repository_name_is_a_name_like_any_other()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "five levels deep");

        await _home.RunAsync("crane", "push", layout.Folder, At(user, "a/b/c/manifests/blobs:v1"));

        Assert.Equal(digest, (await user.Client.ManifestAsync($"{user.Name}/a/b/c/manifests/blobs", "v1")).Digest);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"{registry.Host}/{user.Name}/{image}";

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await _home.RunAsync("crane", "auth", "login", registry.Host, "-u", user.Name, "-p", user.Password);
        return user;
    }
}
