using Wharf.Tests.Server;

namespace Wharf.Tests.Clients;

public sealed class AddressTests : IAsyncDisposable
{
    private readonly ClientHome _home = new();

    [Fact]
    public async Task A_registry_on_IPv6_only_is_pushed_to_and_pulled_from()
    {
        await using var registry = await Registry.StartAsync<IPv6Registry>();
        await PushAndPullAsync(registry, $"[::1]:{registry.Url.Port}");
    }

    [Fact]
    public async Task Skopeo_and_podman_reach_a_registry_on_IPv6_only_by_its_name()
    {
        await using var registry = await Registry.StartAsync<IPv6Registry>();
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At("layout"));
        var digest = layout.AddImage("v1", "by a name for ::1");
        await File.WriteAllTextAsync(_home.At("hosts"), "::1 registry.test\n", TestContext.Current.CancellationToken);
        var image = $"registry.test:{registry.Url.Port}/{user.Name}/app:v1";

        // Their versions in Debian 12 take no address in brackets. A mount namespace gives them a hosts file of their own.
        await WithHostsAsync($"skopeo copy --dest-tls-verify=false --dest-creds {user.Name}:{user.Password} oci:{layout.Folder}:v1 docker://{image}");
        await WithHostsAsync($"podman --root {_home.At("storage")} --runroot {_home.At("run/storage")} --storage-driver vfs pull --tls-verify=false --creds {user.Name}:{user.Password} {image}");

        Assert.Equal(digest, (await user.Client.ManifestAsync($"{user.Name}/app", "v1")).Digest);
    }

    [Fact]
    public async Task A_registry_on_both_stacks_answers_on_either_address()
    {
        await using var registry = await Registry.StartAsync<DualStackRegistry>();
        await PushAndPullAsync(registry, $"127.0.0.1:{registry.Url.Port}");
        await PushAndPullAsync(registry, $"[::1]:{registry.Url.Port}");
        await PushAndPullAsync(registry, $"localhost:{registry.Url.Port}");
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

    private Task<string> WithHostsAsync(string command) =>
        _home.RunAsync("unshare", "--mount", "sh", "-c", $"mount --bind {_home.At("hosts")} /etc/hosts && exec {command}");

    private async Task PushAndPullAsync(Registry registry, string host)
    {
        var user = await registry.CreateUserAsync();
        var layout = new ImageLayout(_home.At($"layout-{user.Name}"));
        var digest = layout.AddImage("v1", $"through {host}");
        var image = $"{host}/{user.Name}/app:v1";

        await _home.RunAsync("crane", "auth", "login", host, "-u", user.Name, "-p", user.Password);
        await _home.RunAsync("crane", "push", "--insecure", layout.Folder, image);
        var pulled = await _home.RunAsync("crane", "digest", "--insecure", image);

        Assert.Equal(digest, pulled.Trim());
        Assert.Equal(digest, (await user.Client.ManifestAsync($"{user.Name}/app", "v1")).Digest);
    }
}
