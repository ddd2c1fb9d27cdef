using Wharf.Tests.Hosting;

namespace Wharf.Tests.Server.Pruning;

/// <summary><c>wharf prune</c>, and the policy that the registry has for all.</summary>
public sealed class PruneCommandTests(DefaultPolicyRegistry registry) : IClassFixture<DefaultPolicyRegistry>
{
    [Fact]
    public async Task The_command_lists_what_would_go_and_then_it_goes()
    {
        var (client, repository) = (registry.UserClient, registry.NewRepository());
        foreach (var tag in (string[])["t1", "t2", "t3", "t4"])
            await client.PushImageAsync(repository, tag);

        var listed = await RunAsync("prune", "--dry-run", repository);

        Assert.Equal(0, listed.Code);
        foreach (var tag in (string[])["t1", "t2"])
            Assert.Contains($"goes  {repository}:{tag} ", listed.Output, StringComparison.Ordinal);
        Assert.Contains("2 of 4 tags", listed.Output, StringComparison.Ordinal);
        Assert.Equal(["t1", "t2", "t3", "t4"], await TagsAsync());
        Assert.Equal(0, (await RunAsync("prune", repository)).Code);
        Assert.Equal(["t3", "t4"], await TagsAsync());
        Assert.NotEqual(0, (await RunAsync("prune", "nobody-of-this-name")).Code);

        async Task<string[]> TagsAsync() => (await client.ReadAsync($"/v2/{repository}/tags/list")).Is(200).Json.GetProperty("tags").Strings();
    }

    private Task<Finished> RunAsync(params string[] arguments) => RunningWharf.RunAsync([.. arguments, "--data", registry.DataDirectory], registry.DataDirectory);
}
