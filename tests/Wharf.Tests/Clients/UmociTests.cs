using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class UmociTests(Registry registry) : IClassFixture<Registry>, IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task A_layout_that_umoci_made_goes_through_the_registry_and_umoci_unpacks_it_again()
    {
        var user = await SignInAsync();
        await _home.RunAsync("umoci", "init", "--layout", _home.At("made"));
        await _home.RunAsync("umoci", "new", "--image", $"{_home.At("made")}:v1");
        await _home.RunAsync("umoci", "unpack", "--image", $"{_home.At("made")}:v1", _home.At("bundle"));
        await File.WriteAllTextAsync(_home.At("bundle/rootfs/hello.txt"), "layered by umoci", TestContext.Current.CancellationToken);
        await _home.RunAsync("umoci", "repack", "--image", $"{_home.At("made")}:v2", _home.At("bundle"));

        await _home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", $"oci:{_home.At("made")}:v2", At(user, "app:v2"));
        await _home.RunAsync("skopeo", "copy", "--src-tls-verify=false", At(user, "app:v2"), $"oci:{_home.At("back")}:v2");
        await _home.RunAsync("umoci", "unpack", "--image", $"{_home.At("back")}:v2", _home.At("unpacked"));

        Assert.Equal("layered by umoci", await File.ReadAllTextAsync(_home.At("unpacked/rootfs/hello.txt"), TestContext.Current.CancellationToken));
        await user.Client.WholeImageAsync($"{user.Name}/app", await user.Client.ManifestAsync($"{user.Name}/app", "v2"));
    }

    [Fact]
    public async Task A_layer_that_umoci_adds_to_a_pulled_image_is_pushed_on_top()
    {
        var user = await SignInAsync();
        var layout = new ImageLayout(_home.At("layout"));
        layout.AddImage("v1", "the base");
        await _home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", $"oci:{layout.Folder}:v1", At(user, "app:v1"));
        await _home.RunAsync("skopeo", "copy", "--src-tls-verify=false", At(user, "app:v1"), $"oci:{_home.At("work")}:v1");
        await File.WriteAllTextAsync(_home.At("added"), "on top", TestContext.Current.CancellationToken);

        await _home.RunAsync("umoci", "insert", "--image", $"{_home.At("work")}:v1", "--tag", "v2", _home.At("added"), "/added");
        await _home.RunAsync("skopeo", "copy", "--dest-tls-verify=false", $"oci:{_home.At("work")}:v2", At(user, "app:v2"));

        var one = await user.Client.ManifestAsync($"{user.Name}/app", "v1");
        var two = await user.Client.ManifestAsync($"{user.Name}/app", "v2");
        Assert.Equal(2, two.LayerDigests.Length);
        Assert.Equal(one.LayerDigests[0], two.LayerDigests[0]);
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private string At(Account user, string image) => $"docker://{registry.Host}/{user.Name}/{image}";

    private async Task<Account> SignInAsync()
    {
        var user = await registry.CreateUserAsync();
        await _home.RunAsync("skopeo", "login", "--tls-verify=false", "-u", user.Name, "-p", user.Password, registry.Host);
        return user;
    }
}
