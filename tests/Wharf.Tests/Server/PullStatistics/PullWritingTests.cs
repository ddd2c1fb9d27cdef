namespace Wharf.Tests.Server.PullStatistics;

/// <summary>When counts of pulls are written.</summary>
public sealed class PullWritingTests
{
    [Fact]
    public async Task What_was_counted_is_written_when_the_server_stops()
    {
        await using var registry = await Registry.StartAsync<SlowlyCountingRegistry>();
        var repository = registry.NewRepository();
        await registry.UserClient.PushImageAsync(repository, "v1");
        for (var i = 0; i < 5; i++)
            (await registry.UserClient.ReadAsync($"/v2/{repository}/manifests/v1")).Is(200);
        Assert.Equal(0, await CountAsync(registry, repository, "v1"));

        await registry.RestartAsync();

        Assert.Equal(5, await CountAsync(registry, repository, "v1"));
    }

    [Fact]
    public async Task Much_is_written_early()
    {
        await using var registry = await Registry.StartAsync<SlowlyCountingRegistry>();
        var repository = registry.NewRepository();
        var image = await registry.UserClient.PushImageAsync(repository, "v0");
        for (var i = 0; i < SlowlyCountingRegistry.Kept / 2; i++)
        {
            (await registry.UserClient.PutManifestAsync(repository, $"v{i}", image.Manifest)).Is(201);
            (await registry.UserClient.ReadAsync($"/v2/{repository}/manifests/v{i}")).Is(200);
        }

        await Poll.UntilAsync(async () => await CountAsync(registry, repository, "v0") == 1);
    }

    private static async Task<long> CountAsync(UserRegistry registry, string repository, string tag) =>
        (await registry.UserClient.ReadAsync($"/api/v1/repository/{repository}/tag/{tag}/pull_statistics")).Is(200).Json.GetProperty("tag_pull_count").GetInt64();
}
