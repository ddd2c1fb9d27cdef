using Wharf.Oci;
using Wharf.Tests.Server.Data;

namespace Wharf.Tests.Server.Replicas;

/// <summary>Round trips to PostgreSQL, which are what a request costs when the database is in another rack (contract 5).</summary>
public sealed class RoundTripTests : IAsyncLifetime
{
    private const int Tries = 5;
    private readonly string _shared = Directory.CreateTempSubdirectory("wharf-shared-").FullName;
    private Replica? _registry;
    private string _repository = "";
    private Account? _user;

    private Replica Registry => _registry!;

    public async ValueTask InitializeAsync()
    {
        _registry = new Replica(await PostgresServer.CreateDatabaseAsync(), _shared, await StoreUnderTest.NewAsync());
        await _registry.InitializeAsync();
        _user = await _registry.CreateUserAsync();
        _repository = $"{_user.Name}/app";
        await _user.Client.PushImageAsync(_repository, "other");
    }

    public async ValueTask DisposeAsync()
    {
        await Registry.DisposeAsync();
        Directory.Delete(_shared, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Pulls_and_pushes_cost_as_many_as_the_contract_says()
    {
        var client = _user!.Client;
        var image = await client.PushImageAsync(_repository, "1");
        for (var i = 0; i < Tries; i++)
            await client.PushImageAsync($"{_user.Name}/cold{i}", "1");

        // Cold: a server that has not served anything of it yet, to a caller that it knows.
        await Registry.RestartAsync();
        client = Registry.ClientFor(_user.Name, _user.Password);
        (await client.ReadAsync("/v2/")).Is(200);
        await ExpectAsync(2, "a cold pull by tag", i => client.ReadAsync($"/v2/{_user.Name}/cold{i}/manifests/1"), 200);
        (await client.ReadAsync($"/v2/{_repository}/manifests/1")).Is(200);
        await ExpectAsync(1, "a warm pull by tag", _ => client.ReadAsync($"/v2/{_repository}/manifests/1"), 200);
        await ExpectAsync(0, "a warm pull by digest", _ => client.ReadAsync($"/v2/{_repository}/manifests/{image.Digest}"), 200);
        (await client.ReadAsync($"/v2/{_repository}/blobs/{image.LayerDigest}")).Is(200);
        await ExpectAsync(0, "a warm pull of a blob", _ => client.ReadAsync($"/v2/{_repository}/blobs/{image.LayerDigest}"), 200);

        var blob = Requests.RandomBytes(1000);
        await ExpectAsync(1, "the commit of an upload", _ => client.SendAsync("POST", $"/v2/{_repository}/blobs/uploads/?digest={Digest.Of(blob)}", blob), 201);
        await ExpectAsync(2, "a manifest PUT", _ => client.PutManifestAsync(_repository, "2", image.Manifest), 201);
    }

    private async Task ExpectAsync(long most, string what, Func<int, Task<Answer>> act, int status)
    {
        // The workers' own queries come in between now and then: the least of several tries is what the request costs.
        var least = long.MaxValue;
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            var before = await Registry.RoundTripsAsync();
            (await act(attempt)).Is(status);
            least = Math.Min(least, await Registry.RoundTripsAsync() - before);
        }
        Assert.True(least <= most, $"{what} made {least} round trips; {most} are allowed.");
    }
}
