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
    public async Task A_registry_on_both_stacks_answers_on_either_address()
    {
        await using var registry = await Registry.StartAsync<DualStackRegistry>();
        await PushAndPullAsync(registry, $"127.0.0.1:{registry.Url.Port}");
        await PushAndPullAsync(registry, $"[::1]:{registry.Url.Port}");
        await PushAndPullAsync(registry, $"localhost:{registry.Url.Port}");
    }

    public async ValueTask DisposeAsync() => await _home.DisposeAsync();

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
