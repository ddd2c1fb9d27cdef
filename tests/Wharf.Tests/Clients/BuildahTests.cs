using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class BuildahTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Theory]
    [InlineData("oci", "application/vnd.oci.image.manifest.v1+json")]
    [InlineData("v2s2", "application/vnd.docker.distribution.manifest.v2+json")]
    public async Task An_image_made_from_scratch_is_pushed_and_pulled(string format, string mediaType)
    {
        var user = await SignInAsync();
        await File.WriteAllTextAsync(_home.At("hello.txt"), "from scratch", TestContext.Current.CancellationToken);
        var container = (await BuildahAsync("from", "scratch")).Trim();
        await BuildahAsync("copy", container, _home.At("hello.txt"), "/hello.txt");
        await BuildahAsync("config", "--label", "team=harbour", container);
        var image = (await BuildahAsync("commit", "--quiet", "--format", format == "oci" ? "oci" : "docker", container, At(user, "app:v1"))).Trim();

        await BuildahAsync("push", "--tls-verify=false", "--format", format, At(user, "app:v1"));
        await BuildahAsync("rm", "--all");
        await BuildahAsync("rmi", "--all", "--force");
        var pulled = (await BuildahAsync("pull", "--quiet", "--tls-verify=false", At(user, "app:v1"))).Trim();

        Assert.Equal(image, pulled);
        var manifest = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        Assert.Equal(mediaType, manifest.MediaType);
        await user.Client.WholeImageAsync($"{user.Name}/app", manifest);
    }

    [Fact]
    public async Task A_build_starts_from_an_image_of_the_registry_and_pushes_on_top_of_it()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("base", "the base");
        await _home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", $"oci:{layout.Folder}:base", $"docker://{At(user, "base:1")}");
        Directory.CreateDirectory(_home.At("context"));
        await File.WriteAllTextAsync(_home.At("context/Containerfile"), $"FROM {At(user, "base:1")}\nCOPY added /added\n", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(_home.At("context/added"), "on top", TestContext.Current.CancellationToken);

        await BuildahAsync("build", "--isolation", "chroot", "--tls-verify=false", "--layers", "--tag", At(user, "app:v1"), _home.At("context"));
        await BuildahAsync("push", "--tls-verify=false", At(user, "app:v1"));

        Assert.Equal(2, (await user.Client.ManifestAsync($"{user.Name}/app", "v1")).LayerDigests.Length);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"{registry.Host}/{user.Name}/{image}";

    private Task<string> BuildahAsync(params string[] arguments) =>
        _home.RunAsync(["buildah", "--root", _home.At("storage"), "--runroot", _home.At("run/storage"), "--storage-driver", "vfs", .. arguments]);

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await BuildahAsync("login", "--tls-verify=false", "-u", user.Name, "-p", user.Password, registry.Host);
        return user;
    }
}
