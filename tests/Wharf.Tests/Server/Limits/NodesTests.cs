using System.Collections.Concurrent;

namespace Wharf.Tests.Server.Limits;

/// <summary>The defaults let a whole cluster begin at once.</summary>
public sealed class NodesTests(UserRegistry registry) : IClassFixture<UserRegistry>
{
    private const int Nodes = 500;

    [Fact]
    public async Task Five_hundred_nodes_with_one_robot_behind_one_address_pull_at_once_and_none_is_told_to_wait()
    {
        var repository = registry.NewRepository();
        var image = await registry.UserClient.PushImageAsync(repository, "v1");
        var robot = (await registry.UserClient.SendAsync("PUT", "/api/v1/user/robots/nodes")).Is(201).Json;
        (await registry.UserClient.SendJsonAsync("PUT", $"/api/v1/repository/{repository}/permissions/user/{registry.User.Name}+nodes", """{"role":"read"}""")).Is(200);
        using var client = registry.ClientFor($"{registry.User.Name}+nodes", robot.GetProperty("token").GetString()!);
        var statuses = new ConcurrentDictionary<int, int>();

        await Task.WhenAll(Enumerable.Range(0, Nodes).Select(async _ =>
        {
            var token = await client.ReadAsync($"/v2/auth?service=wharf&scope=repository:{repository}:pull");
            Count(token);
            if (token.Status != System.Net.HttpStatusCode.OK)
                return;
            var bearer = token.Json.GetProperty("token").GetString()!;
            foreach (var path in new[] { "manifests/v1", $"blobs/{Wharf.Oci.Digest.Of(image.Config)}", $"blobs/{Wharf.Oci.Digest.Of(image.Layer)}" })
                Count(await registry.Anonymous.WithTokenAsync(bearer, "GET", $"/v2/{repository}/{path}"));
        }));

        Assert.Equal([KeyValuePair.Create(200, 4 * Nodes)], statuses);

        void Count(Answer answer) => statuses.AddOrUpdate((int)answer.Status, 1, static (_, n) => n + 1);
    }
}
