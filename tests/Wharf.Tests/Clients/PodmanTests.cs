using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class PodmanTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task An_image_is_pushed_removed_and_pulled_again_as_the_same_image()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddBusybox("v1");
        var loaded = (await PodmanAsync("pull", $"oci:{layout.Folder}:v1")).Trim();
        await PodmanAsync("tag", loaded, At(user, "app:v1"));

        await PodmanAsync("push", "--tls-verify=false", At(user, "app:v1"));
        await PodmanAsync("rmi", "--force", loaded);
        var pulled = (await PodmanAsync("pull", "--quiet", "--tls-verify=false", At(user, "app:v1"))).Trim();

        Assert.Equal(loaded, pulled);
        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", manifest.MediaType);
        await user.Client.WholeImageAsync($"{user.Name}/app", manifest);
    }

    [Fact]
    public async Task An_image_is_pushed_in_docker_format_and_pulled_by_digest()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "pulled by digest");
        var loaded = (await PodmanAsync("pull", $"oci:{layout.Folder}:v1")).Trim();

        await PodmanAsync("push", "--tls-verify=false", "--format", "v2s2", "--digestfile", _home.At("digest"), loaded, $"docker://{At(user, "app:v1")}");
        var digest = await File.ReadAllTextAsync(_home.At("digest"), TestContext.Current.CancellationToken);
        await PodmanAsync("rmi", "--force", loaded);
        await PodmanAsync("pull", "--tls-verify=false", At(user, $"app@{digest}"));

        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", digest);
        Assert.Equal("application/vnd.docker.distribution.manifest.v2+json", manifest.MediaType);
        Assert.Equal(digest, (await user.Client.ManifestAsync($"{user.Name}/app", "v1")).Digest);
    }

    [Fact]
    public async Task Layers_compressed_with_zstd_are_kept_as_they_are()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "compressed by podman");
        var loaded = (await PodmanAsync("pull", $"oci:{layout.Folder}:v1")).Trim();

        await PodmanAsync("push", "--tls-verify=false", "--compression-format", "zstd", loaded, $"docker://{At(user, "app:v1")}");
        await PodmanAsync("rmi", "--force", loaded);
        await PodmanAsync("pull", "--tls-verify=false", At(user, "app:v1"));

        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal("application/vnd.oci.image.layer.v1.tar+zstd", manifest.Json.GetProperty("layers")[0].GetProperty("mediaType").GetString());
    }

    [Fact]
    public async Task A_manifest_list_is_pushed_with_its_images()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("one", "for one machine");
        layout.AddImage("two", "for another machine");
        await PodmanAsync("manifest", "create", "list");
        await PodmanAsync("manifest", "add", "--arch", "amd64", "list", $"oci:{layout.Folder}:one");
        await PodmanAsync("manifest", "add", "--arch", "arm64", "list", $"oci:{layout.Folder}:two");

        await PodmanAsync("manifest", "push", "--tls-verify=false", "--all", "list", $"docker://{At(user, "app:v1")}");

        var index = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal(2, index.Children.Length);
        foreach (var child in index.Children)
        {
            await user.Client.WholeImageAsync($"{user.Name}/app", await user.Client.ManifestAsync($"{user.Name}/app", child));
        }
    }

    [Fact]
    public async Task A_wrong_password_is_refused_and_a_logout_forgets_the_right_one()
    {
        var user = await registry.CreateUserAsync();

        var wrong = await _home.RefusedAsync([.. Podman, "login", "--tls-verify=false", "-u", user.Name, "-p", "wrong", registry.Host]);
        await PodmanAsync("login", "--tls-verify=false", "-u", user.Name, "-p", user.Password, registry.Host);
        var who = await PodmanAsync("login", "--get-login", registry.Host);
        await PodmanAsync("logout", registry.Host);
        var nobody = await _home.RefusedAsync([.. Podman, "login", "--get-login", registry.Host]);

        Assert.Contains("invalid username/password", wrong, StringComparison.Ordinal);
        Assert.Equal(user.Name, who.Trim());
        Assert.Contains("not logged into", nobody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anybody_pulls_a_public_image_and_nobody_a_private_one()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "public or not");
        await PodmanAsync("tag", (await PodmanAsync("pull", $"oci:{layout.Folder}:v1")).Trim(), At(user, "app:v1"));
        await PodmanAsync("push", "--tls-verify=false", At(user, "app:v1"));
        await PodmanAsync("logout", registry.Host);

        var refusal = await _home.RefusedAsync([.. Podman, "pull", "--tls-verify=false", At(user, "app:v1")]);
        await Registry.SetPublicAsync(user, "app", true);
        await PodmanAsync("pull", "--tls-verify=false", At(user, "app:v1"));

        Assert.Matches("(?i)unauthorized|denied|authentication required", refusal);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string[] Podman => ["podman", "--root", _home.At("storage"), "--runroot", _home.At("run/storage"), "--storage-driver", "vfs"];

    private string At(Account user, string image) => $"{registry.Host}/{user.Name}/{image}";

    private Task<string> PodmanAsync(params string[] arguments) => _home.RunAsync([.. Podman, .. arguments]);

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await PodmanAsync("login", "--tls-verify=false", "-u", user.Name, "-p", user.Password, registry.Host);
        return user;
    }
}
