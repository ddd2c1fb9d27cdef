using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class DockerTests : IClassFixture<Registry>, IClassFixture<DockerEngine>, IAsyncDisposable
{
    private readonly ClientHome _home = new();
    private readonly Registry _registry;

    public DockerTests(Registry registry, DockerEngine engine)
    {
        _registry = registry;
        engine.Serve(_home);
    }

    [Fact]
    public async Task An_image_is_pushed_removed_and_pulled_and_runs()
    {
        var user = await SignInAsync();
        await ImportBusyboxAsync(At(user, "app:v1"));

        await DockerAsync("push", At(user, "app:v1"));
        await DockerAsync("rmi", "--force", At(user, "app:v1"));
        await DockerAsync("pull", At(user, "app:v1"));
        var said = await DockerAsync("run", "--rm", "--network", "none", At(user, "app:v1"), "/bin/busybox", "echo", "ran");

        Assert.Equal("ran\n", said);
        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal("application/vnd.docker.distribution.manifest.v2+json", manifest.MediaType);
        await user.Client.WholeImageAsync($"{user.Name}/app", manifest);
    }

    [Fact]
    public async Task A_layer_that_another_repository_has_is_mounted()
    {
        var user = await SignInAsync();
        await ImportBusyboxAsync(At(user, "one:v1"));
        await DockerAsync("push", At(user, "one:v1"));
        await DockerAsync("tag", At(user, "one:v1"), At(user, "two:v1"));

        var push = await DockerAsync("push", At(user, "two:v1"));

        Assert.Contains($"Mounted from {user.Name}/one", push, StringComparison.Ordinal);
        await user.Client.WholeImageAsync($"{user.Name}/two", await user.Client.ManifestAsync($"{user.Name}/two", "v1"));
    }

    [Fact]
    public async Task All_tags_of_a_repository_are_pushed_and_pulled_at_once()
    {
        var user = await SignInAsync();
        await ImportBusyboxAsync(At(user, "app:v1"));
        await DockerAsync("tag", At(user, "app:v1"), At(user, "app:v2"));

        await DockerAsync("push", "--all-tags", At(user, "app"));
        await DockerAsync("pull", "--all-tags", At(user, "app"));

        Assert.Equal(["v1", "v2"], await user.Client.TagsAsync($"{user.Name}/app"));
    }

    [Fact]
    public async Task A_build_starts_from_an_image_of_the_registry_and_is_pushed_and_pulled_by_digest()
    {
        var user = await SignInAsync();
        await ImportBusyboxAsync(At(user, "base:1"));
        await DockerAsync("push", At(user, "base:1"));
        Directory.CreateDirectory(_home.At("context"));
        await File.WriteAllTextAsync(_home.At("context/Dockerfile"), $"FROM {At(user, "base:1")}\nCOPY added /added\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_home.At("context/added"), "on top", TestContext.Current.CancellationToken);

        _home.Variables["DOCKER_BUILDKIT"] = "1";
        await DockerAsync("build", "--pull", "--network", "host", "--tag", At(user, "app:v1"), _home.At("context"));
        await DockerAsync("push", At(user, "app:v1"));
        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        await DockerAsync("pull", At(user, $"app@{manifest.Digest}"));

        Assert.Equal(2, manifest.LayerDigests.Length);
        Assert.Equal((await user.Client.ManifestAsync($"{user.Name}/base", "1")).LayerDigests[0], manifest.LayerDigests[0]);
    }

    [Fact]
    public async Task A_manifest_list_of_pushed_images_is_pushed()
    {
        var user = await SignInAsync();
        foreach (var tag in new[] { "a", "b" })
        {
            await ImportBusyboxAsync(At(user, $"app:{tag}"));
            await DockerAsync("push", At(user, $"app:{tag}"));
        }

        await DockerAsync("manifest", "create", "--insecure", At(user, "app:all"), At(user, "app:a"), At(user, "app:b"));
        await DockerAsync("manifest", "annotate", "--arch", "arm64", At(user, "app:all"), At(user, "app:b"));
        await DockerAsync("manifest", "push", "--insecure", At(user, "app:all"));

        var list = await user.Client.ManifestAsync($"{user.Name}/app", "all");
        Assert.Equal("application/vnd.docker.distribution.manifest.list.v2+json", list.MediaType);
        Assert.Equal(2, list.Children.Length);
    }

    [Fact]
    public async Task Wrong_passwords_and_missing_rights_are_refused_with_words_that_help()
    {
        var user = await SignInAsync();
        var stranger = await _registry.CreateUserAsync();
        await ImportBusyboxAsync(At(user, "app:v1"));
        await DockerAsync("push", At(user, "app:v1"));

        var wrong = await _home.RefusedAsync("docker", "login", "-u", user.Name, "-p", "wrong", _registry.Host);
        await DockerAsync("login", "-u", stranger.Name, "-p", stranger.Password, _registry.Host);
        var pull = await _home.RefusedAsync("docker", "pull", At(user, "app:v1"));
        var push = await _home.RefusedAsync("docker", "push", At(user, "app:v1"));
        await DockerAsync("logout", _registry.Host);
        await Registry.SetPublicAsync(user, "app", true);
        await DockerAsync("pull", At(user, "app:v1"));

        Assert.Contains("unauthorized", wrong, StringComparison.Ordinal);
        Assert.Matches("(?i)denied|unauthorized", pull);
        Assert.Matches("(?i)denied|unauthorized", push);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"{_registry.Host}/{user.Name}/{image}";

    private Task<string> DockerAsync(params string[] arguments) => _home.RunAsync(["docker", .. arguments]);

    /// <summary>An image of one layer that no other test's engine cache knows, so that it is really transferred.</summary>
    private async Task ImportBusyboxAsync(string name)
    {
        var root = _home.At("rootfs");
        Directory.CreateDirectory(Path.Combine(root, "bin"));
        File.Copy("/bin/busybox", Path.Combine(root, "bin/busybox"), overwrite: true);
        await File.WriteAllTextAsync(Path.Combine(root, "unique"), Guid.NewGuid().ToString(), TestContext.Current.CancellationToken);
        await _home.RunAsync("tar", "-C", root, "-cf", _home.At("rootfs.tar"), ".");
        await DockerAsync("import", _home.At("rootfs.tar"), name);
    }

    private async Task<Account> SignInAsync()
    {
        var user = await _registry.CreateUserAsync();
        await _home.RunWithInputAsync(user.Password, "docker", "login", "-u", user.Name, "--password-stdin", _registry.Host);
        return user;
    }
}
