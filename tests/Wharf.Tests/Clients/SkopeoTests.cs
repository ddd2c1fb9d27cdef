using System.Net;
using System.Text.Json;
using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class SkopeoTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task An_OCI_image_arrives_and_leaves_byte_for_byte()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "first layer", "second layer");

        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "app:v1"));
        await CopyAsync(At(user, "app:v1"), $"oci:{_home.At("back")}:v1");

        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal(digest, manifest.Digest);
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", manifest.MediaType);
        Assert.Equal(layout.Blob(digest), manifest.Bytes);
        var back = new DirectoryInfo(_home.At("back/blobs/sha256")).GetFiles();
        Assert.Equal(4, back.Length);
        Assert.All(back, f => Assert.Equal(layout.Blob("sha256:" + f.Name), File.ReadAllBytes(f.FullName)));
    }

    [Fact]
    public async Task A_docker_schema_2_image_keeps_its_media_types()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "a docker layer");

        await CopyAsync("--format", "v2s2", $"oci:{layout.Folder}:v1", At(user, "app:v1"));
        await CopyAsync(At(user, "app:v1"), $"dir:{_home.At("back")}");

        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal("application/vnd.docker.distribution.manifest.v2+json", manifest.MediaType);
        Assert.Equal("application/vnd.docker.container.image.v1+json", manifest.Json.GetProperty("config").GetProperty("mediaType").GetString());
        Assert.Equal(manifest.Bytes, await File.ReadAllBytesAsync(_home.At("back/manifest.json"), TestContext.Current.CancellationToken));
        await user.Client.WholeImageAsync($"{user.Name}/app", manifest);
    }

    [Theory]
    [InlineData("oci", "application/vnd.oci.image.index.v1+json")]
    [InlineData("v2s2", "application/vnd.docker.distribution.manifest.list.v2+json")]
    public async Task Copying_all_architectures_brings_the_list_and_each_image(string format, string listType)
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddMultiArchitectureImage("v1", "hello");

        await CopyAsync("--all", "--format", format, $"oci:{layout.Folder}:v1", At(user, "app:v1"));
        await CopyAsync("--all", At(user, "app:v1"), $"dir:{_home.At("back")}");

        var list = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal(listType, list.MediaType);
        Assert.Equal(2, list.Children.Length);
        foreach (var child in list.Children)
        {
            await user.Client.WholeImageAsync($"{user.Name}/app", await user.Client.ManifestAsync($"{user.Name}/app", child));
        }
    }

    [Fact]
    public async Task An_image_is_pushed_and_pulled_by_digest_alone()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "found by its digest");

        await CopyAsync($"oci:{layout.Folder}:v1", At(user, $"app@{digest}"));
        await CopyAsync(At(user, $"app@{digest}"), $"dir:{_home.At("back")}");

        Assert.Equal(layout.Blob(digest), await File.ReadAllBytesAsync(_home.At("back/manifest.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Inspect_and_list_tags_tell_what_was_pushed()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "looked at");
        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "app:v1"));
        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "app:latest"));

        var inspected = JsonDocument.Parse(await _home.RunAsync("skopeo", "inspect", "--tls-verify=false", At(user, "app:v1"))).RootElement;
        var raw = await _home.RunAsync("skopeo", "inspect", "--raw", "--tls-verify=false", At(user, "app:v1"));
        var tags = JsonDocument.Parse(await _home.RunAsync("skopeo", "list-tags", "--tls-verify=false", At(user, "app"))).RootElement;

        Assert.Equal(digest, inspected.GetProperty("Digest").GetString());
        Assert.Equal(layout.Blob(digest), System.Text.Encoding.UTF8.GetBytes(raw));
        Assert.Equal(["latest", "v1"], tags.GetProperty("Tags").EnumerateArray().Select(t => t.GetString()));
    }

    [Fact]
    public async Task A_deleted_image_is_gone()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "short-lived");
        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "app:v1"));

        await _home.RunAsync("skopeo", "delete", "--tls-verify=false", At(user, "app:v1"));

        Assert.Equal(HttpStatusCode.NotFound, await user.Client.StatusAsync(HttpMethod.Get, $"/v2/{user.Name}/app/manifests/v1"));
        Assert.Equal(HttpStatusCode.NotFound, await user.Client.StatusAsync(HttpMethod.Get, $"/v2/{user.Name}/app/manifests/{digest}"));
    }

    [Fact]
    public async Task A_wrong_password_signs_nobody_in_and_pushes_nothing()
    {
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "never arrives");

        var login = await _home.RefusedAsync("skopeo", "login", "--tls-verify=false", "-u", user.Name, "-p", "wrong" + user.Password, registry.Host);
        await _home.RefusedAsync("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"{user.Name}:wrong", $"oci:{layout.Folder}:v1", At(user, "app:v1"));

        Assert.Contains("invalid username/password", login, StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.OK, await user.Client.StatusAsync(HttpMethod.Get, $"/v2/{user.Name}/app/manifests/v1"));
    }

    [Fact]
    public async Task Anybody_may_pull_what_is_public_and_nobody_what_is_private()
    {
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "for everybody");
        foreach (var repository in new[] { "open", "closed" })
        {
            await CopyAsync("--dest-creds", $"{user.Name}:{user.Password}", $"oci:{layout.Folder}:v1", At(user, $"{repository}:v1"));
        }
        await Registry.SetPublicAsync(user, "open", true);
        var stranger = await registry.CreateUserAsync();

        await CopyAsync("--src-no-creds", At(user, "open:v1"), $"dir:{_home.At("back")}");
        await _home.RefusedAsync("skopeo", "copy", "--src-tls-verify=false", "--src-no-creds", At(user, "closed:v1"), $"dir:{_home.At("closed")}");
        await _home.RefusedAsync("skopeo", "copy", "--src-tls-verify=false", "--src-creds", $"{stranger.Name}:{stranger.Password}", At(user, "closed:v1"), $"dir:{_home.At("closed")}");
        await _home.RefusedAsync("skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", $"{stranger.Name}:{stranger.Password}", $"oci:{layout.Folder}:v1", At(user, "open:v2"));

        Assert.True(File.Exists(_home.At("back/manifest.json")));
        Assert.Equal(["v1"], await user.Client.TagsAsync($"{user.Name}/open"));
    }

    [Fact]
    public async Task A_layer_that_another_repository_has_is_mounted()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", $"shared by two repositories of {user.Name}");
        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "one:v1"));

        var copy = await _home.StartAsync(["skopeo", "--debug", "copy", "--dest-tls-verify=false", $"oci:{layout.Folder}:v1", At(user, "two:v1")], input: null);

        Assert.True(copy.ExitCode == 0, copy.ToString());
        Assert.Contains("... mount OK", copy.Error, StringComparison.Ordinal);
        await user.Client.WholeImageAsync($"{user.Name}/two", await user.Client.ManifestAsync($"{user.Name}/two", "v1"));
    }

    [Fact]
    public async Task What_was_pushed_is_there_after_a_restart()
    {
        await using var own = await Registry.StartAsync();
        var user = await own.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "outlives the process");
        var image = $"docker://{own.Host}/{user.Name}/app:v1";
        await CopyAsync("--dest-creds", $"{user.Name}:{user.Password}", $"oci:{layout.Folder}:v1", image);

        await own.RestartAsync();
        await CopyAsync("--src-creds", $"{user.Name}:{user.Password}", image, $"dir:{_home.At("back")}");

        Assert.Equal(layout.Blob(digest), await File.ReadAllBytesAsync(_home.At("back/manifest.json"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Logging_out_forgets_the_credentials()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "private");
        await CopyAsync($"oci:{layout.Folder}:v1", At(user, "app:v1"));

        await _home.RunAsync("skopeo", "logout", registry.Host);

        await _home.RefusedAsync("skopeo", "inspect", "--tls-verify=false", At(user, "app:v1"));
    }

    [Fact, Trait("Speed", "Slow")]
    public async Task A_layer_of_256_MiB_arrives_and_leaves_whole()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddLargeImage("v1", 256 << 20);

        await CopyAsync("--preserve-digests", $"oci:{layout.Folder}:v1", At(user, "large:v1"));
        await CopyAsync("--preserve-digests", At(user, "large:v1"), $"dir:{_home.At("back")}"); // skopeo checks each blob's digest

        Assert.Equal(digest, (await user.Client.ManifestAsync($"{user.Name}/large", "v1")).Digest);
        Assert.Contains(new DirectoryInfo(_home.At("back")).GetFiles(), f => f.Length > 256 << 20);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"docker://{registry.Host}/{user.Name}/{image}";

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await _home.RunAsync("skopeo", "login", "--tls-verify=false", "-u", user.Name, "-p", user.Password, registry.Host);
        return user;
    }

    private Task<string> CopyAsync(params string[] arguments) =>
        _home.RunAsync(["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", .. arguments]);
}
